package tree

import (
	"errors"
	"os"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"pocket/runtime/inside"
)

// Kind is the letter by which docker shows what happened to a file.
type Kind string

// The kinds of changes.
const (
	Added   Kind = "A"
	Changed Kind = "C"
	Deleted Kind = "D"
)

// Change is a file that differs from the image's.
type Change struct {
	Kind Kind
	Path string // absolute, inside
	// Empty is true of an added folder with nothing in it and an added file without content, as a mount's
	// place is.
	Empty bool `json:",omitempty"`
}

func changes(c *inside.Call) (any, error) {
	var r request
	if err := c.Args(&r); err != nil {
		return nil, err
	}
	if r.Upper == "" {
		return []Change{}, nil
	}
	upper, err := openFolder(r.Upper)
	if err != nil {
		return nil, err
	}
	below := View{Lower: r.Lower}
	lower, err := below.assemble(r.As != nil)
	if err != nil {
		return nil, err
	}
	d := &difference{list: []Change{}, attribute: "user.overlay.opaque", copied: r.Copied}
	if r.As != nil {
		d.attribute = "trusted.overlay.opaque"
	}
	if err := d.folder(upper, lower, "/"); err != nil {
		return nil, err
	}
	slices.SortStableFunc(d.list, func(a, b Change) int { return strings.Compare(a.Path, b.Path) })
	return d.list, nil
}

// difference compares an overlay's upper folder, or a copy, with what is below it. Both are walked by descriptors, a
// folder of the one beside the folder of the same name of the other.
type difference struct {
	list      []Change
	copied    bool   // upper began as a copy of what is below
	attribute string // that marks a folder as hiding all that is below it (overlayfs.rst, "whiteouts and opaque directories")
}

// folder compares two folders; lower is -1 where there is none of this name.
func (d *difference) folder(upper, lower int, name string) error {
	names, err := namesIn(upper)
	if err != nil {
		return err
	}
	if lower >= 0 && (d.copied || d.opaque(upper)) {
		if err := d.hidden(upper, lower, name); err != nil {
			return err
		}
	}
	for _, base := range names {
		if err := d.child(upper, lower, base, path.Join(name, base)); err != nil {
			return err
		}
	}
	return nil
}

func (d *difference) child(upper, lower int, base, name string) error {
	st, err := lookAt(upper, base)
	if err != nil {
		return err
	}
	before, err := lookAt(lower, base)
	if err != nil {
		return err
	}
	switch {
	case st == nil: // removed meanwhile
		return nil
	case d.copied && before != nil && sameFile(before, st):
		return nil
	case !d.copied && isWhiteout(st):
		if before != nil {
			d.list = append(d.list, Change{Kind: Deleted, Path: name})
		}
		return nil
	case !isFolder(st):
		d.note(before, st.Size == 0, name)
		return nil
	}
	return d.below(upper, lower, before, st, base, name)
}

// below goes into a folder of the upper tree. One that was only copied up, to hold what changed in it, is
// shown all the same when something in it did: so does docker.
func (d *difference) below(upper, lower int, before, st *unix.Stat_t, base, name string) error {
	in, err := openBelow(upper, base)
	if err != nil {
		return &os.PathError{Op: "open", Path: name, Err: err}
	}
	defer closeFD(in)
	old := -1
	if before != nil && isFolder(before) {
		if old, err = openBelow(lower, base); err != nil {
			return &os.PathError{Op: "open", Path: name, Err: err}
		}
		defer closeFD(old)
	}
	at := len(d.list)
	if err := d.folder(in, old, name); err != nil {
		return err
	}
	if old >= 0 && len(d.list) == at && (sameFolder(before, st) || d.copied && sameOwner(before, st)) {
		return nil
	}
	d.note(before, len(d.list) == at, name)
	return nil
}

func (d *difference) note(before *unix.Stat_t, empty bool, name string) {
	if before == nil {
		d.list = append(d.list, Change{Added, name, empty})
	} else {
		d.list = append(d.list, Change{Kind: Changed, Path: name})
	}
}

// hidden lists what is in the folder below and not in one that hides it or was copied from it.
func (d *difference) hidden(upper, lower int, name string) error {
	names, err := namesIn(lower)
	if err != nil {
		return err
	}
	for _, base := range names {
		st, err := lookAt(upper, base)
		if err != nil {
			return err
		}
		if st == nil {
			d.list = append(d.list, Change{Kind: Deleted, Path: path.Join(name, base)})
		}
	}
	return nil
}

func (d *difference) opaque(folder int) bool {
	fd, err := unix.Openat(folder, ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer closeFD(fd)
	value := make([]byte, 1)
	n, err := unix.Fgetxattr(fd, d.attribute, value)
	return err == nil && n == 1 && value[0] == 'y'
}

// isWhiteout: overlay marks what was removed by a character device 0/0.
func isWhiteout(st *unix.Stat_t) bool { return st.Mode&unix.S_IFMT == unix.S_IFCHR && st.Rdev == 0 }

func isFolder(st *unix.Stat_t) bool { return st.Mode&unix.S_IFMT == unix.S_IFDIR }

func sameFolder(a, b *unix.Stat_t) bool {
	return sameOwner(a, b) && a.Mtim == b.Mtim
}

// sameFile compares what docker compares of a file that two trees have. What is no folder gets another time when
// it is written to.
func sameFile(a, b *unix.Stat_t) bool {
	return !isFolder(a) && sameOwner(a, b) && a.Rdev == b.Rdev && a.Size == b.Size && a.Mtim == b.Mtim
}

func sameOwner(a, b *unix.Stat_t) bool { return a.Mode == b.Mode && a.Uid == b.Uid && a.Gid == b.Gid }

// lookAt returns nil for what is not there, as everything is in a folder of -1.
func lookAt(folder int, base string) (*unix.Stat_t, error) {
	if folder < 0 {
		return nil, nil
	}
	var st unix.Stat_t
	err := unix.Fstatat(folder, base, &st, unix.AT_SYMLINK_NOFOLLOW)
	if err == unix.ENOENT {
		return nil, nil
	}
	if err != nil {
		return nil, &os.PathError{Op: "stat", Path: base, Err: err}
	}
	return &st, nil
}

func openBelow(folder int, base string) (int, error) {
	return unix.Openat(folder, base, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
}

func namesIn(folder int) ([]string, error) {
	fd, err := unix.Openat(folder, ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("open folder", err)
	}
	dir := os.NewFile(uintptr(fd), "folder")
	names, err := dir.Readdirnames(-1)
	slices.Sort(names)
	return names, errors.Join(err, dir.Close())
}
