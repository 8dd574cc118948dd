package boot

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"pocket/runtime/internal/linux"
	"pocket/runtime/rootfs"
)

// pivot makes the plan's first mount the root and drops the host's. It is laid over "/" itself, so that
// no folder of the host is needed; pivot_root(".", ".") stacks the old root on the new one, from where it
// is unmounted (pivot_root(2), NOTES). After it, every path is the sandbox's own.
func (c *composer) pivot(root source) {
	c.add("attach the root", unix.SYS_MOVE_MOUNT, root.fd, "", unix.AT_FDCWD, "/", unix.MOVE_MOUNT_F_EMPTY_PATH)
	c.add("change to the root", unix.SYS_FCHDIR, root.fd)
	c.add("pivot the root", unix.SYS_PIVOT_ROOT, ".", ".")
	c.add("drop the host's root", unix.SYS_UMOUNT2, ".", unix.MNT_DETACH)
	c.add("change to /", unix.SYS_CHDIR, "/")
}

// place puts everything but the root itself into its place in the new root.
func (c *composer) place(sources []source) {
	for _, dir := range c.Root.Dirs {
		c.mkdirs(dir)
	}
	for _, l := range c.Root.Links {
		c.try(stepf("link %s", l.Path), unix.EEXIST, unix.SYS_SYMLINKAT, l.Target, unix.AT_FDCWD, l.Path)
	}
	for _, f := range c.Root.Files {
		c.write(f)
	}
	for _, s := range procLast(sources) {
		if s.Kind == rootfs.Proc {
			c.directoryMade()
		}
		c.attach(s)
		if s.Kind == rootfs.Dev && s.Target == "/dev" {
			for _, l := range deviceLinks(s.Mount) {
				c.add("link "+l.Path, unix.SYS_SYMLINKAT, l.Target, unix.AT_FDCWD, l.Path)
			}
		}
	}
	c.directoryMade()
	c.sealDevices(sources)
	c.sysctls() // before /proc/sys becomes read-only
	for _, s := range sources {
		switch s.Kind {
		case rootfs.Proc:
			if c.sharing {
				continue // no new one may be mounted where none is seen without anything over it (user_namespaces(7))
			}
			c.mask(s.Target, c.unseen(s.Target, procMasks()))
			c.freeze(s.Target, c.unseen(s.Target, procReadOnly()))
			c.mask(s.Target, present("/proc", c.Root.Blank...))
		case rootfs.Sysfs:
			c.mask(s.Target, c.unseen(s.Target, sysMasks()))
		}
	}
	for _, p := range c.Root.Hide {
		c.hide(p)
	}
	c.forbid(c.Root.Masks)
	if c.Root.Seal {
		c.inner.Add(linux.Call{Step: "make the root read-only", Nr: unix.SYS_MOUNT_SETATTR,
			Args: []any{unix.AT_FDCWD, "/", 0, linux.Ref(&unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}), linux.SizeofMountAttr}})
	}
}

// sealDevices makes a /dev read-only that sandboxes share, but for the shm that each mounts there.
func (c *composer) sealDevices(sources []source) {
	for _, s := range sources {
		if s.Kind == rootfs.Dev && s.ReadOnly {
			c.mkdirs(s.Target + "/shm")
			c.inner.Add(linux.Call{Step: "make " + s.Target + " read-only", Nr: unix.SYS_MOUNT_SETATTR,
				Args: []any{unix.AT_FDCWD, s.Target, 0, linux.Ref(&unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}), linux.SizeofMountAttr}})
		}
	}
}

// procLast puts /proc behind all that is mounted elsewhere: while the places of those are made, the host's
// descriptors are open, and a link of the image to /proc/self/fd would lead to them (CVE-2024-21626).
func procLast(list []source) []source {
	return slices.SortedStableFunc(slices.Values(list), func(a, b source) int { return late(a) - late(b) })
}

func late(s source) int {
	if s.Kind == rootfs.Proc {
		return 1
	}
	return 0
}

// directoryMade makes the working directory where it is missing, as docker does: it is the sandbox's root's,
// and needs no place that the program may write to.
func (c *composer) directoryMade() {
	if c.Dir != "/" {
		c.mkdirs(c.Dir)
	}
}

func (c *composer) attach(s source) {
	if s.File {
		c.touch(s.Target)
	} else {
		c.mkdirs(s.Target)
	}
	pass := unix.Errno(0)
	if s.Optional {
		pass = unix.ENOENT
	}
	step := "mount on " + s.Target
	if s.Kind == rootfs.Bind && s.Source != "" {
		step = stepf("mount %s on %s", s.Source, s.Target)
	}
	c.try(step, pass, unix.SYS_MOVE_MOUNT, s.fd, "", unix.AT_FDCWD, s.Target, unix.MOVE_MOUNT_F_EMPTY_PATH)
}

// mkdirs makes a folder and its parents. That one cannot be made is no failure here: the step that needs
// it says so.
func (c *composer) mkdirs(dir string) {
	dir = path.Clean(dir)
	if c.made[dir] || dir == "." {
		return
	}
	c.mkdirs(path.Dir(dir))
	c.made[dir] = true
	c.try("make folder "+dir, linux.AnyErrno, unix.SYS_MKDIRAT, unix.AT_FDCWD, dir, 0o755)
}

func (c *composer) touch(file string) {
	c.mkdirs(path.Dir(file))
	// No descriptor is spent, of which there may be few (mknod(2): a regular file takes no privilege).
	c.try("make file "+file, linux.AnyErrno, unix.SYS_MKNODAT, unix.AT_FDCWD, file, unix.S_IFREG|0o644, 0)
}

func (c *composer) write(f rootfs.File) {
	step := "write " + f.Path
	fd := linux.NewValue("file")
	c.mkdirs(path.Dir(f.Path))
	c.inner.Add(linux.Call{Step: step, Nr: unix.SYS_OPENAT, Out: fd, Args: []any{unix.AT_FDCWD, f.Path,
		unix.O_CREAT | unix.O_TRUNC | unix.O_WRONLY | unix.O_NOFOLLOW | unix.O_CLOEXEC, uint(f.Mode)}})
	if f.Content != "" {
		c.add(step, unix.SYS_WRITE, fd, f.Content, len(f.Content))
	}
	c.add(step, unix.SYS_CLOSE, fd)
}

// sysctls writes settings of the namespaces that are made here already (sysctl(5)).
func (c *composer) sysctls() {
	for _, s := range c.Root.Sysctls {
		step, fd := "set sysctl "+s.Name, linux.NewValue("sysctl")
		file := "/proc/sys/" + strings.ReplaceAll(s.Name, ".", "/")
		c.inner.Add(linux.Call{Step: step, Nr: unix.SYS_OPENAT, Out: fd,
			Args: []any{unix.AT_FDCWD, file, unix.O_WRONLY | unix.O_NOFOLLOW | unix.O_CLOEXEC, 0}})
		c.add(step, unix.SYS_WRITE, fd, s.Value, len(s.Value))
		c.add(step, unix.SYS_CLOSE, fd)
	}
}

// mask hides what says too much about the host: files behind /dev/null, folders behind an empty one.
func (c *composer) mask(below string, paths []string) {
	empty := "" // an empty folder that is there already: of some there are as many as processors
	if c.Template != nil {
		empty = rootfs.Empty
	}
	for _, p := range paths {
		name, isDir := strings.CutSuffix(p, "/")
		step, fd, from := stepf("mask %s%s", below, name), linux.NewValue("mask"), "/dev/null"
		if isDir {
			from = empty
		}
		if from == "" {
			c.tmpfs(step, 4096, 0o555, mountData|unix.MOUNT_ATTR_RDONLY, fd)
			empty = below + name
		} else {
			c.inner.Add(linux.Call{Step: step, Nr: unix.SYS_OPEN_TREE, Out: fd,
				Args: []any{unix.AT_FDCWD, from, uint(unix.OPEN_TREE_CLONE | unix.OPEN_TREE_CLOEXEC)}})
		}
		c.try(step, unix.ENOENT, unix.SYS_MOVE_MOUNT, fd, "", unix.AT_FDCWD, below+name, unix.MOVE_MOUNT_F_EMPTY_PATH)
	}
}

// unseen are those of docker's paths that the plan does not ask to be shown.
func (c *composer) unseen(below string, paths []string) []string {
	return slices.DeleteFunc(slices.Clone(paths), func(p string) bool {
		full := below + strings.TrimSuffix(p, "/")
		return slices.ContainsFunc(c.Root.Show, func(pattern string) bool {
			match, _ := path.Match(pattern, full)
			return match || pattern == "ALL"
		})
	})
}

// hide covers what may be a file or a folder. A mount goes only on its own kind (EINVAL), so the first of
// the two steps fails on a folder, and the second on what the first has covered; where there is nothing at
// all, the second fails otherwise.
func (c *composer) hide(p string) {
	step, null, empty := "mask "+p, linux.NewValue("mask"), linux.NewValue("mask")
	c.inner.Add(linux.Call{Step: step, Nr: unix.SYS_OPEN_TREE, Out: null,
		Args: []any{unix.AT_FDCWD, "/dev/null", uint(unix.OPEN_TREE_CLONE | unix.OPEN_TREE_CLOEXEC)}})
	c.try(step, linux.AnyErrno, unix.SYS_MOVE_MOUNT, null, "", unix.AT_FDCWD, p, unix.MOVE_MOUNT_F_EMPTY_PATH)
	c.tmpfs(step, 4096, 0o555, mountData|unix.MOUNT_ATTR_RDONLY, empty)
	c.try(step, unix.EINVAL, unix.SYS_MOVE_MOUNT, empty, "", unix.AT_FDCWD, p, unix.MOVE_MOUNT_F_EMPTY_PATH)
}

// forbid lays a file without any permission over others: a read-only mount, so that its owner cannot
// change the permission, which a program without capabilities cannot overrule.
func (c *composer) forbid(paths []string) {
	if len(paths) == 0 {
		return
	}
	const blank = "/.forbidden"
	c.write(rootfs.File{Path: blank, Mode: 0})
	for _, p := range paths {
		step, fd := "forbid "+p, linux.NewValue("forbidden")
		c.inner.Add(linux.Call{Step: step, Nr: unix.SYS_OPEN_TREE, Out: fd,
			Args: []any{unix.AT_FDCWD, blank, uint(unix.OPEN_TREE_CLONE | unix.OPEN_TREE_CLOEXEC)}})
		c.inner.Add(setattr(step, fd, mountData|unix.MOUNT_ATTR_RDONLY, 0))
		c.try(step, unix.ENOENT, unix.SYS_MOVE_MOUNT, fd, "", unix.AT_FDCWD, p, unix.MOVE_MOUNT_F_EMPTY_PATH)
	}
}

// freeze makes folders read-only in their place.
func (c *composer) freeze(below string, paths []string) {
	for _, p := range paths {
		step, fd := stepf("make %s%s read-only", below, p), linux.NewValue("frozen")
		c.inner.Add(linux.Call{Step: step, Nr: unix.SYS_OPEN_TREE, Out: fd,
			Args: []any{unix.AT_FDCWD, below + p, uint(unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC) | unix.AT_RECURSIVE}})
		c.inner.Add(setattr(step, fd, mountData|unix.MOUNT_ATTR_RDONLY, unix.AT_RECURSIVE))
		c.add(step, unix.SYS_MOVE_MOUNT, fd, "", unix.AT_FDCWD, below+p, unix.MOVE_MOUNT_F_EMPTY_PATH)
	}
}

// The lists are docker's (moby, oci/defaults.go), and what tells whose machine this is (dmi), as far as this
// kernel has the files. A folder ends in a slash.
var (
	procMasks = sync.OnceValue(func() []string {
		return present("/proc", "/acpi/", "/asound/", "/interrupts", "/kcore", "/keys", "/latency_stats",
			"/sched_debug", "/scsi/", "/timer_list", "/timer_stats")
	})
	procReadOnly = sync.OnceValue(func() []string {
		return present("/proc", "/bus", "/fs", "/irq", "/sys", "/sysrq-trigger")
	})
	sysMasks = sync.OnceValue(func() []string {
		found := present("/sys", "/devices/virtual/powercap/", "/firmware/", "/devices/virtual/dmi/")
		perCPU, _ := filepath.Glob("/sys/devices/system/cpu/cpu*/thermal_throttle")
		for _, dir := range perCPU {
			found = append(found, strings.TrimPrefix(dir, "/sys")+"/")
		}
		return found
	})
)

func present(root string, names ...string) []string {
	var found []string
	for _, n := range names {
		if _, err := os.Lstat(root + n); err == nil {
			found = append(found, n)
		}
	}
	return found
}
