package container

import (
	"errors"
	"io/fs"
	"path/filepath"

	"golang.org/x/sys/unix"

	"pocket/runtime/resource"
)

// Written returns how much the container with the full id has written to its root filesystem, in bytes on
// the disk; a file with several names counts once. whole is false where some of it could not be looked at,
// as folders of other ids that a program has closed.
func (e *Engine) Written(id string) (size resource.Size, whole bool) {
	return occupied(filepath.Join(e.Folder(id), "layer", "upper")) // a container of the host's programs has none
}

// occupied sums up what the files in a folder take on the disk; nothing where there is no such folder.
func occupied(folder string) (size resource.Size, whole bool) {
	whole = true
	seen := map[uint64]bool{}
	_ = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			whole = whole && path == folder && errors.Is(err, fs.ErrNotExist)
			return nil
		}
		var st unix.Stat_t
		if unix.Lstat(path, &st) != nil {
			whole = false
			return nil
		}
		if st.Mode&unix.S_IFMT == unix.S_IFREG && !seen[st.Ino] {
			seen[st.Ino] = true
			const block = 512 // stat(2), st_blocks
			size += resource.Size(st.Blocks * block)
		}
		return nil
	})
	return size, whole
}
