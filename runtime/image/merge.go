package image

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

// Tree returns one folder that shows the whole image, to be read only: the tree of an image that has one,
// else one that is made of the layers at the first call, shares their files, and is kept with the image.
func (s *Store) Tree(ctx context.Context, img Image, progress Progress) (string, error) {
	if img.Kind != Layered || len(img.Layers) == 1 {
		return img.Dir, nil
	}
	merged := filepath.Join(s.home(img.ID), "rootfs")
	if isDir(merged) {
		return merged, nil
	}
	held, err := s.lock(ctx, progress)
	if err != nil {
		return "", err
	}
	defer held.Close()
	if isDir(merged) { // by the process that we waited for
		return merged, nil
	}
	if err := s.mergeAside(ctx, img); err != nil {
		return "", errors.Join(fmt.Errorf("merge the layers of %s: %w", quote(img.Name), spaceHint(err)), s.removeTree(s.work()))
	}
	if err := os.Rename(filepath.Join(s.work(), "rootfs"), merged); err != nil {
		return "", err
	}
	return merged, errors.Join(s.removeTree(s.work()), syncFolder(s.home(img.ID)))
}

// NeedsTree tells if overlay would not show the layers as they are meant, and Tree or Copy must be used:
// they lie where its marks cannot be made.
func (img Image) NeedsTree() bool {
	if img.Kind != Layered || len(img.Layers) == 1 {
		return false
	}
	return slices.ContainsFunc(img.Layers, func(tree string) bool {
		hidden, err := hiddenBy(tree)
		return err != nil || len(hidden) > 0
	})
}

func isDir(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.IsDir()
}

func (s *Store) mergeAside(ctx context.Context, img Image) error {
	if err := s.removeTree(s.work()); err != nil {
		return err
	}
	to := filepath.Join(s.work(), "rootfs")
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	return s.merge(ctx, mergeTask{Layers: img.Layers, To: to, Stored: true, Share: true})
}

// Copy fills the existing, empty folder to with the image's files, for a container whose changes cannot be
// kept apart by overlay. Owners and modes are the image's.
func (s *Store) Copy(ctx context.Context, img Image, to string) error {
	if err := s.merge(ctx, mergeTask{Layers: img.Layers, To: to, Stored: img.Kind == Layered}); err != nil {
		return fmt.Errorf("copy image %s: %w", quote(img.Name), spaceHint(err))
	}
	return nil
}

// mergeTask is to make one tree of several.
type mergeTask struct {
	Layers []string // the topmost first
	To     string   // an existing, empty folder
	Stored bool     // they are layers of the store
	Share  bool     // files are links to the layers', which nobody may then write to
}

func (m mergeTask) run(ctx context.Context, o owners) error {
	t, err := openTree(m.To, o, below{})
	if err != nil {
		return err
	}
	defer t.close()
	for i := len(m.Layers) - 1; i >= 0; i-- {
		root, err := unix.Open(m.Layers[i], unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("open %s: %w", m.Layers[i], err)
		}
		var hidden []string
		if m.Stored {
			hidden, err = hiddenBy(m.Layers[i])
		}
		if err == nil {
			err = t.drop(hidden)
		}
		if err != nil {
			unix.Close(root)
			return err
		}
		l := lower{ctx: ctx, to: t, root: root, share: m.Share, names: map[uint64]string{}}
		err = l.folder(root, ".")
		unix.Close(root)
		if err != nil {
			return err
		}
	}
	return t.finish()
}

// drop removes what a layer hides of those below.
func (t *tree) drop(names []string) error {
	for _, name := range names {
		dir, base, err := t.in(name)
		if err != nil {
			return err
		}
		if err := removeAt(dir, base); err != nil {
			return err
		}
		t.parentOf = "" // it may have been the folder
	}
	return nil
}

// lower is a layer while it is laid over what is there already.
type lower struct {
	ctx   context.Context
	to    *tree
	root  int
	share bool
	names map[uint64]string // of inodes with several
}

func (l *lower) folder(fd int, name string) error {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return wrapName("read folder", name, err)
	}
	if isOpaque(fd) {
		if dir, base, err := l.to.in(name); err != nil {
			return err
		} else if err := removeAt(dir, base); err != nil {
			return err
		}
	}
	if err := l.to.folder(name, metaOf(st)); err != nil {
		return err
	}
	copied, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return err
	}
	f := os.NewFile(uintptr(copied), name)
	defer f.Close()
	names, err := f.Readdirnames(-1)
	if err != nil {
		return wrapName("read folder", name, plain(err))
	}
	for _, base := range names {
		if err := l.entry(fd, base, path.Join(name, base)); err != nil {
			return err
		}
	}
	return l.ctx.Err()
}

func metaOf(st unix.Stat_t) meta {
	return meta{mode: st.Mode & 0o7777, uid: int(st.Uid), gid: int(st.Gid), time: timeOf(st.Mtim), host: true}
}

func isOpaque(fd int) bool {
	value := make([]byte, 2)
	for _, marks := range []string{"trusted.", "user."} {
		if n, err := unix.Fgetxattr(fd, marks+"overlay.opaque", value); err == nil && n == 1 && value[0] == 'y' {
			return true
		}
	}
	return false
}

func (l *lower) entry(dir int, base, name string) error {
	var st unix.Stat_t
	if err := unix.Fstatat(dir, base, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return wrapName("read", name, err)
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFDIR:
		fd, err := openClosed(dir, base, unix.O_DIRECTORY)
		if err != nil {
			return wrapName("open folder", name, err)
		}
		defer unix.Close(fd)
		return l.folder(fd, name)
	case unix.S_IFREG:
		return l.file(dir, base, name, st)
	case unix.S_IFLNK:
		target := make([]byte, pathMax+1)
		n, err := unix.Readlinkat(dir, base, target)
		if err != nil {
			return wrapName("read link", name, err)
		}
		return l.to.symlink(name, string(target[:n]), metaOf(st))
	case unix.S_IFCHR:
		if st.Rdev != 0 {
			return nil
		}
		to, base, err := l.to.in(name)
		if err != nil {
			return err
		}
		l.to.parentOf = "" // the folder may be what is removed
		return removeAt(to, base)
	}
	return nil // trees hold nothing else
}

func (l *lower) file(dir int, base, name string, st unix.Stat_t) error {
	if other, ok := l.names[st.Ino]; ok {
		return l.to.hardlink(name, other)
	}
	if st.Nlink > 1 && !l.share {
		l.names[st.Ino] = name
	}
	if l.share {
		to, last, err := l.to.in(name)
		if err != nil {
			return err
		}
		return wrapName("link", name, l.to.replace(to, last, func() error { return unix.Linkat(dir, base, to, last, 0) }))
	}
	f, err := openContent(dir, base)
	if err != nil {
		return wrapName("open", name, err)
	}
	defer f.Close()
	return l.to.file(name, metaOf(st), f, st.Size)
}
