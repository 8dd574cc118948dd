package image

import (
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path"

	"golang.org/x/sys/unix"
)

// A layer's tar is not kept beside its tree, but it can be made again to the byte: its "pieces" are all
// that the tar holds beside the content of regular files, compressed, and where each file's content
// belongs. So a saved image has the layers, the digests and the id that it was loaded with, extended
// attributes and devices that were never unpacked included, and a damaged tree is found.
//
// Pieces are a gzip stream of: 'L', a length and so many bytes; or 'F', a size, a length and the file's
// name of that length. Numbers are uvarints.

const (
	literalPiece = 'L'
	filePiece    = 'F'
	pieceMax     = 64 << 10
)

// recorder passes a tar on and writes its pieces and digest.
type recorder struct {
	from    io.Reader
	sum     hash.Hash
	to      *gzip.Writer
	literal []byte
	inFile  bool
	err     error
}

func newRecorder(from io.Reader, to io.Writer) *recorder {
	return &recorder{from: from, sum: sha256.New(), to: gzip.NewWriter(to)}
}

// Read reads from the tar. What could not be written is told by finish.
func (r *recorder) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	r.sum.Write(p[:n])
	if !r.inFile {
		r.literal = append(r.literal, p[:n]...)
		if len(r.literal) >= pieceMax {
			r.flush()
		}
	}
	return n, err
}

func (r *recorder) flush() {
	if len(r.literal) > 0 {
		r.write(binary.AppendUvarint([]byte{literalPiece}, uint64(len(r.literal))))
		r.write(r.literal)
		r.literal = r.literal[:0]
	}
}

func (r *recorder) write(p []byte) {
	if r.err == nil {
		_, r.err = r.to.Write(p)
	}
}

// beginFile says that the next size bytes are the content of the file name.
func (r *recorder) beginFile(name string, size int64) {
	r.flush()
	head := binary.AppendUvarint([]byte{filePiece}, uint64(size))
	r.write(append(binary.AppendUvarint(head, uint64(len(name))), name...))
	r.inFile = true
}

func (r *recorder) endFile() { r.inFile = false }

// finish is called when all has been read.
func (r *recorder) finish() error {
	r.flush()
	return errors.Join(r.err, r.to.Close())
}

func (r *recorder) digest() string { return fmt.Sprintf("%s%x", digestPrefix, r.sum.Sum(nil)) }

var errDamaged = errors.New("its stored files were damaged or changed")

// replayTask is to make a layer's tar again of its pieces and its tree.
type replayTask struct{ Tree, DiffID string }

func (r replayTask) run(pieces io.Reader, to io.Writer) error {
	root, err := unix.Open(r.Tree, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open %s: %w", r.Tree, err)
	}
	defer unix.Close(root)
	sum := sha256.New()
	if err := replay(io.MultiWriter(to, sum), pieces, root); err != nil {
		return err
	}
	if fmt.Sprintf("%s%x", digestPrefix, sum.Sum(nil)) != r.DiffID {
		return errDamaged
	}
	return nil
}

// replay writes the tar that pieces were made of, with the contents that lie below the folder root.
func replay(to io.Writer, pieces io.Reader, root int) error {
	plain, err := gzip.NewReader(pieces)
	if err != nil {
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	from := bufio.NewReader(plain)
	for {
		kind, err := from.ReadByte()
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = replayPiece(to, from, kind, root)
		}
		if err != nil {
			return err
		}
	}
}

func replayPiece(to io.Writer, from *bufio.Reader, kind byte, root int) error {
	size, err := binary.ReadUvarint(from)
	if err != nil {
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	switch kind {
	case literalPiece:
		_, err := io.CopyN(to, from, int64(size))
		return err
	case filePiece:
		length, err := binary.ReadUvarint(from)
		if err != nil || length > pathMax {
			return fmt.Errorf("%w: a name of %d bytes (%w)", errDamaged, length, err)
		}
		name := make([]byte, length)
		if _, err := io.ReadFull(from, name); err != nil {
			return fmt.Errorf("%w: %w", errDamaged, err)
		}
		return copyFile(to, root, string(name), int64(size))
	}
	return fmt.Errorf("%w: unknown piece %q", errDamaged, kind)
}

// copyFile writes the content of one file of a tree.
func copyFile(to io.Writer, root int, name string, size int64) error {
	t := tree{root: root}
	dir, err := t.resolve(path.Dir(name))
	if err != nil {
		return fmt.Errorf("%w: folder of %s: %w", errDamaged, quote(name), err)
	}
	defer unix.Close(dir)
	f, err := openContent(dir, path.Base(name))
	if err != nil {
		return fmt.Errorf("%w: %s: %w", errDamaged, quote(name), err)
	}
	defer f.Close()
	if st, err := f.Stat(); err != nil || !st.Mode().IsRegular() || st.Size() != size {
		return fmt.Errorf("%w: %s is not a file of %d bytes", errDamaged, quote(name), size)
	}
	_, err = io.CopyN(to, f, size)
	return err
}

// openContent opens a regular file to be read.
func openContent(dir int, base string) (*os.File, error) {
	fd, err := openClosed(dir, base, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), base), nil
}

// openClosed opens a file or folder. One that its mode closes to its owner, who is not root, gets that
// right for a moment: images hold such files (/etc/shadow, mode 0).
func openClosed(dir int, base string, kind int) (int, error) {
	flags := kind | unix.O_RDONLY | unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_CLOEXEC
	fd, err := unix.Openat(dir, base, flags, 0)
	var st unix.Stat_t
	if err != unix.EACCES || unix.Fstatat(dir, base, &st, unix.AT_SYMLINK_NOFOLLOW) != nil || st.Mode&unix.S_IFMT == unix.S_IFLNK {
		return fd, err
	}
	if unix.Fchmodat(dir, base, st.Mode&0o7777|0o500, 0) != nil {
		return fd, err
	}
	fd, err = unix.Openat(dir, base, flags, 0)
	if err := unix.Fchmodat(dir, base, st.Mode&0o7777, 0); err != nil && fd >= 0 {
		unix.Close(fd)
		return -1, err
	}
	return fd, err
}
