package intake

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"

	"pocket/runtime/hint"
	"pocket/runtime/resource"
)

// bounds are how much may come out of an archive.
type bounds struct {
	bytes   resource.Size // of all files together
	entries int           // files and folders
	index   resource.Size // of what is read before the first entry: a zip's central directory
}

var (
	ofSubmission = bounds{bytes: 100 * resource.MiB, entries: 10_000, index: 8 * resource.MiB}
	ofClass      = bounds{bytes: 64 * resource.GiB, entries: 1_000_000, index: 512 * resource.MiB}
)

// What expands more than this, beyond a size that does no harm, is a bomb. Deflate alone reaches 1032
// (zlib's technical notes, "Maximum Compression Factor"); sources stay below 20.
const (
	maxRatio = 250
	harmless = 10 * resource.MiB
)

// errBound is wrapped by the errors of what is too much altogether.
var errBound = errors.New("too much")

// sink is a folder that files are written into, however hostile their names and contents are. All names are
// resolved below an os.Root, nothing is overwritten, nothing but regular files and folders is made.
type sink struct {
	root    *os.Root
	bounds  bounds
	packed  resource.Size // the archive's own size; 0 when files are copied
	bytes   resource.Size
	entries int
	taken   map[string]bool // the paths of the files that were written
	// blame, when not nil, is told what is wrong with one entry, which is then left out; otherwise that is
	// wrong with the whole. Then nothing is bound to the archive's own size, which is the whole class's, but
	// what lies below one name at the top, a student's, to what a submission may have.
	blame func(name string, err error)
	// first makes a file whose path is taken to be left out; otherwise that is an error.
	first bool
	parts map[string]resource.Size // with blame: what was written below each name at the top
}

// member is one file or folder to be written.
type member struct {
	name string // with slashes
	mode fs.FileMode
	size int64 // as announced
	open func() (io.ReadCloser, error)
}

func newSink(dir string, b bounds, packed int64) (*sink, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &sink{root: root, bounds: b, packed: resource.Size(packed), taken: map[string]bool{}, parts: map[string]resource.Size{}}, nil
}

func (s *sink) close() error { return s.root.Close() }

// add writes a member. What is not part of a submission is passed over.
func (s *sink) add(m member) error {
	if s.entries++; s.entries > s.bounds.entries {
		err := fmt.Errorf("%w: more than %d files and folders", errBound, s.bounds.entries)
		return hint.With(err, "hand in the sources only")
	}
	name, err := inside(m.name)
	if err != nil {
		name = m.name
	} else if name == "" || cluttered(name) {
		return nil
	} else {
		err = s.place(name, m)
	}
	if err == nil || s.blame == nil || errors.Is(err, errBound) || Ours(err) {
		return err
	}
	s.blame(name, err)
	return nil
}

// Ours says whether an error is of the machine that grades, and not of what was handed in.
func Ours(err error) bool {
	var errno syscall.Errno
	return errors.As(err, &errno)
}

func (s *sink) place(name string, m member) error {
	if err := fits(name); err != nil {
		return err
	}
	switch {
	case m.mode.IsDir():
		return nil // made with the first file in it
	case !m.mode.IsRegular():
		return irregular(name, m.mode)
	case s.taken[name] && s.first:
		return nil
	case s.taken[name]:
		return fmt.Errorf("two files are called %s", printable(name))
	}
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if s.taken[dir] {
			return fmt.Errorf("%s is a file and a folder", printable(dir))
		}
	}
	if about, err := s.root.Lstat(name); err == nil && about.IsDir() {
		return fmt.Errorf("%s is a file and a folder", printable(name))
	}
	return s.write(name, m)
}

// write writes a file; of one that cannot be written whole, nothing is left.
func (s *sink) write(name string, m member) (err error) {
	if s.bytes+resource.Size(max(m.size, 0)) > s.bounds.bytes {
		return s.tooLarge()
	}
	in, err := m.open()
	if err != nil {
		return damaged(name, err)
	}
	defer func() {
		if closing := in.Close(); err == nil {
			err = damaged(name, closing)
		}
	}()
	if err := s.root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	mode := fs.FileMode(0o644)
	if m.mode&0o111 != 0 {
		mode = 0o755
	}
	out, err := s.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	s.taken[name] = true
	err = errors.Join(s.fill(name, out, in), out.Close())
	if err != nil {
		err = errors.Join(err, s.root.Remove(name))
		delete(s.taken, name)
	}
	return err
}

func (s *sink) fill(name string, out io.Writer, in io.Reader) error {
	left := s.bounds.bytes - s.bytes
	top, _, _ := strings.Cut(name, "/")
	own := ofSubmission.bytes - s.parts[top]
	if s.blame != nil {
		left = min(left, own)
	}
	n, err := io.Copy(out, io.LimitReader(in, int64(left)+1))
	if s.blame != nil && resource.Size(n) > own {
		return fmt.Errorf("too much: more than %s", ofSubmission.bytes.Human()) // its file is taken away again
	}
	s.bytes += resource.Size(n)
	s.parts[top] += resource.Size(n)
	switch {
	case s.bytes > s.bounds.bytes:
		return s.tooLarge()
	case s.blame == nil && s.packed > 0 && s.bytes > harmless && s.bytes/maxRatio > s.packed:
		err := fmt.Errorf("%w: it becomes more than %d times as large as it is", errBound, maxRatio)
		return hint.With(err, "hand in the sources only")
	}
	return damaged(name, err)
}

func (s *sink) tooLarge() error {
	err := fmt.Errorf("%w: more than %s", errBound, s.bounds.bytes.Human())
	return hint.With(err, "hand in the sources only")
}

// damaged says of an error in reading an entry which one it is. The host's own errors stay what they are.
func damaged(name string, err error) error {
	if err == nil || Ours(err) {
		return err
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("its end is missing")
	}
	return fmt.Errorf("%s: %w", printable(name), err)
}

func irregular(name string, mode fs.FileMode) error {
	kind := "not a regular file"
	switch {
	case mode&fs.ModeSymlink != 0:
		kind = "a symbolic link"
	case mode&fs.ModeNamedPipe != 0:
		kind = "a fifo"
	case mode&fs.ModeSocket != 0:
		kind = "a socket"
	case mode&fs.ModeDevice != 0:
		kind = "a device"
	}
	return hint.With(fmt.Errorf("%s is %s", printable(name), kind), "hand in regular files and folders only")
}
