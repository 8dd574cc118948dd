package tree

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// zeros is what a block that becomes a hole is compared with.
var zeros [BlockSize]byte

// BlockSize is how much of a file is copied at once, and becomes a hole when it is all zeros.
const BlockSize = 128 << 10

// file makes a regular file. All that it gets, it gets by its descriptor.
func (u *unpacker) file(dir int, base string, h *tar.Header, r io.Reader) error {
	fd, err := unix.Openat(dir, base, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return err
	}
	f := os.NewFile(uintptr(fd), base)
	err = errors.Join(u.fill(f, r, h), f.Close())
	if err != nil {
		err = errors.Join(err, unix.Unlinkat(dir, base, 0)) // half a file is worse than none
	}
	return err
}

// fill ends with the mode, because writing and chown(2) clear the set-user-ID bit, and the time.
func (u *unpacker) fill(f *os.File, r io.Reader, h *tar.Header) error {
	if err := FillSparse(f, r, h.Size, u.block); err != nil {
		return err
	}
	fd := int(f.Fd())
	setAttributes(fd, h.PAXRecords)
	if err := u.give(fd, "", h); err != nil {
		return err
	}
	if err := unix.Fchmod(fd, u.mode(h)); err != nil {
		return err
	}
	// Futimens(3) is this; the magic link of /proc is to be followed.
	return unix.UtimesNanoAt(unix.AT_FDCWD, "/proc/self/fd/"+strconv.Itoa(fd), times(h.ModTime), 0)
}

// FillSparse copies size bytes of r to the new, empty file f and leaves a hole for each block of zeros. The block is
// what is copied at once, of BlockSize at most.
func FillSparse(f *os.File, r io.Reader, size int64, block []byte) error {
	hole := false
	for at := int64(0); at < size; {
		part := block[:min(int64(len(block)), size-at)]
		if _, err := io.ReadFull(r, part); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		if hole = Blank(part); !hole {
			if _, err := f.WriteAt(part, at); err != nil {
				return err
			}
		}
		at += int64(len(part))
	}
	if hole {
		return f.Truncate(size)
	}
	return nil
}

// Blank says that the block, of at most BlockSize bytes, is all zeros.
func Blank(block []byte) bool { return bytes.Equal(block, zeros[:len(block)]) }
