package boot

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"pocket/runtime/internal/linux"
	"pocket/runtime/rootfs"
)

// longestOption is the longest string that fsconfig(2) takes: strndup_user(…, 256) counts the NUL.
const longestOption = 255

// overlay is mounted by ourselves when we are privileged, else in the user namespace with its marks in
// user.overlay.* attributes (overlayfs.rst, "userxattr").
//
// Its folders are opened here and named by descriptor: so no path is too long for an option, none of its
// characters means anything to overlay, and the container reads no path of the host in its mountinfo.
func (c *composer) overlay(m rootfs.Mount, fd *linux.Value) {
	step := "mount overlay on " + m.Target
	lower := make([]string, len(m.Lower))
	for i, path := range m.Lower {
		if c.Stored != nil && !m.Owners {
			c.translate(step, path)
		}
		if lower[i] = c.mappedLayer(m, path); lower[i] == "" {
			lower[i] = c.openLayer(step, path)
		}
	}
	upper, work := c.openLayer(step, m.Upper), c.openLayer(step, m.Work)
	if c.failed != nil {
		return
	}
	options, err := lowerOptions(lower, rootfs.MaxLayers())
	if err != nil {
		c.failed = fmt.Errorf("%s: %w", step, err)
		return
	}
	options = append(options, [2]string{"upperdir", upper}, [2]string{"workdir", work})
	context := c.open(c.here, step, "overlay", options)
	if c.here == c.inner && c.UserNS != nil {
		c.here.Add(linux.Call{Step: step, Nr: unix.SYS_FSCONFIG, Args: []any{context, unix.FSCONFIG_SET_FLAG, "userxattr", 0, 0}})
	} else if c.here != c.inner {
		c.taken = append(c.taken, context)
	}
	c.finish(c.here, step, context, mountClosed, fd)
	c.taken = append(c.taken, fd)
}

// lowerOptions names the lower layers, topmost first: in one option where they fit, else one by one,
// which old kernels cannot.
func lowerOptions(lower []string, most int) ([][2]string, error) {
	if len(lower) > most {
		return nil, fmt.Errorf("this kernel takes %d layers at most, not %d", most, len(lower))
	}
	if joined := strings.Join(lower, ":"); len(joined) <= longestOption {
		return [][2]string{{"lowerdir", joined}}, nil
	}
	var options [][2]string
	for _, l := range lower {
		options = append(options, [2]string{"lowerdir+", l})
	}
	return options, nil
}

// mappedLayer is a folder of an overlay with its owners translated, or "" where that is not wanted or not
// possible: before Linux 6.15 a mount that is attached nowhere cannot be a layer.
func (c *composer) mappedLayer(m rootfs.Mount, path string) string {
	if !m.Owners || c.here == c.inner || !rootfs.LooseLayers() {
		return ""
	}
	namespace := c.Owners
	if namespace == nil {
		namespace = c.UserNS
	}
	if namespace == nil {
		return "" // ids are the host's
	}
	fd, err := unix.OpenTree(unix.AT_FDCWD, path, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC)
	if err != nil {
		return ""
	}
	defer unix.Close(fd)
	attr := &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_IDMAP, Userns_fd: uint64(namespace.Fd())}
	if unix.MountSetattr(fd, "", unix.AT_EMPTY_PATH, attr) != nil {
		return ""
	}
	high, err := linux.Lift(uintptr(fd))
	if err != nil {
		return ""
	}
	c.layers = append(c.layers, high)
	return "/proc/self/fd/" + strconv.Itoa(high)
}

// openLayer opens a folder of an overlay and returns the path that names the descriptor.
func (c *composer) openLayer(step, path string) string {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		c.failed = errors.Join(c.failed, fmt.Errorf("%s: open %s: %w", step, path, err))
		return ""
	}
	high, err := linux.Lift(uintptr(fd))
	_ = unix.Close(fd) // only read from; high is its copy
	if err != nil {
		c.failed = errors.Join(c.failed, err)
		return ""
	}
	c.layers = append(c.layers, high)
	c.reopen(step, path, high)
	return "/proc/self/fd/" + strconv.Itoa(high)
}

// translate lays an ID-mapped mount of a layer over itself in the child's own mount namespace: overlay takes no
// detached mount for a layer before Linux 6.15, and an ID-mapped one only since 5.19.
func (c *composer) translate(step, path string) {
	tree := linux.NewValue("layer:" + path)
	a := &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_IDMAP, Userns_fd: uint64(c.Stored.Fd())}
	c.inner.Add(
		linux.Call{Step: step, Nr: unix.SYS_OPEN_TREE, Out: tree, Args: []any{unix.AT_FDCWD, path, uint(unix.OPEN_TREE_CLONE | unix.OPEN_TREE_CLOEXEC)}},
		linux.Call{Step: step + " (owners)", Nr: unix.SYS_MOUNT_SETATTR, Args: []any{tree, "", unix.AT_EMPTY_PATH, linux.Ref(a), linux.SizeofMountAttr}},
		linux.Call{Step: step + " (owners)", Nr: unix.SYS_MOVE_MOUNT, Args: []any{tree, "", unix.AT_FDCWD, path, unix.MOVE_MOUNT_F_EMPTY_PATH}})
}

// reopen puts, where the child mounts in a mount namespace of its own, a descriptor of that namespace in
// the place of ours: overlay refuses folders of another one (clone_private_mount, EINVAL).
func (c *composer) reopen(step, path string, high int) {
	if c.here != c.inner {
		return
	}
	fd := linux.NewValue("folder:" + path)
	c.inner.Add(
		linux.Call{Step: step, Nr: unix.SYS_OPENAT, Out: fd, Args: []any{unix.AT_FDCWD, path, unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC}},
		linux.Call{Step: step, Nr: unix.SYS_DUP3, Args: []any{fd, high, unix.O_CLOEXEC}})
}

func (c *composer) closeLayers() {
	for _, fd := range c.layers {
		_ = unix.Close(fd) // O_PATH: nothing can be lost
	}
}

// AppendsLayers tells if this kernel takes an overlay's layers one by one.
func AppendsLayers() bool { return rootfs.MaxLayers() > rootfs.OldLayers }
