package intake

import (
	"archive/tar"
	"bufio"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"pocket/runtime/hint"
	"pocket/runtime/resource"
)

// stream is a tar of which no more than so many bytes are read: also what is passed over takes time.
type stream struct {
	io.Reader
	left resource.Size
}

func (s *stream) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if s.left -= resource.Size(n); s.left < 0 {
		err := fmt.Errorf("%w: its files are too large", errBound)
		return 0, hint.With(err, "hand in the sources only")
	}
	return n, err
}

func (s *sink) untar(in io.Reader) error {
	archive := tar.NewReader(&stream{in, 4*s.bounds.bytes + resource.Size(s.bounds.entries)*resource.KiB})
	for {
		h, err := archive.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return tarDamaged(err)
		}
		if h.Typeflag == tar.TypeXGlobalHeader {
			continue // git archive's remark which commit it is
		}
		content := func() (io.ReadCloser, error) { return io.NopCloser(archive), nil }
		if err := s.add(member{h.Name, tarMode(h), h.Size, content}); err != nil {
			return err
		}
	}
}

// tarMode is an entry's mode. A hard link has a regular file's, but no content of its own.
func tarMode(h *tar.Header) fs.FileMode {
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeGNUSparse, tar.TypeCont, '\x00':
		return h.FileInfo().Mode().Perm()
	case tar.TypeLink:
		return fs.ModeIrregular
	}
	return h.FileInfo().Mode()
}

func tarDamaged(err error) error {
	if Ours(err) || errors.Is(err, errBound) {
		return err
	}
	return hint.With(errors.New("it is damaged or its end is missing"), "have it handed in again")
}

// plain takes the compression off a tar.
func plain(kind string, in *bufio.Reader) (io.Reader, error) {
	switch kind {
	case kindGzip:
		out, err := gzip.NewReader(in)
		if err != nil {
			return nil, tarDamaged(err)
		}
		return out, nil
	case kindBzip2:
		return bzip2.NewReader(in), nil
	}
	return in, nil
}
