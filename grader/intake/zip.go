package intake

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"pocket/runtime/hint"
	"pocket/runtime/resource"
)

// encrypted is bit 0 of a zip entry's flags (APPNOTE.TXT, 4.4.4).
const encrypted = 1

// methods names the ways to compress that other programs know and we do not (APPNOTE.TXT, 4.4.5).
var methods = map[uint16]string{
	1: "Shrink", 6: "Implode", 9: "Deflate64", 12: "BZIP2", 14: "LZMA", 93: "Zstandard", 95: "XZ", 98: "PPMd", 99: "AES encryption",
}

// indexed is a zip of which no more than so many bytes are read until it is opened: its central directory is
// kept in memory, with all that it says of how many entries there are.
type indexed struct {
	io.ReaderAt
	left resource.Size // -1: no bound any more
}

func (i *indexed) ReadAt(p []byte, off int64) (int, error) {
	if i.left >= 0 {
		if i.left < resource.Size(len(p)) {
			return 0, fmt.Errorf("%w: its list of files is too long", errBound)
		}
		i.left -= resource.Size(len(p))
	}
	return i.ReaderAt.ReadAt(p, off)
}

func (s *sink) unzip(f *os.File, size int64) error {
	in := &indexed{f, s.bounds.index}
	archive, err := zip.NewReader(in, size)
	if err != nil {
		return notWhole(err)
	}
	in.left = -1
	var total uint64
	for _, file := range archive.File {
		if cluttered(zipName(file.Name)) {
			continue
		}
		if total += file.UncompressedSize64; total > uint64(s.bounds.bytes) || file.UncompressedSize64 > uint64(s.bounds.bytes) {
			return s.tooLarge()
		}
	}
	for _, file := range archive.File {
		err := s.add(member{zipName(file.Name), zipMode(file), int64(file.UncompressedSize64), opener(file)})
		if err != nil {
			return err
		}
	}
	return nil
}

func notWhole(err error) error {
	if errors.Is(err, zip.ErrFormat) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return hint.With(errors.New("it is damaged or its end is missing"), "have it handed in again")
	}
	return err
}

// zipMode is an entry's mode. What Windows writes has no file type: a name that ends in a separator is a
// folder there too.
func zipMode(f *zip.File) fs.FileMode {
	if strings.HasSuffix(f.Name, "/") || strings.HasSuffix(f.Name, `\`) {
		return fs.ModeDir | 0o755
	}
	mode := f.Mode()
	if mode.IsDir() && f.UncompressedSize64 > 0 {
		return 0o644
	}
	return mode
}

func opener(f *zip.File) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) {
		if f.Flags&encrypted != 0 {
			return nil, hint.With(errors.New("it is encrypted"), "have it handed in without a password")
		}
		content, err := f.Open()
		if errors.Is(err, zip.ErrAlgorithm) {
			method := methods[f.Method]
			if method == "" {
				method = fmt.Sprintf("method %d", f.Method)
			}
			return nil, hint.With(fmt.Errorf("it is compressed with %s, which is not supported", method), "have it handed in as an ordinary zip")
		}
		return content, err
	}
}
