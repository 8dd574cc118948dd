package tree

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"pocket/runtime/boot"
	"pocket/runtime/hint"
	"pocket/runtime/rootfs"
)

// assemble puts the layers together in this process's own mount namespace and returns the root's
// descriptor. Layers alone are read in place.
func (v *View) assemble(privileged bool) (int, error) {
	lower := v.Lower
	if v.Work == "" && v.Upper != "" {
		lower = append([]string{v.Upper}, lower...)
	}
	if len(lower) == 0 {
		return -1, hint.With(errors.New("the container has no files of its own while it does not run"),
			"its root is a view of this host's programs: start it, or make one from an image")
	}
	if v.Work == "" && len(lower) == 1 {
		return openFolder(lower[0])
	}
	if privileged && (v.Owners || len(v.Volumes) > 0) {
		// While something covers "/", we count as chrooted and may make none (clone(2), EPERM).
		var err error
		if v.owners, err = boot.UserNS(v.IDs); err != nil {
			return -1, err
		}
	}
	fd, err := v.overlay(lower, privileged)
	if err != nil {
		return -1, fmt.Errorf("put the container's layers together: %w", err)
	}
	// Nothing can be mounted in a mount that is attached nowhere. Here it covers "/", where our own root
	// and so every path of the host stays what it is.
	err = unix.MoveMount(fd, "", unix.AT_FDCWD, "/", unix.MOVE_MOUNT_F_EMPTY_PATH)
	return fd, wrap("attach the container's layers", err)
}

func openFolder(path string) (int, error) {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, &os.PathError{Op: "open", Path: path, Err: err}
	}
	return fd, nil
}

// overlay mounts the layers, named by descriptor as package boot does it. Where the container's overlay was
// mounted in a user namespace, its marks are in user.overlay.* attributes.
func (v *View) overlay(lower []string, privileged bool) (int, error) {
	context, err := unix.Fsopen("overlay", unix.FSOPEN_CLOEXEC)
	if err != nil {
		return -1, fmt.Errorf("fsopen overlay: %w", err)
	}
	defer closeFD(context)
	key, names := "lowerdir+", []string{}
	for _, path := range lower {
		name, err := v.layer(path, privileged)
		if err != nil {
			return -1, err
		}
		names = append(names, name)
	}
	if !boot.AppendsLayers() {
		key, names = "lowerdir", []string{strings.Join(names, ":")}
	}
	for _, name := range names {
		err = errors.Join(err, wrap(key, unix.FsconfigSetString(context, key, name)))
	}
	if v.Work != "" {
		err = errors.Join(err, setFolder(context, "upperdir", v.Upper), setFolder(context, "workdir", v.Work))
	}
	if !privileged {
		err = errors.Join(err, wrap("userxattr", unix.FsconfigSetFlag(context, "userxattr")))
	}
	if err != nil {
		return -1, err
	}
	if err := unix.FsconfigCreate(context); err != nil {
		return -1, fmt.Errorf("create the overlay: %w", err)
	}
	fd, err := unix.Fsmount(context, unix.FSMOUNT_CLOEXEC, unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV|unix.MOUNT_ATTR_NOEXEC)
	return fd, wrap("fsmount", err)
}

// layer is the name of a layer's descriptor: with its owners translated where it is a folder of the host and the
// kernel takes a mount that is attached nowhere, as for the container itself.
func (v *View) layer(path string, privileged bool) (string, error) {
	if !v.Owners || !privileged || path == v.Upper || !rootfs.LooseLayers() {
		return descriptor(path)
	}
	fd, err := unix.OpenTree(unix.AT_FDCWD, path, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC)
	if err != nil {
		return "", &os.PathError{Op: "open", Path: path, Err: err}
	}
	return "/proc/self/fd/" + strconv.Itoa(fd), showOwners(fd, v.owners)
}

// descriptor opens a folder, for as long as this process lives, and returns the name of its descriptor.
func descriptor(path string) (string, error) {
	fd, err := openFolder(path)
	if err != nil {
		return "", err
	}
	return "/proc/self/fd/" + strconv.Itoa(fd), nil
}

func setFolder(context int, key, path string) error {
	name, err := descriptor(path)
	if err != nil {
		return err
	}
	return wrap(key, unix.FsconfigSetString(context, key, name))
}

func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// mountVolumes lays the volumes over their places, those higher in the tree first.
func (v *View) mountVolumes(p *place, privileged bool) error {
	list := slices.Clone(v.Volumes)
	slices.SortStableFunc(list, func(a, b Volume) int { return strings.Count(a.Target, "/") - strings.Count(b.Target, "/") })
	for _, volume := range list {
		err := v.mountVolume(p, volume, privileged)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) {
			continue // its place is made when the container is started, and the set-up tells what is wrong
		}
		if err != nil {
			return fmt.Errorf("volume %s: %w", volume.Source, err)
		}
	}
	return nil
}

func (v *View) mountVolume(p *place, volume Volume, privileged bool) error {
	at, err := p.open(volume.Target, unix.O_PATH, 0)
	if err != nil {
		return err
	}
	defer closeFD(at)
	fd, err := unix.OpenTree(unix.AT_FDCWD, volume.Source, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_RECURSIVE)
	if err != nil {
		return err
	}
	defer closeFD(fd)
	attr := &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV | unix.MOUNT_ATTR_NOEXEC}
	if volume.ReadOnly {
		attr.Attr_set |= unix.MOUNT_ATTR_RDONLY
	}
	if err := unix.MountSetattr(fd, "", unix.AT_EMPTY_PATH|unix.AT_RECURSIVE, attr); err != nil {
		return err
	}
	if volume.Owners && privileged {
		if err := showOwners(fd, v.owners); err != nil {
			return err
		}
	}
	return unix.MoveMount(fd, "", at, "", unix.MOVE_MOUNT_F_EMPTY_PATH|unix.MOVE_MOUNT_T_EMPTY_PATH)
}

// showOwners shows a mount's owners as the container sees them, where the file system can (EINVAL: not).
func showOwners(fd int, userNS *os.File) error {
	err := unix.MountSetattr(fd, "", unix.AT_EMPTY_PATH|unix.AT_RECURSIVE,
		&unix.MountAttr{Attr_set: unix.MOUNT_ATTR_IDMAP, Userns_fd: uint64(userNS.Fd())})
	if err == unix.EINVAL {
		return nil
	}
	return err
}
