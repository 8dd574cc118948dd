package image

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"pocket/runtime/failpoint"
	"pocket/runtime/hint"
	"pocket/runtime/resource"
)

// openArchive opens a regular file. Anything else, as a FIFO, must not block.
func openArchive(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	st, err := f.Stat()
	if err == nil && !st.Mode().IsRegular() {
		err = hint.With(fmt.Errorf("%s: neither a folder nor a regular file", path),
			"give a root filesystem as a folder, .tar or .tar.gz")
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// importArchive stores the archive f under a name, unpacking it unless that is done already.
func (s *Store) importArchive(ctx context.Context, f *os.File, as label, digest string, progress Progress) (Image, error) {
	if img, ok := s.published(as, digest); ok {
		return img, nil
	}
	if err := s.folders(); err != nil {
		return Image{}, err
	}
	held, err := s.lock(ctx, progress)
	if err != nil {
		return Image{}, err
	}
	defer held.Close()
	if _, ok := s.stored(digest); !ok { // nor by the process that we waited for
		if err := s.add(ctx, f, digest, progress); err != nil {
			return Image{}, errors.Join(fmt.Errorf("unpack %s: %w", as.source, err), s.removeTree(s.work()))
		}
	}
	return s.publish(as, digest)
}

// lock is held by whoever changes what is stored.
func (s *Store) lock(ctx context.Context, progress Progress) (*os.File, error) {
	if err := failpoint.At("image.lock"); err != nil {
		return nil, fmt.Errorf("lock the images: %w", spaceHint(err))
	}
	return lock(ctx, filepath.Join(s.tmp(), "unpack.lock"), progress)
}

// add unpacks f aside and puts it in its place. The caller holds the lock.
func (s *Store) add(ctx context.Context, f *os.File, digest string, progress Progress) error {
	if err := s.removeTree(s.work()); err != nil { // left by a process that was killed
		return err
	}
	rootfs := filepath.Join(s.work(), "rootfs")
	if err := os.MkdirAll(rootfs, 0o700); err != nil {
		return err
	}
	st, err := f.Stat()
	if err != nil {
		return err
	}
	if err := failpoint.At("image.unpack"); err != nil {
		return spaceHint(err)
	}
	found, err := s.unpack(ctx, unpackTask{Dir: rootfs, Size: st.Size(), Limits: s.Limits}, f, nil, progress)
	if err != nil {
		return spaceHint(err)
	}
	if found.Digest != digest {
		return errors.New("the archive was changed while it was read")
	}
	if err := packedImage(rootfs); err != nil {
		return err
	}
	if err := s.seal(found); err != nil {
		return spaceHint(err)
	}
	if err := failpoint.At("image.place"); err != nil {
		return spaceHint(err)
	}
	if err := s.removeTree(s.home(digest)); err != nil { // damaged: it was not found whole
		return err
	}
	if err := os.Rename(s.work(), s.home(digest)); err != nil {
		return err
	}
	failpoint.Kill("image.placed")
	return syncFolder(filepath.Join(s.dir, "images"))
}

// seal completes the folder around a tree. It belongs to the sandbox's root and lets nobody else in:
// otherwise every user of the host could start the set-user-ID programs that an image brings.
func (s *Store) seal(found unpacked) error {
	err := writeSynced(filepath.Join(s.work(), "about"), fmt.Appendf(nil, "%d\n%s\n", found.Size, found.Remark))
	if err == nil && s.owners.change {
		uid, gid := s.owners.host(0, 0)
		err = os.Chown(s.work(), uid, gid)
	}
	if err != nil {
		return err
	}
	return syncFolder(s.work())
}

func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// packedImage refuses an archive of layers, which unpacks well and then has no programs.
func packedImage(rootfs string) error {
	for _, mark := range []string{"oci-layout", "manifest.json"} {
		if _, err := os.Lstat(filepath.Join(rootfs, mark)); err != nil {
			continue
		}
		for _, folder := range []string{"bin", "usr", "etc"} {
			if _, err := os.Lstat(filepath.Join(rootfs, folder)); err == nil {
				return nil
			}
		}
		return hint.With(errors.New("it is an image with layers, not a root filesystem"),
			"store it with: pocket-docker load -i FILE, which shows the name to run it by")
	}
	return nil
}

func spaceHint(err error) error {
	switch {
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT):
		return hint.With(err, "make room on the disk, or set POCKET_ROOT to a folder on another one")
	case errors.Is(err, unix.EROFS):
		return hint.With(err, "set POCKET_ROOT to a folder that this user may write to")
	}
	return err
}

// stored returns what the folder of an image says.
func (s *Store) stored(digest string) (Image, bool) {
	if img, ok := s.layered(digest); ok {
		return img, true
	}
	if st, err := os.Stat(s.tree(digest)); err != nil || !st.IsDir() {
		return Image{}, false
	}
	about, err := os.ReadFile(filepath.Join(s.home(digest), "about"))
	if err != nil {
		return Image{}, false
	}
	size, rest, _ := strings.Cut(string(about), "\n")
	bytes, err := strconv.ParseInt(size, 10, 64)
	if err != nil {
		return Image{}, false
	}
	return Image{
		ID: digest, Digest: digest, Kind: Archive, Dir: s.tree(digest), Layers: []string{s.tree(digest)},
		Size: resource.Size(bytes), Remark: strings.TrimSpace(rest),
	}, true
}
