package image

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"pocket/runtime/hint"
)

// unpacked says what unpack found in an archive.
type unpacked struct {
	digest string // of the archive file
	size   int64  // bytes of all regular files
	remark string // what was left out, in words, or ""
}

// unpack fills the existing, empty folder dir with the archive f. On an error dir holds a part of it
// and must be removed. Nothing outside dir is ever read, made or changed, whatever the archive holds.
//
// Left out: device nodes and FIFOs (counted), and all extended attributes, so that no trusted.overlay.*
// or user.overlay.* of an archive steers an overlay mount and no security.capability gives a program
// more than its user has.
func unpack(ctx context.Context, f *os.File, dir string, o owners, l Limits, progress Progress) (unpacked, error) {
	l = l.withDefaults()
	from, err := newSource(ctx, f, StageUnpack, progress)
	if err != nil {
		return unpacked{}, err
	}
	stream, err := openTar(from, l)
	if err != nil {
		return unpacked{}, err
	}
	t, err := openTree(dir, o)
	if err != nil {
		return unpacked{}, err
	}
	defer t.close()
	seen, err := t.fill(tar.NewReader(stream), l)
	if err != nil {
		return unpacked{}, err
	}
	if err := stream.finish(); err != nil {
		return unpacked{}, err
	}
	if seen.entries == 0 {
		return unpacked{}, errors.New("the archive is empty")
	}
	if err := t.finish(); err != nil {
		return unpacked{}, err
	}
	return unpacked{digest: from.digest(), size: seen.bytes, remark: seen.remark()}, nil
}

// fill unpacks one entry after the other.
func (t *tree) fill(r *tar.Reader, l Limits) (tally, error) {
	var seen tally
	for {
		h, err := r.Next()
		if err == io.EOF {
			return seen, nil
		}
		// ErrInsecurePath comes with a header, where GODEBUG asks for it; entryName is stricter.
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) {
			return seen, tarError(err, seen.entries)
		}
		if err := seen.add(h, l); err != nil {
			return seen, err
		}
		if err := t.entry(h, r, l, &seen); err != nil {
			return seen, fmt.Errorf("entry %s: %w", quote(h.Name), err)
		}
	}
}

// entry unpacks one entry.
func (t *tree) entry(h *tar.Header, r io.Reader, l Limits, seen *tally) error {
	if h.Typeflag == tar.TypeXGlobalHeader || h.Typeflag == gnuVolume {
		return nil
	}
	name, err := l.entryName(h.Name)
	if err != nil {
		return err
	}
	if name == "." && h.Typeflag != tar.TypeDir {
		return errors.New("the archive's root is not a folder")
	}
	m := meta{mode: uint32(h.Mode) & 0o7777, uid: h.Uid, gid: h.Gid, time: h.ModTime}
	switch h.Typeflag {
	case tar.TypeDir:
		return t.folder(name, m)
	case tar.TypeReg, tar.TypeGNUSparse, tar.TypeCont:
		return truncation(t.file(name, m, r, h.Size))
	case tar.TypeSymlink:
		return t.symlink(name, h.Linkname, m)
	case tar.TypeLink:
		target, err := l.entryName(h.Linkname)
		if err != nil {
			return fmt.Errorf("link to %s: %w", quote(h.Linkname), err)
		}
		return t.hardlink(name, target)
	case tar.TypeChar, tar.TypeBlock:
		seen.devices++
	case tar.TypeFifo:
		seen.fifos++
	default:
		return fmt.Errorf("unknown type %q", h.Typeflag)
	}
	return nil
}

// gnuVolume is GNU tar's entry with the label of a tape: a name without a file.
const gnuVolume = 'V'

func truncation(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return errTruncated
	}
	return err
}

// tarError says what is wrong with an archive whose next header cannot be read after n entries.
func tarError(err error, n int) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errTruncated
	case errors.Is(err, tar.ErrHeader) && n == 0:
		return hint.With(errors.New("it is not a tar archive"),
			"give a root filesystem as .tar or .tar.gz, or a folder")
	case errors.Is(err, tar.ErrHeader):
		return fmt.Errorf("the archive is damaged after entry %d", n)
	}
	return err
}
