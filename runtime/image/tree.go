package image

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/hint"
	files "pocket/runtime/tree"
)

// tree is a root filesystem being filled. The folder of every entry is opened by the kernel inside the
// tree as if chrooted there (openat2(2), RESOLVE_IN_ROOT), so links in the archive, absolute ones too,
// lead to where they will lead in the container and never outside; the entry itself is made relative to
// that descriptor and never through a link.
type tree struct {
	root   int
	owners owners
	below

	hidden   []string  // names of the layers below that could not be marked as overlay has it
	alone    bool      // the layer hides all below it
	record   *recorder // of a layer's tar, or nil
	replaced bool      // a later entry took the place of a file or folder

	parent   int // the folder of the last entry, -1 for none: entries come mostly folder by folder
	parentOf string

	folders map[string]stamp
	block   []byte
}

// stamp is what a folder gets only when all is unpacked: entries inside would change its time, and
// could not be made at all in a folder without write permission.
type stamp struct {
	mode uint32
	time time.Time
}

// openTree starts filling the existing, empty folder at dir.
func openTree(dir string, o owners, b below) (*tree, error) {
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", dir, err)
	}
	t := &tree{root: fd, owners: o, below: b, parent: -1, folders: map[string]stamp{}, block: make([]byte, files.BlockSize)}
	if err := t.folder(".", meta{mode: 0o755, time: time.Unix(0, 0)}); err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

func (t *tree) close() {
	t.forget()
	unix.Close(t.root)
}

func (t *tree) forget() {
	if t.parent >= 0 {
		unix.Close(t.parent)
	}
	t.parent, t.parentOf = -1, ""
}

// resolve opens an existing folder of the tree.
func (t *tree) resolve(dir string) (int, error) {
	how := unix.OpenHow{
		Flags:   unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS | unix.RESOLVE_NO_XDEV,
	}
	for {
		fd, err := unix.Openat2(t.root, dir, &how)
		switch err {
		case unix.EAGAIN, unix.EINTR: // a rename anywhere on the host raced with a ".." (openat2(2), ERRORS)
			continue
		case unix.ENOSYS:
			return -1, hint.With(fmt.Errorf("openat2: %w", err), "use Linux 5.6 or later")
		}
		return fd, err
	}
}

// in returns the descriptor of the folder that holds name, valid until the next call, and name's last
// part. Folders that are missing on the way are made.
func (t *tree) in(name string) (int, string, error) {
	dir, base := path.Dir(name), path.Base(name)
	if t.parent >= 0 && t.parentOf == dir {
		return t.parent, base, nil
	}
	fd, err := t.resolveOrMake(dir)
	if err != nil {
		return -1, "", err
	}
	t.forget()
	t.parent, t.parentOf = fd, dir
	return fd, base, nil
}

func (t *tree) resolveOrMake(dir string) (int, error) {
	fd, err := t.resolve(dir)
	if err != unix.ENOENT && (err != unix.ENOTDIR || t.marks == "") {
		return fd, wrapName("open folder", dir, err)
	}
	above, err := t.resolveOrMake(path.Dir(dir))
	if err != nil {
		return -1, err
	}
	defer unix.Close(above)
	base := path.Base(dir)
	hides := t.marks != "" && isWhiteout(above, base)
	if hides {
		unix.Unlinkat(above, base, 0) // if that fails, the next step does
	}
	if err := unix.Mkdirat(above, base, 0o755); err == unix.EEXIST {
		return -1, fmt.Errorf("open folder %s: it is a file or a link to nothing", quote(dir))
	} else if err != nil {
		return -1, wrapName("make folder", dir, err)
	}
	if hides {
		if err := t.markOpaque(above, base, dir); err != nil {
			return -1, err
		}
	}
	m := t.inherited(dir)
	if t.marks != "" {
		t.folders[dir] = stamp{m.mode, m.time}
		m.mode |= 0o700
	}
	if err := t.settle(above, base, m); err != nil {
		return -1, err
	}
	fd, err = t.resolve(dir)
	return fd, wrapName("open folder", dir, err)
}

// replace runs create, and where something has the name already, removes that and runs it again: the
// last entry of a name wins, and is never written through what was there.
func (t *tree) replace(dir int, base string, create func() error) error {
	err := create()
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	t.replaced = t.replaced || !isWhiteout(dir, base)
	t.parentOf = "" // what is removed may be on its path; dir itself stays open until the next entry
	if err := removeAt(dir, base); err != nil {
		return err
	}
	return create()
}

// finish gives the folders their own modes and times, the innermost first, and waits until everything
// is on the disk.
func (t *tree) finish() error {
	names := slices.SortedFunc(maps.Keys(t.folders), innermostFirst)
	t.forget()
	for _, name := range names {
		dir, err := t.resolve(path.Dir(name))
		if err != nil {
			continue // replaced by a later entry, or reached by a link into a folder closed just now
		}
		base := path.Base(name)
		if isFolder(dir, base) {
			s := t.folders[name]
			// The time first: without permission to search it, a folder's own "." is not found, and the root has no other name.
			err = errors.Join(setTime(dir, base, s.time), unix.Fchmodat(dir, base, s.mode, 0))
		}
		unix.Close(dir)
		if err != nil {
			return wrapName("finish folder", name, err)
		}
	}
	if err := unix.Syncfs(t.root); err != nil {
		return fmt.Errorf("write to disk: %w", err)
	}
	return nil
}

// innermostFirst orders each folder after those in it, and the root, which sorts as a name, after all.
func innermostFirst(a, b string) int {
	switch {
	case a == b:
		return 0
	case a == ".":
		return 1
	case b == ".":
		return -1
	}
	return strings.Compare(b, a)
}

func wrapName(doing, name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %s: %w", doing, quote(name), err)
}
