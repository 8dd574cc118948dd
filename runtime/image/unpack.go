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
	Digest string   // of the archive file
	DiffID string   // of the tar in it; "" unless it was unpacked as a layer
	Size   int64    // bytes of all regular files
	Remark string   // what was left out, in words, or ""
	Alone  bool     // the layer hides all below it
	Whole  bool     // the layer's pieces and tree make its tar again
	Empty  bool     // there was no entry
	Hidden []string // what the layer hides of those below without overlay's marks
}

// unpackTask is to fill the existing, empty folder Dir with an archive. On an error Dir holds a part of it
// and must be removed. Nothing outside Dir is ever read, made or changed, whatever the archive holds.
//
// Left out: device nodes and FIFOs (counted), and all extended attributes, so that no trusted.overlay.*
// or user.overlay.* of an archive steers an overlay mount and no security.capability gives a program
// more than its user has.
type unpackTask struct {
	Dir      string
	At, Size int64 // where the archive lies in its file
	Limits   Limits

	// Marks, unless "", makes it a layer over those in Trees, the topmost first; see below.
	Marks string
	Trees []string
}

// run does the task. pieces, for a layer, gets what makes its tar again, beside the tree.
func (u unpackTask) run(ctx context.Context, f *os.File, pieces io.Writer, o owners, progress Progress) (unpacked, error) {
	b := below{marks: u.Marks}
	defer b.close()
	if err := b.open(u.Trees); err != nil {
		return unpacked{}, err
	}
	from := readSource(ctx, io.NewSectionReader(f, u.At, u.Size), u.Size, StageUnpack, progress)
	found, err := unpackStream(ctx, from, u.Dir, o, b, u.Limits.withDefaults(), pieces)
	if err == nil {
		_, err = io.Copy(io.Discard, from) // what follows the compressed stream belongs to the digest
	}
	if err == nil && found.Empty && u.Marks == "" {
		err = errors.New("the archive is empty")
	}
	found.Digest = from.digest()
	return found, err
}

func unpackStream(ctx context.Context, from *source, dir string, o owners, b below, l Limits, pieces io.Writer) (unpacked, error) {
	packed, err := openTar(ctx, from, l)
	if err != nil {
		return unpacked{}, err
	}
	defer packed.close()
	t, err := openTree(dir, o, b)
	if err != nil {
		return unpacked{}, err
	}
	defer t.close()
	var plain io.Reader = packed
	if pieces != nil {
		t.record = newRecorder(packed, pieces)
		packed.tap, plain = t.record, t.record
	}
	seen, err := t.fill(tar.NewReader(plain), l)
	if err != nil {
		return unpacked{}, err
	}
	if err := packed.finish(); err != nil {
		return unpacked{}, err
	}
	found := unpacked{Size: seen.bytes, Remark: seen.remark(), Alone: t.alone, Whole: !t.replaced, Empty: seen.entries == 0, Hidden: t.hidden}
	if t.record != nil {
		found.DiffID = t.record.digest()
		if err := t.record.finish(); err != nil {
			return unpacked{}, err
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
