package tree

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"pocket/runtime/hint"
	"pocket/runtime/idmap"
	"pocket/runtime/inside"
)

// staysInside keeps removal from following a link and from leaving the mount it began on (openat2(2),
// RESOLVE_NO_XDEV). Without this, removing a container that somebody has mounted something in would
// empty what is mounted.
const staysInside = unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_XDEV | unix.RESOLVE_BENEATH

// maxDepth is how many folders are held open at once. What lies deeper is moved to the top first: a
// program can make a tree that is deeper than we may have descriptors.
const maxDepth = 64

// maxFilled is how often a folder is emptied once more that was filled meanwhile: somebody may go on with it.
const maxFilled = 1000

type removal struct {
	top   *os.File
	moved bool // something to the top, since that was last read
}

// Remove removes the folder dir and all below it, also what belongs to other ids of the mapping m, of which
// it was in use. No link is followed, not even dir itself, and a folder in which anything is mounted is
// left as it is, with an error that names the mount. That dir does not exist is no error. Any number of
// processes may remove the same at once: what another has removed is gone.
func Remove(m idmap.Map, dir string) error {
	err := removeTree(dir)
	if m.Tool && errors.Is(err, os.ErrPermission) {
		return inside.Run(inside.As(m), "tree-remove", dir, nil)
	}
	return err
}

func removeInside(c *inside.Call) (any, error) {
	var dir string
	if err := c.Args(&dir); err != nil {
		return nil, err
	}
	return nil, removeTree(dir)
}

func removeTree(dir string) error {
	info, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return fmt.Errorf("remove %s: look for mounts in it: %w", dir, err)
	}
	if at := mountBelow(info, dir); at != "" {
		return busy(fmt.Errorf("remove %s: something is mounted on %s: %w", dir, at, unix.EBUSY), at)
	}
	parent, err := os.Open(filepath.Dir(dir))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer parent.Close()
	return removeTop(parent, dir)
}

func removeTop(parent *os.File, dir string) error {
	top, err := openInside(parent, filepath.Base(dir), dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer top.Close()
	r := removal{top: top}
	for filled := 0; ; {
		r.moved = false
		if err := r.empty(top, 1); err != nil {
			return err
		}
		if r.moved {
			continue
		}
		err := removeDir(parent, filepath.Base(dir), dir)
		// Another that removes the same may have moved something to the top since it was seen empty.
		if filled++; filled == maxFilled || !errors.Is(err, unix.ENOTEMPTY) {
			return err
		}
	}
}

// empty removes what is in the folder. It goes on after an entry that cannot be removed, so that as
// much as possible is gone, but returns the error.
func (r *removal) empty(dir *os.File, depth int) error {
	if _, err := dir.Seek(0, 0); err != nil {
		return err
	}
	names, err := dir.Readdirnames(-1)
	if errors.Is(err, os.ErrNotExist) {
		return nil // of a folder that another has removed since it was opened: getdents(2), ENOENT
	}
	if err != nil {
		return err
	}
	var first error
	for _, name := range names {
		if err := r.entry(dir, name, depth); err != nil && first == nil {
			first = err
		}
	}
	return first
}

func (r *removal) entry(parent *os.File, name string, depth int) error {
	path := parent.Name() + "/" + name
	err := unix.Unlinkat(int(parent.Fd()), name, 0)
	if err == nil || err == unix.ENOENT {
		return nil
	}
	if err != unix.EISDIR && err != unix.EPERM {
		return busy(&os.PathError{Op: "remove", Path: path, Err: err}, path)
	}
	dir, openErr := openInside(parent, name, path)
	if errors.Is(openErr, unix.ENOTDIR) {
		return &os.PathError{Op: "remove", Path: path, Err: err}
	}
	if errors.Is(openErr, os.ErrNotExist) {
		return nil
	}
	if openErr != nil {
		return openErr
	}
	defer dir.Close()
	if depth >= maxDepth {
		return r.move(parent, name)
	}
	if err := r.empty(dir, depth+1); err != nil {
		return err
	}
	return removeDir(parent, name, path)
}

// move puts a folder into the top one, under a name that no other has or had: others may remove the same now, and
// what one of them has seen under a name must not be something else later.
func (r *removal) move(parent *os.File, name string) error {
	r.moved = true
	err := unix.Renameat(int(parent.Fd()), name, int(r.top.Fd()), "moved-"+rand.Text())
	if err == unix.ENOENT {
		return nil
	}
	return os.NewSyscallError("rename "+parent.Name()+"/"+name, err)
}

func removeDir(parent *os.File, name, path string) error {
	err := unix.Unlinkat(int(parent.Fd()), name, unix.AT_REMOVEDIR)
	if err == nil || err == unix.ENOENT {
		return nil
	}
	return busy(&os.PathError{Op: "remove", Path: path, Err: err}, path)
}

// openInside opens a folder for reading, after giving its owner the right to it: overlay's work folder
// and folders of the program may have mode 0.
func openInside(parent *os.File, name, path string) (*os.File, error) {
	at, err := unix.Openat2(int(parent.Fd()), name, &unix.OpenHow{
		Flags: unix.O_PATH | unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC, Resolve: staysInside})
	if err != nil {
		return nil, busy(&os.PathError{Op: "open", Path: path, Err: err}, path)
	}
	defer unix.Close(at)
	var st unix.Stat_t
	if err := unix.Fstat(at, &st); err != nil {
		return nil, &os.PathError{Op: "stat", Path: path, Err: err}
	}
	self := "/proc/self/fd/" + strconv.Itoa(at)
	if st.Mode&0o700 != 0o700 {
		// When this is refused, opening is refused too, and that error is the one to show.
		_ = unix.Chmod(self, 0o700)
	}
	fd, err := unix.Open(self, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	return os.NewFile(uintptr(fd), path), nil
}

// mountBelow returns the first mount point in or below dir that mountinfo (proc_pid_mountinfo(5))
// names, or "".
func mountBelow(mountinfo []byte, dir string) string {
	for line := range bytes.Lines(mountinfo) {
		fields := strings.Fields(string(line))
		if len(fields) < 5 {
			continue
		}
		if at := unescape(fields[4]); at == dir || strings.HasPrefix(at, dir+"/") {
			return at
		}
	}
	return ""
}

// unescape undoes the kernel's \ooo for blanks, newlines and backslashes in mount points.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func busy(err error, path string) error {
	if errors.Is(err, unix.EXDEV) || errors.Is(err, unix.EBUSY) {
		return hint.With(err, "unmount what is mounted there (umount %s), then try again", path)
	}
	return err
}
