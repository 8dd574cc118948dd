package container

import (
	"errors"
	"io/fs"
	"os"
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

// occupied sums up what the files in a folder take on the disk; nothing where there is no such folder. Programs may
// change it meanwhile and put links and fifos in the place of folders: each is opened by its name in the one above it,
// as a folder only, so that nothing leads out and nothing is waited for.
func occupied(folder string) (size resource.Size, whole bool) {
	top, err := unix.Open(folder, openFolder, 0)
	if err != nil {
		return 0, errors.Is(err, fs.ErrNotExist)
	}
	s := sum{whole: true, seen: map[uint64]bool{}}
	s.add(os.NewFile(uintptr(top), folder), 0)
	return s.size, s.whole
}

const openFolder = unix.O_RDONLY | unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC

// mostFolders is how deep in one another folders are looked into: each is held open meanwhile.
const mostFolders = 200

type sum struct {
	size  resource.Size
	whole bool
	seen  map[uint64]bool // files, by number: one with several names counts once
}

// add adds what is in a folder, and closes it.
func (s *sum) add(folder *os.File, depth int) {
	defer folder.Close()
	names, err := folder.Readdirnames(-1)
	s.whole = s.whole && err == nil && depth < mostFolders
	if depth == mostFolders {
		return
	}
	for _, name := range names {
		var st unix.Stat_t
		if unix.Fstatat(int(folder.Fd()), name, &st, unix.AT_SYMLINK_NOFOLLOW) != nil {
			s.whole = false
			continue
		}
		switch st.Mode & unix.S_IFMT {
		case unix.S_IFREG:
			if !s.seen[st.Ino] {
				s.seen[st.Ino] = true
				const block = 512 // stat(2), st_blocks
				s.size += resource.Size(st.Blocks * block)
			}
		case unix.S_IFDIR:
			below, err := unix.Openat(int(folder.Fd()), name, openFolder, 0)
			if err != nil {
				s.whole = false
				continue
			}
			s.add(os.NewFile(uintptr(below), name), depth+1)
		}
	}
}
