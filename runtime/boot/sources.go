package boot

import (
	"strconv"

	"golang.org/x/sys/unix"

	"pocket/runtime/internal/linux"
	"pocket/runtime/resource"
	"pocket/runtime/rootfs"
)

const (
	mountClosed = unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV
	mountData   = mountClosed | unix.MOUNT_ATTR_NOEXEC
)

// source is a detached mount, known by its descriptor, that place attaches.
type source struct {
	rootfs.Mount
	fd *linux.Value
}

// private keeps mounts from travelling between the host and the sandbox.
func (c *composer) private() {
	c.add("clear the umask", unix.SYS_UMASK, 0) // the caller's must not decide who can read what is made here
	c.add("make the mounts private", unix.SYS_MOUNT, "none", "/", 0, uintptr(unix.MS_REC|unix.MS_PRIVATE), 0)
}

// sources takes every mount of the plan as a detached one, while the host's paths still exist and a
// fully visible /proc is there, without which a new one may not be mounted (user_namespaces(7)).
func (c *composer) sources() []source {
	var all []source
	for _, m := range c.Root.Mounts {
		fd := linux.NewValue("mount:" + m.Target)
		switch m.Kind {
		case rootfs.Bind:
			c.bind(m, fd)
		case rootfs.Overlay:
			c.overlay(m, fd)
		case rootfs.Tmpfs:
			c.memory(m, fd)
		case rootfs.Proc:
			c.filesystem("mount proc on "+m.Target, "proc", mountData, fd)
		case rootfs.Sysfs:
			c.sysfs(m, fd)
		case rootfs.Mqueue:
			c.filesystem("mount mqueue on "+m.Target, "mqueue", mountData, fd)
		case rootfs.Dev:
			c.tmpfs("mount tmpfs on "+m.Target, 64*resource.KiB, 0o755, unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NOEXEC, fd)
		}
		all = append(all, source{m, fd})
		if m.Kind == rootfs.Dev {
			all = append(all, c.devices(m)...)
		}
	}
	return all
}

// bind clones a tree of the host: by ourselves when we are privileged, because a mapped id could not walk
// to it, else by the child.
func (c *composer) bind(m rootfs.Mount, fd *linux.Value) {
	step := stepf("bind %s on %s", m.Source, m.Target)
	c.takeTree(step, m.Source, unix.AT_RECURSIVE, fd)
	attr := uint64(mountClosed)
	if m.Device {
		attr = unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NOEXEC
	}
	if m.ReadOnly {
		attr |= unix.MOUNT_ATTR_RDONLY
	}
	c.here.Add(setattr(step, fd, attr, unix.AT_RECURSIVE))
	if m.Owners && c.here != c.inner {
		c.owners(step, fd)
	}
}

// owners makes an ID-mapped mount of a detached one (mount_setattr(2), "ID-mapped mounts"). File systems
// that cannot be mapped (EINVAL: network ones, overlay) stay as they are.
func (c *composer) owners(step string, fd *linux.Value) {
	namespace := c.Owners
	if namespace == nil {
		namespace = c.UserNS
	}
	a := &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_IDMAP, Userns_fd: uint64(namespace.Fd())}
	c.here.Add(linux.Call{Step: step + " (owners)", Nr: unix.SYS_MOUNT_SETATTR, Pass: unix.EINVAL,
		Args: []any{fd, "", unix.AT_EMPTY_PATH | unix.AT_RECURSIVE, linux.Ref(a), linux.SizeofMountAttr}})
}

func (c *composer) takeTree(step, path string, flags uint, fd *linux.Value) {
	c.here.Add(linux.Call{Step: step, Nr: unix.SYS_OPEN_TREE, Out: fd,
		Args: []any{unix.AT_FDCWD, path, uint(unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC) | flags}})
	c.taken = append(c.taken, fd)
}

// setattr changes the flags of a mount; recursive reaches the mounts below it too, which a remount of
// mount(2) would not (mount_setattr(2)). It also takes the mount out of its peer group: a clone of a shared
// mount is a member of the host's (mount_namespaces(7)), and what is laid over a part of it inside, as the masks
// of /sys or a volume within a volume, would appear on the host too.
func setattr(step string, fd any, attr uint64, flags int) linux.Call {
	a := &unix.MountAttr{Attr_set: attr, Propagation: unix.MS_PRIVATE}
	return linux.Call{Step: step, Nr: unix.SYS_MOUNT_SETATTR,
		Args: []any{fd, "", unix.AT_EMPTY_PATH | flags, linux.Ref(a), linux.SizeofMountAttr}}
}

// memory is a tmpfs of the plan.
func (c *composer) memory(m rootfs.Mount, fd *linux.Value) {
	attr := uintptr(mountClosed | unix.MOUNT_ATTR_NOEXEC)
	if m.Exec {
		attr = mountClosed
	}
	if m.ReadOnly {
		attr |= unix.MOUNT_ATTR_RDONLY
	}
	uid, gid := c.UID, c.GID
	if m.UID != nil {
		uid = *m.UID
	}
	if m.GID != nil {
		gid = *m.GID
	}
	c.tmpfsOf("mount tmpfs on "+m.Target, m.Size, m.Mode, attr, uid, gid, fd)
}

// tmpfs belongs to the program's user.
func (c *composer) tmpfs(step string, size resource.Size, mode uint32, attr uintptr, fd *linux.Value) {
	c.tmpfsOf(step, size, mode, attr, c.UID, c.GID, fd)
}

// tmpfsOf bounds inodes too, or a million empty files would take memory that size does not count.
func (c *composer) tmpfsOf(step string, size resource.Size, mode uint32, attr uintptr, uid, gid int, fd *linux.Value) {
	if mode == 0 {
		mode = 0o755
	}
	options := [][2]string{{"mode", strconv.FormatUint(uint64(mode), 8)}}
	if size > 0 {
		inodes := max(int64(size)/4096, 1024)
		options = append(options, [2]string{"size", strconv.FormatInt(int64(size), 10)}, [2]string{"nr_inodes", strconv.FormatInt(inodes, 10)})
	}
	if uid != c.SetupUID {
		options = append(options, [2]string{"uid", strconv.Itoa(uid)})
	}
	if gid != c.SetupGID {
		options = append(options, [2]string{"gid", strconv.Itoa(gid)})
	}
	context := c.open(c.inner, step, "tmpfs", options)
	c.finish(c.inner, step, context, attr, fd)
}

func (c *composer) filesystem(step, kind string, attr uintptr, fd *linux.Value) {
	context := c.open(c.inner, step, kind, nil)
	c.finish(c.inner, step, context, attr, fd)
}

// open is the first half of fsopen(2)'s sequence: a context with its options.
func (c *composer) open(p *linux.Program, step, kind string, options [][2]string) *linux.Value {
	context := linux.NewValue(kind)
	p.Add(linux.Call{Step: step, Nr: unix.SYS_FSOPEN, Args: []any{kind, unix.FSOPEN_CLOEXEC}, Out: context})
	for _, o := range options {
		p.Add(linux.Call{Step: step + " (" + o[0] + ")", Nr: unix.SYS_FSCONFIG, Args: []any{context, unix.FSCONFIG_SET_STRING, o[0], o[1], 0}})
	}
	return context
}

// finish is the second half: the superblock and a detached mount of it.
func (c *composer) finish(p *linux.Program, step string, context *linux.Value, attr uintptr, fd *linux.Value) {
	p.Add(linux.Call{Step: step, Nr: unix.SYS_FSCONFIG, Args: []any{context, unix.FSCONFIG_CMD_CREATE, 0, 0, 0}})
	p.Add(linux.Call{Step: step, Nr: unix.SYS_FSMOUNT, Args: []any{context, unix.FSMOUNT_CLOEXEC, attr}, Out: fd})
}

// sysfs shows the network namespace that it is mounted in, and may be mounted only by that one's owner;
// with the host's network the host's own tree is taken.
func (c *composer) sysfs(m rootfs.Mount, fd *linux.Value) {
	if c.HostNetwork {
		c.bind(rootfs.Mount{Source: "/sys", Target: m.Target, ReadOnly: true}, fd)
		return
	}
	attr := uintptr(mountData)
	if m.ReadOnly {
		attr |= unix.MOUNT_ATTR_RDONLY
	}
	c.filesystem("mount sysfs on "+m.Target, "sysfs", attr, fd)
}
