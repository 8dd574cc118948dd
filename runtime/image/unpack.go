package image

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"pocket/runtime/hint"
)

// unpacked says what unpack found in an archive.
type unpacked struct {
	digest string // of the archive file
	diffID string // of the tar in it; "" unless it was unpacked as a layer
	size   int64  // bytes of all regular files
	remark string // what was left out, in words, or ""
	alone  bool   // the layer hides all below it
	whole  bool   // the layer's pieces and tree make its tar again
}

// unpack fills the existing, empty folder dir with the archive f. On an error dir holds a part of it
// and must be removed. Nothing outside dir is ever read, made or changed, whatever the archive holds.
//
// Left out: device nodes and FIFOs (counted), and all extended attributes, so that no trusted.overlay.*
// or user.overlay.* of an archive steers an overlay mount and no security.capability gives a program
// more than its user has.
func unpack(ctx context.Context, f *os.File, dir string, o owners, l Limits, progress Progress) (unpacked, error) {
	from, err := newSource(ctx, f, StageUnpack, progress)
	if err != nil {
		return unpacked{}, err
	}
	found, err := unpackStream(ctx, from, dir, o, below{}, l, nil)
	if err == nil && found.empty {
		err = errors.New("the archive is empty")
	}
	return found.unpacked, err
}

// unpackLayer does the same with a layer that lies over those in b, whose whiteouts become overlay's. What
// is needed to make its tar again beside the tree is written to pieces.
func unpackLayer(ctx context.Context, from *source, dir string, o owners, b below, l Limits, pieces io.Writer) (unpacked, error) {
	found, err := unpackStream(ctx, from, dir, o, b, l, pieces)
	return found.unpacked, err
}

type stream struct {
	unpacked
	empty bool
}

func unpackStream(ctx context.Context, from *source, dir string, o owners, b below, l Limits, pieces io.Writer) (stream, error) {
	l = l.withDefaults()
	packed, err := openTar(ctx, from, l)
	if err != nil {
		return stream{}, err
	}
	defer packed.close()
	t, err := openTree(dir, o, b)
	if err != nil {
		return stream{}, err
	}
	defer t.close()
	var plain io.Reader = packed
	if pieces != nil {
		t.record = newRecorder(packed, pieces)
		packed.tap, plain = t.record, t.record
	}
	seen, err := t.fill(tar.NewReader(plain), l)
	if err != nil {
		return stream{}, err
	}
	if err := packed.finish(); err != nil {
		return stream{}, err
	}
	found := stream{empty: seen.entries == 0}
	found.unpacked = unpacked{digest: from.digest(), size: seen.bytes, remark: seen.remark(), alone: t.alone, whole: !t.replaced}
	if t.record != nil {
		found.diffID = t.record.digest()
		if err := t.record.finish(); err != nil {
			return stream{}, err
		}
	}
	return found, t.finish()
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
	name, err := l.entryName(t.relative(h.Name))
	if err != nil {
		return err
	}
	if mark, err := t.whiteout(name); mark || err != nil {
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
		return truncation(t.content(name, m, r, h))
	case tar.TypeSymlink:
		return t.symlink(name, h.Linkname, m)
	case tar.TypeLink:
		target, err := l.entryName(t.relative(h.Linkname))
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

// relative is a name as an archive's should be. Layers are written by programs that let it begin with a
// slash, which other tools for images overlook too.
func (t *tree) relative(name string) string {
	if t.marks == "" || name == "" || name[0] != '/' {
		return name
	}
	return "." + name
}

// content makes a regular file. A sparse one's content is not what lies in the tar (tar(5), "GNU tar
// pax archives"), so that is recorded as it is.
func (t *tree) content(name string, m meta, r io.Reader, h *tar.Header) error {
	sparse := h.Typeflag == tar.TypeGNUSparse
	for key := range h.PAXRecords {
		sparse = sparse || strings.HasPrefix(key, "GNU.sparse.")
	}
	if t.record == nil || sparse || h.Size == 0 {
		return t.file(name, m, r, h.Size)
	}
	t.record.beginFile(name, h.Size)
	defer t.record.endFile()
	return t.file(name, m, r, h.Size)
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
