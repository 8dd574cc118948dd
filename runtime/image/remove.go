package image

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	files "pocket/runtime/tree"
)

// removeAt removes what has the name base in the folder dir, with everything below it, and follows no
// link. That nothing is there is no error. A folder that its owner closed to himself is opened first:
// archives hold such folders.
func removeAt(dir int, base string) error {
	err := unix.Unlinkat(dir, base, 0)
	if err == nil || err == unix.ENOENT {
		return nil
	}
	// Linux answers EISDIR for a folder; EPERM is POSIX's answer and that of some file systems.
	if err != unix.EISDIR && err != unix.EPERM && err != unix.EACCES {
		return fmt.Errorf("remove %s: %w", quote(base), err)
	}
	if !isFolder(dir, base) {
		return fmt.Errorf("remove %s: %w", quote(base), err)
	}
	if err := emptyAt(dir, base); err != nil {
		return err
	}
	if err := unix.Unlinkat(dir, base, unix.AT_REMOVEDIR); err != nil && err != unix.ENOENT {
		return fmt.Errorf("remove folder %s: %w", quote(base), err)
	}
	return nil
}

// emptyAt removes everything in the folder base of dir.
func emptyAt(dir int, base string) error {
	fd, err := openInside(dir, base)
	if err != nil {
		return fmt.Errorf("open folder %s: %w", quote(base), err)
	}
	folder := os.NewFile(uintptr(fd), base)
	defer folder.Close()
	names, err := folder.Readdirnames(-1)
	if err != nil {
		return fmt.Errorf("read folder %s: %w", quote(base), plain(err))
	}
	var problems []error
	for _, name := range names {
		problems = append(problems, removeAt(int(folder.Fd()), name))
	}
	return errors.Join(problems...)
}

// openInside opens the folder base of dir for reading, and makes it its owner's to change when it is not.
func openInside(dir int, base string) (int, error) {
	const flags = unix.O_RDONLY | unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC
	var st unix.Stat_t
	if err := unix.Fstatat(dir, base, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return -1, err
	}
	if st.Mode&0o700 != 0o700 && st.Mode&unix.S_IFMT == unix.S_IFDIR {
		if err := unix.Fchmodat(dir, base, 0o700, 0); err != nil {
			return -1, err
		}
	}
	return unix.Openat(dir, base, flags, 0)
}

// removeTree removes a folder of the store by its path.
func removeTree(path string) error {
	if err := removeAt(unix.AT_FDCWD, path); err != nil {
		return fmt.Errorf("remove %s: %w", path, err)
	}
	return nil
}

// removeTree removes a folder of the store, also one with files of other ids.
func (s *Store) removeTree(path string) error {
	err := removeTree(path)
	if err != nil && s.ids.Tool && errors.Is(err, os.ErrPermission) {
		return files.Remove(s.ids, path)
	}
	return err
}
