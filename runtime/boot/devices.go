package boot

import (
	"golang.org/x/sys/unix"

	"pocket/runtime/internal/linux"
	"pocket/runtime/resource"
	"pocket/runtime/rootfs"
)

// devices are the nodes of a private /dev. They are clones of the host's own, taken before the root is
// switched: in a user namespace none can be made, and one of the image's could be anything (CVE-2025-31133).
func (c *composer) devices(m rootfs.Mount) []source {
	var all []source
	for _, name := range []string{"null", "zero", "full", "random", "urandom", "tty"} {
		step := "bind /dev/" + name
		fd := linux.NewValue("dev:" + name)
		c.takeTree(step, "/dev/"+name, 0, fd)
		c.here.Add(setattr(step, fd, unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NOEXEC, 0))
		all = append(all, source{rootfs.Mount{Target: m.Target + "/" + name, File: true}, fd})
	}
	if !m.ReadOnly { // else each sandbox has its own
		all = append(all, c.shm(m))
	}
	if m.Terminals {
		pts := linux.NewValue("dev:pts")
		context := c.open(c.inner, "mount devpts on /dev/pts", "devpts", [][2]string{{"ptmxmode", "0666"}, {"mode", "0620"}})
		c.finish(c.inner, "mount devpts on /dev/pts", context, unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NOEXEC, pts)
		all = append(all, source{rootfs.Mount{Target: m.Target + "/pts"}, pts})
	}
	return all
}

func (c *composer) shm(m rootfs.Mount) source {
	shm := linux.NewValue("dev:shm")
	size := m.Size
	if size == 0 {
		size = 64 * resource.MiB // docker's default
	}
	c.tmpfs("mount tmpfs on /dev/shm", size, 0o1777, mountData, shm)
	return source{rootfs.Mount{Target: m.Target + "/shm"}, shm}
}

// deviceLinks are the names in /dev that are links.
func deviceLinks(m rootfs.Mount) []rootfs.Link {
	links := []rootfs.Link{
		{Path: m.Target + "/fd", Target: "/proc/self/fd"}, {Path: m.Target + "/stdin", Target: "/proc/self/fd/0"},
		{Path: m.Target + "/stdout", Target: "/proc/self/fd/1"}, {Path: m.Target + "/stderr", Target: "/proc/self/fd/2"},
	}
	if m.Terminals {
		links = append(links, rootfs.Link{Path: m.Target + "/ptmx", Target: "pts/ptmx"})
	}
	return links
}
