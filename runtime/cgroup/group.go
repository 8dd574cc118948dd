package cgroup

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/failpoint"
	"pocket/runtime/resource"
)

// Group is the control groups of one sandbox: one folder in v2, or one per controller in v1.
type Group struct {
	host    *Host
	dirs    []string
	entries []*os.File // v1: open tasks files
	folder  *os.File   // v2: the folder
	oomBase int64      // the kernel's count when the group was made: 0, unless someone counts otherwise
	limits  resource.Limits
	ours    int // processes beside the program's, see Settle
}

// entryExtra is how many processes of ours are in a group beside the program's: the init and, until it
// has been reaped, the process that made the init.
const entryExtra = 2

// New makes the groups for one sandbox and sets its limits. The enforcement list says of each limit that
// was asked for and that control groups could hold whether they do. Without any usable controller the
// group is empty and everything it is asked is unknown.
//
// A live group is made in every controller there is, so that it can be frozen, fully measured and limited
// later; any other only where its limits and the figures at its end need it.
func (h *Host) New(limits resource.Limits, live bool) (*Group, []resource.Enforcement, error) {
	g := &Group{host: h}
	if h == nil {
		return g, nil, nil
	}
	if err := g.makeNew(limits, live); err != nil {
		return nil, nil, err
	}
	held, err := g.limit(limits)
	if err == nil {
		err = failpoint.At("cgroup.limit")
	}
	if err != nil {
		return nil, nil, errors.Join(err, g.Remove())
	}
	return g, held, nil
}

// makeNew makes the groups under a name that nobody has: another Host of this process numbers its groups too,
// and a killed process that had our number may have left some.
func (g *Group) makeNew(limits resource.Limits, live bool) error {
	for {
		err := g.make(groupName(g.host.serial.Add(1)), limits, live)
		if err == nil {
			return nil
		}
		if removed := g.Remove(); removed != nil || !errors.Is(err, os.ErrExist) {
			return errors.Join(fmt.Errorf("make a control group: %w", err), removed)
		}
	}
}

func (g *Group) make(name string, limits resource.Limits, live bool) error {
	h := g.host
	if h.unified != "" {
		if err := g.makeUnified(filepath.Join(h.unified, name)); err != nil {
			return err
		}
	}
	for _, c := range []struct {
		Controller
		wanted, must bool
	}{
		{h.Memory, true, true}, {h.Account, true, true}, {h.CPU, live || limits.CPUs > 0 || limits.Shares > 0, true},
		{h.Pids, live || limits.Processes > 0, true}, {h.Cpuset, limits.Cpuset != "", false},
		{h.Freezer, live, false}, {h.Block, live, false},
	} {
		if c.Version != 1 || !c.wanted {
			continue
		}
		if err := g.makeFolder(c.Controller, name); err != nil && c.must {
			return err
		}
	}
	return nil
}

func (g *Group) makeUnified(dir string) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	g.dirs = append(g.dirs, dir)
	folder, err := openHigh(dir, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	g.folder = folder
	return nil
}

// makeFolder makes the group in one v1 hierarchy.
func (g *Group) makeFolder(c Controller, name string) error {
	if err := failpoint.At("cgroup.folder"); err != nil {
		return err
	}
	dir := filepath.Join(c.Dir, name)
	if slices.Contains(g.dirs, dir) {
		return nil // cpu and cpuacct are often one hierarchy
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	g.dirs = append(g.dirs, dir)
	if c.Name == "cpuset" {
		if err := openCpuset(c.Dir, dir); err != nil {
			return err
		}
	}
	tasks, err := openHigh(filepath.Join(dir, "tasks"), unix.O_WRONLY)
	if err != nil {
		return err
	}
	g.entries = append(g.entries, tasks)
	return nil
}

// openCpuset gives a new v1 cpuset what its parent has: no process can enter one without processors and
// memory nodes (cgroup-v1/cpusets.rst, 1.7).
func openCpuset(parent, dir string) error {
	for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
		text, err := os.ReadFile(filepath.Join(parent, file))
		if err != nil {
			return err
		}
		if err := write(dir, file, strings.TrimSpace(string(text))); err != nil {
			return err
		}
	}
	return nil
}

// openHigh opens a file at a descriptor from 10 on, out of the way of the numbers 0 to 3 inside.
func openHigh(path string, flags int) (*os.File, error) {
	fd, err := unix.Open(path, flags|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	high, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 10)
	if err != nil {
		return nil, &os.PathError{Op: "duplicate", Path: path, Err: err}
	}
	return os.NewFile(uintptr(high), path), nil
}

// Folder is the descriptor for CLONE_INTO_CGROUP, or -1 when there is no v2 group.
func (g *Group) Folder() int {
	if g.folder == nil {
		return -1
	}
	return int(g.folder.Fd())
}

// Entries are the descriptors to which a process writes "0" to enter the v1 groups.
func (g *Group) Entries() []int {
	var fds []int
	for _, f := range g.entries {
		fds = append(fds, int(f.Fd()))
	}
	return fds
}

// dir is the group's folder for a controller.
func (g *Group) dir(c Controller) string {
	for _, d := range g.dirs {
		if filepath.Dir(d) == c.Dir {
			return d
		}
	}
	return ""
}

// CPU is the CPU time that the group used so far, and the kernel's name of the figure; ok is false
// without accounting.
func (g *Group) CPU() (used time.Duration, source string, ok bool) {
	if g.host == nil {
		return 0, "", false
	}
	switch g.host.Account.Version {
	case 1:
		n, err := readInt(g.dir(g.host.Account), "cpuacct.usage")
		return time.Duration(n), "cpuacct", err == nil
	case 2:
		n, err := readKey(g.dir(g.host.Account), "cpu.stat", "usage_usec")
		return time.Duration(n) * time.Microsecond, "cpu.stat", err == nil
	}
	return 0, "", false
}

// Peak is the most memory that the group used, and the kernel's name of the figure.
func (g *Group) Peak() (peak resource.Size, source string, ok bool) {
	if g.host == nil {
		return 0, "", false
	}
	file := map[int]string{1: "memory.max_usage_in_bytes", 2: "memory.peak"}[g.host.Memory.Version]
	n, err := readInt(g.dir(g.host.Memory), file)
	return resource.Size(n), file, err == nil && file != ""
}

// OOMKills is how many processes the kernel killed because the group was out of memory; ok is false
// without a memory controller. Only this count proves an OOM.
func (g *Group) OOMKills() (kills int64, ok bool) {
	if g.host == nil {
		return 0, false
	}
	file := map[int]string{1: "memory.oom_control", 2: "memory.events"}[g.host.Memory.Version]
	if file == "" {
		return 0, false
	}
	n, err := readKey(g.dir(g.host.Memory), file, "oom_kill")
	return n - g.oomBase, err == nil
}

// Remove closes and removes the groups. All their processes must be dead; a group whose last process is
// just being torn down by the kernel is tried again for some seconds.
func (g *Group) Remove() error {
	var failed error
	failpoint.Kill("cgroup.remove")
	for _, f := range append(g.entries, g.folder) {
		if f != nil {
			failed = errors.Join(failed, f.Close())
		}
	}
	for _, dir := range g.dirs {
		failed = errors.Join(failed, removeDir(dir))
	}
	g.entries, g.folder, g.dirs = nil, nil, nil
	return failed
}

// removal is how long the kernel may take to take dead processes out of a group: long on a starved machine.
const removal = 10 * time.Second

func removeDir(dir string) error {
	var err error
	for wait, end := 100*time.Microsecond, time.Now().Add(removal); time.Now().Before(end); wait = min(2*wait, 20*time.Millisecond) {
		if err = unix.Rmdir(dir); err == nil || err == unix.ENOENT {
			return nil
		}
		if err != unix.EBUSY {
			break
		}
		time.Sleep(wait) // the kernel offers no event for a v1 group that gets empty
	}
	return &os.PathError{Op: "remove control group", Path: dir, Err: err}
}

func readInt(dir, file string) (int64, error) {
	if dir == "" || file == "" {
		return 0, os.ErrNotExist
	}
	text, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(string(bytes.TrimSpace(text)), 10, 64)
}

func readKey(dir, file, key string) (int64, error) {
	if dir == "" {
		return 0, os.ErrNotExist
	}
	text, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		return 0, err
	}
	for _, line := range strings.Split(string(text), "\n") {
		if name, value, _ := strings.Cut(line, " "); name == key {
			return strconv.ParseInt(value, 10, 64)
		}
	}
	return 0, fmt.Errorf("%s has no %s", file, key)
}
