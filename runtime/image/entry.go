package image

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"time"

	"golang.org/x/sys/unix"

	files "pocket/runtime/tree"
)

// meta is what an entry has beside its content.
type meta struct {
	mode     uint32 // with set-user-ID, set-group-ID and sticky bits
	uid, gid int    // as the archive has them
	time     time.Time
	host     bool // uid and gid are the host's
}

func timeOf(ts unix.Timespec) time.Time { return time.Unix(ts.Unix()) }

// folder makes a folder, or gives an existing one new attributes.
func (t *tree) folder(name string, m meta) error {
	dir, base, err := t.in(name)
	if err != nil {
		return err
	}
	if name != "." && !isFolder(dir, base) {
		hides := t.marks != "" && isWhiteout(dir, base)
		err := t.replace(dir, base, func() error { return unix.Mkdirat(dir, base, 0o700) })
		if err == nil && hides {
			err = t.markOpaque(dir, base, name)
		}
		if err != nil {
			return wrapName("make folder", name, err)
		}
	}
	t.folders[name] = stamp{m.mode, m.time}
	m.mode |= 0o700
	return wrapName("make folder", name, t.settle(dir, base, m))
}

func isFolder(dir int, base string) bool {
	var st unix.Stat_t
	err := unix.Fstatat(dir, base, &st, unix.AT_SYMLINK_NOFOLLOW)
	return err == nil && st.Mode&unix.S_IFMT == unix.S_IFDIR
}

// file makes a regular file of size bytes from r. Blocks of zeros become holes.
func (t *tree) file(name string, m meta, r io.Reader, size int64) error {
	dir, base, err := t.in(name)
	if err != nil {
		return err
	}
	fd := -1
	err = t.replace(dir, base, func() (err error) {
		fd, err = unix.Openat(dir, base, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
		return err
	})
	if err != nil {
		return wrapName("make file", name, err)
	}
	f := os.NewFile(uintptr(fd), base)
	err = files.FillSparse(f, r, size, t.block)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return wrapName("write file", name, plain(err))
	}
	return wrapName("make file", name, t.settle(dir, base, m))
}

// symlink makes a symbolic link. Its target is kept as it is: it is looked up only inside.
func (t *tree) symlink(name, target string, m meta) error {
	dir, base, err := t.in(name)
	if err != nil {
		return err
	}
	err = t.replace(dir, base, func() error { return unix.Symlinkat(target, dir, base) })
	if err == nil && t.owners.change {
		uid, gid := t.hostOwner(m)
		err = unix.Fchownat(dir, base, uid, gid, unix.AT_SYMLINK_NOFOLLOW)
	}
	if err == nil {
		err = setTime(dir, base, m.time)
	}
	return wrapName("make link", name, err)
}

// hardlink makes name another name of the regular file target, which must be unpacked already.
func (t *tree) hardlink(name, target string) error {
	from, err := t.resolve(path.Dir(target))
	if err != nil {
		return fmt.Errorf("link to %s: %w", quote(target), err)
	}
	defer unix.Close(from)
	var st, old unix.Stat_t
	fromBase := path.Base(target)
	if err := unix.Fstatat(from, fromBase, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return fmt.Errorf("link to %s: %w", quote(target), err)
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return fmt.Errorf("link to %s: it is not a regular file", quote(target))
	}
	dir, base, err := t.in(name)
	if err != nil {
		return err
	}
	if unix.Fstatat(dir, base, &old, unix.AT_SYMLINK_NOFOLLOW) == nil && old.Ino == st.Ino && old.Dev == st.Dev {
		return nil // to itself: replacing it would remove the only name
	}
	err = t.replace(dir, base, func() error { return unix.Linkat(from, fromBase, dir, base, 0) })
	return wrapName("link", name, err)
}

// settle gives a file or folder its owner, mode and time. The mode comes after the owner: chown(2)
// clears the set-user-ID and set-group-ID bits.
func (t *tree) settle(dir int, base string, m meta) error {
	if t.owners.change {
		uid, gid := t.hostOwner(m)
		if err := unix.Fchownat(dir, base, uid, gid, unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return fmt.Errorf("give it to %d:%d: %w", uid, gid, err)
		}
	}
	// Fchmodat follows links (fchmodat(2)); base was made or seen to be no link by the caller, and
	// nobody else works in this tree.
	if err := unix.Fchmodat(dir, base, m.mode, 0); err != nil {
		return fmt.Errorf("set mode %#o: %w", m.mode, err)
	}
	return setTime(dir, base, m.time)
}

// hostOwner are the host's ids of an entry's owner.
func (t *tree) hostOwner(m meta) (int, int) {
	if m.host {
		return m.uid, m.gid
	}
	return t.owners.host(m.uid, m.gid)
}

func setTime(dir int, base string, when time.Time) error {
	if err := files.SetTime(dir, base, when); err != nil {
		return fmt.Errorf("set its time: %w", err)
	}
	return nil
}

// plain takes from an error of the os package the path, which here is only an entry's last part.
func plain(err error) error {
	var withPath *fs.PathError
	if errors.As(err, &withPath) {
		return withPath.Err
	}
	return err
}
