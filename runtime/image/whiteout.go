package image

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// open opens the layers below.
func (b *below) open(trees []string) error {
	for _, dir := range trees {
		fd, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("open %s: %w", dir, err)
		}
		b.trees = append(b.trees, fd)
	}
	return nil
}

func (b *below) close() {
	for _, fd := range b.trees {
		unix.Close(fd)
	}
}

// The names by which a layer says that something of the layers below is gone (OCI image layer,
// "Whiteouts"). Other names that begin with metaMark are of aufs' own and mean nothing here.
const (
	whiteMark  = ".wh."
	metaMark   = ".wh..wh."
	opaqueMark = ".wh..wh..opq"
)

// below is where a layer lies: what it needs to know beside its own tree.
type below struct {
	// marks is the beginning of the extended attributes that overlay reads where it is mounted by who
	// unpacks: user. in a user namespace, trusted. for root (overlayfs.rst, "userxattr"). "" is a tree that
	// is no layer, in which such names are names.
	marks string
	// trees are the layers below, the topmost first.
	trees []int
}

// whiteout handles an entry whose name is a mark, and tells if it was one.
func (t *tree) whiteout(name string) (bool, error) {
	dir, base := path.Split(name)
	hidden, ok := strings.CutPrefix(base, whiteMark)
	switch {
	case t.marks == "" || !ok:
		return false, nil
	case base == opaqueMark:
		return true, t.opaque(path.Clean(dir))
	case strings.HasPrefix(base, metaMark):
		return true, nil
	case hidden == "" || hidden == "." || hidden == "..":
		return true, errors.New("a whiteout of nothing")
	}
	return true, t.hide(path.Join(dir, hidden))
}

// hide keeps what the layers below have under that name from being seen: overlay's mark is a character
// device 0:0, which since Linux 5.8 anybody may make (mknod(2)); where it cannot be, as in an overlay, the
// name is written down and the layers are merged before they are used. What this layer itself has there stays,
// whichever entry came first.
func (t *tree) hide(name string) error {
	dir, base, err := t.in(name)
	if err != nil {
		return err
	}
	err = unix.Mknodat(dir, base, unix.S_IFCHR, 0)
	if err == unix.EEXIST {
		if isFolder(dir, base) {
			return t.markOpaque(dir, base, name)
		}
		return nil
	}
	if err == unix.EPERM {
		t.hidden = append(t.hidden, name)
		return nil
	}
	return wrapName("hide", name, err)
}

// opaque hides what the layers below have in a folder.
func (t *tree) opaque(name string) error {
	if name == "." {
		t.alone = true
		return nil
	}
	dir, base, err := t.in(name)
	if err != nil {
		return err
	}
	if !isFolder(dir, base) {
		if err := t.folder(name, t.inherited(name)); err != nil {
			return err
		}
		if dir, base, err = t.in(name); err != nil {
			return err
		}
	}
	return t.markOpaque(dir, base, name)
}

// markOpaque marks the folder name, which lies in dir as base.
func (t *tree) markOpaque(dir int, base, name string) error {
	fd, err := unix.Openat(dir, base, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("mark folder %s: %w", quote(base), err)
	}
	defer unix.Close(fd)
	err = unix.Fsetxattr(fd, t.marks+"overlay.opaque", []byte("y"), 0)
	if err == unix.EOPNOTSUPP || err == unix.EPERM {
		t.hidden = append(t.hidden, name)
		return nil
	}
	if err != nil {
		return fmt.Errorf("mark folder %s: %w", quote(base), err)
	}
	return nil
}

func isWhiteout(dir int, base string) bool {
	var st unix.Stat_t
	err := unix.Fstatat(dir, base, &st, unix.AT_SYMLINK_NOFOLLOW)
	return err == nil && st.Mode&unix.S_IFMT == unix.S_IFCHR && st.Rdev == 0
}

// inherited is what a folder is like that a layer has entries in, but none for: as the layers below have
// it, or else plain. Overlay shows the topmost folder's owner and mode.
func (t *tree) inherited(name string) meta {
	how := unix.OpenHow{
		Flags:   unix.O_PATH | unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_XDEV,
	}
	for _, tree := range t.trees {
		fd, err := unix.Openat2(tree, name, &how)
		if err != nil {
			continue
		}
		var st unix.Stat_t
		err = unix.Fstat(fd, &st)
		unix.Close(fd)
		if err == nil {
			return meta{mode: st.Mode & 0o7777, uid: int(st.Uid), gid: int(st.Gid), time: timeOf(st.Mtim), host: true}
		}
	}
	return meta{mode: 0o755, time: timeOf(unix.Timespec{})}
}
