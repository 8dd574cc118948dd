package tree

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Left says what was left out, because an archive or its place cannot hold it.
type Left struct {
	Sockets int
	Devices int
}

// String says it in words; "" for nothing.
func (l Left) String() string {
	var parts []string
	for _, p := range []struct {
		n    int
		what string
	}{{l.Sockets, "socket"}, {l.Devices, "device"}} {
		switch {
		case p.n == 1:
			parts = append(parts, "1 "+p.what)
		case p.n > 1:
			parts = append(parts, fmt.Sprintf("%d %ss", p.n, p.what))
		}
	}
	return strings.Join(parts, " and ")
}

// packer writes a tree as a tar archive. Only regular files are opened for reading, and each by the
// descriptor that told its kind: a device or a FIFO under a swapped name is never opened.
type packer struct {
	*place
	w     *tar.Writer
	names map[inode]string // of files with several names: the first
	left  Left
	buf   []byte
}

type inode struct{ dev, ino uint64 }

// pack writes what the O_PATH descriptor at stands for, under name, with all below it. The archive is ended.
func (p *place) pack(at int, name string, w io.Writer) (Left, error) {
	k := &packer{place: p, w: tar.NewWriter(w), names: map[inode]string{}, buf: make([]byte, 128<<10)}
	if err := k.entry(at, name); err != nil {
		return k.left, err
	}
	return k.left, k.w.Close()
}

func (k *packer) entry(at int, name string) error {
	var st unix.Stat_t
	if err := unix.Fstat(at, &st); err != nil {
		return &os.PathError{Op: "stat", Path: name, Err: err}
	}
	h := k.header(&st, name)
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFDIR:
		return k.folder(at, h)
	case unix.S_IFREG:
		return k.file(at, &st, h)
	case unix.S_IFLNK:
		buf := make([]byte, unix.PathMax)
		n, err := unix.Readlinkat(at, "", buf)
		if err != nil {
			return &os.PathError{Op: "read link", Path: name, Err: err}
		}
		h.Typeflag, h.Linkname = tar.TypeSymlink, string(buf[:n])
	case unix.S_IFIFO:
		h.Typeflag = tar.TypeFifo
	case unix.S_IFCHR, unix.S_IFBLK:
		h.Typeflag = tar.TypeChar
		if st.Mode&unix.S_IFMT == unix.S_IFBLK {
			h.Typeflag = tar.TypeBlock
		}
		h.Devmajor, h.Devminor = int64(unix.Major(st.Rdev)), int64(unix.Minor(st.Rdev))
	default:
		k.left.Sockets++ // tar has no type for them
		return nil
	}
	return k.head(h)
}

func (k *packer) header(st *unix.Stat_t, name string) *tar.Header {
	h := &tar.Header{Name: name, Mode: int64(st.Mode & 0o7777), ModTime: time.Unix(st.Mtim.Unix()), Format: tar.FormatPAX}
	h.Uid, h.Gid = k.owners(st)
	return h
}

// head writes a header. A name or link target with a zero byte cannot be; anything else PAX can hold.
func (k *packer) head(h *tar.Header) error {
	if err := k.w.WriteHeader(h); err != nil {
		return fmt.Errorf("pack %s: %w", h.Name, err)
	}
	return nil
}

func (k *packer) folder(at int, h *tar.Header) error {
	fd, err := unix.Openat(at, ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: h.Name, Err: err}
	}
	dir := os.NewFile(uintptr(fd), h.Name)
	defer dir.Close()
	h.Typeflag, h.PAXRecords = tar.TypeDir, attributes(fd)
	name := h.Name
	h.Name += "/"
	if err := k.head(h); err != nil {
		return err
	}
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return err
	}
	slices.Sort(names)
	for _, base := range names {
		if err := k.child(fd, base, name); err != nil {
			return err
		}
	}
	return nil
}

func (k *packer) child(dir int, base, above string) error {
	at, err := unix.Openat(dir, base, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err == unix.ENOENT {
		return nil // removed meanwhile
	}
	name := path.Join(above, base)
	if err != nil {
		return &os.PathError{Op: "open", Path: name, Err: err}
	}
	defer closeFD(at)
	return k.entry(at, name)
}

// file writes as many bytes as the header says, whatever the program does to the file meanwhile.
func (k *packer) file(at int, st *unix.Stat_t, h *tar.Header) error {
	h.Typeflag = tar.TypeReg
	if st.Nlink > 1 {
		if first, seen := k.names[inode{st.Dev, st.Ino}]; seen {
			h.Typeflag, h.Linkname = tar.TypeLink, first
			return k.head(h)
		}
		k.names[inode{st.Dev, st.Ino}] = h.Name
	}
	f, err := through(at, unix.O_RDONLY)
	if err != nil {
		return &os.PathError{Op: "open", Path: h.Name, Err: err}
	}
	defer f.Close()
	h.Size, h.PAXRecords = st.Size, attributes(int(f.Fd()))
	if err := k.head(h); err != nil {
		return err
	}
	n, err := io.CopyBuffer(onlyWriter{k.w}, io.LimitReader(f, h.Size), k.buf)
	if err != nil {
		return fmt.Errorf("pack %s: %w", h.Name, err)
	}
	_, err = io.CopyN(k.w, endlessZeros{}, h.Size-n) // it was cut short meanwhile
	return err
}

// onlyWriter hides ReadFrom, which would not use the buffer.
type onlyWriter struct{ io.Writer }

type endlessZeros struct{}

func (endlessZeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// Pack writes the file or folder of the host at the path, under name, with all below it, as a tar archive.
// A link at its end is followed only with follow; those below never are.
func Pack(file, name string, follow bool, w io.Writer) (Left, error) {
	flags := unix.O_PATH | unix.O_CLOEXEC
	if !follow {
		flags |= unix.O_NOFOLLOW
	}
	at, err := unix.Open(file, flags, 0)
	if err != nil {
		return Left{}, &os.PathError{Op: "open", Path: file, Err: err}
	}
	defer closeFD(at)
	left, err := (&place{}).pack(at, name, w)
	if errors.Is(err, unix.EPIPE) {
		err = nil // whoever reads has said why it does not want more
	}
	return left, err
}
