// Package cgroup puts a process tree in a control group, meters and limits it: v2, v1 per controller, or
// none, behind one Group.
//
// What a host offers is found out by doing: a group is made, a limit written and read back, per
// controller (cgroup-v2.rst; cgroup-v1/memory.rst). Processes are never moved by pid, which costs an RCU
// grace period: a child is born into a v2 group or enters a v1 group by itself.
package cgroup

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/hint"
)

// Controller is what one controller can do for us on this host.
type Controller struct {
	Name    string // "memory", "cpu", "cpuacct", "pids"
	Version int    // 2, 1, or 0: not usable
	Dir     string // the folder in which groups are made
	Reason  error  // why it is not usable; may carry a hint
}

// Host is where control groups can be made on this host. The zero value and nil are a host without any.
type Host struct {
	Memory, CPU, Account, Pids Controller
	Freezer, Cpuset, Block     Controller // not tried before they are needed; see Group
	unified                    string     // folder of v2 groups, "" when there is none
	serial                     atomic.Int64
}

// leaf is where processes of a delegated v2 group are moved aside, so that it may have child groups with
// controllers (cgroup-v2.rst, "No Internal Process Constraint").
const leaf = "pocket-host"

// Detect finds out what this process may use. It also removes groups that a killed process of ours left.
func Detect() *Host {
	h := &Host{}
	mounts, err := readMounts("/proc/self/mountinfo", "/proc/self/cgroup")
	if err != nil {
		h.each(func(c *Controller) { c.Reason = err })
		return h
	}
	h.Memory.Name, h.CPU.Name, h.Account.Name, h.Pids.Name = "memory", "cpu", "cpuacct", "pids"
	unified := openUnified(mounts)
	h.each(func(c *Controller) {
		if *c = choose(c.Name, mounts, unified); c.Version == 2 {
			h.unified = unified.base
		}
	})
	h.Freezer, h.Cpuset, h.Block = more("freezer", mounts, unified), more("cpuset", mounts, unified), more("blkio", mounts, unified)
	for _, dir := range h.dirs() {
		removeStale(dir)
	}
	return h
}

// more finds a controller that no limit depends on alone: it is there if its folder lets us make groups.
// cgroup.freeze is in every v2 group; what v1 calls blkio is io in v2.
func more(name string, mounts hierarchies, u unified) Controller {
	c := Controller{Name: name}
	if dir, ok := mounts.v1[name]; ok {
		if err := unix.Access(dir, unix.W_OK); err != nil {
			c.Reason = fmt.Errorf("cgroup v1 %s: %w", name, err)
			return c
		}
		c.Version, c.Dir = 1, dir
		return c
	}
	v2 := map[string]string{"blkio": "io"}[name]
	if v2 == "" {
		v2 = name
	}
	if u.base != "" && (name == "freezer" || u.has(v2)) {
		c.Version, c.Dir = 2, u.base
		return c
	}
	c.Reason = fmt.Errorf("cgroup v2: no %s controller here", v2)
	return c
}

func (h *Host) each(f func(*Controller)) {
	for _, c := range []*Controller{&h.Memory, &h.CPU, &h.Account, &h.Pids} {
		f(c)
	}
}

// Controllers lists the controllers in a fixed order, for people.
func (h *Host) Controllers() []Controller {
	if h == nil {
		return nil
	}
	return []Controller{h.Memory, h.CPU, h.Account, h.Pids, h.Freezer, h.Cpuset, h.Block}
}

func (h *Host) dirs() []string {
	var dirs []string
	seen := map[string]bool{"": true}
	for _, c := range h.Controllers() {
		if !seen[c.Dir] {
			seen[c.Dir] = true
			dirs = append(dirs, c.Dir)
		}
	}
	return dirs
}

// choose takes the v1 hierarchy of a controller if it has one, else v2: a controller can be in one only.
func choose(name string, mounts hierarchies, u unified) Controller {
	c := Controller{Name: name}
	if dir, ok := mounts.v1[name]; ok {
		if err := probe(dir); err != nil {
			c.Reason = hint.With(fmt.Errorf("cgroup v1 %s: %w", name, err),
				"run as root, or boot with cgroup v2 and a delegated group")
			return c
		}
		c.Version, c.Dir = 1, dir
		return c
	}
	if err := u.usable(name); err != nil {
		c.Reason = err
		return c
	}
	c.Version, c.Dir = 2, u.base
	return c
}

// probe makes and removes a group, which tells more than any permission bit.
func probe(dir string) error {
	name := filepath.Join(dir, groupName(0))
	if err := os.Mkdir(name, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	if err := os.Remove(name); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil // another Host of this process is looking at the same time
}

func groupName(serial int64) string {
	return "pocket-" + strconv.Itoa(os.Getpid()) + "-" + strconv.FormatInt(serial, 10) + "-" + pidNamespace()
}

// pidNamespace names the PID namespace in which our number is ours (pid_namespaces(7)), or "" where /proc does not tell.
func pidNamespace() string {
	text, _ := os.Readlink("/proc/self/ns/pid")
	return strings.Trim(text, "pid:[]")
}

// removeStale removes empty groups of ours whose maker is dead, as far as the maker's number means here what it meant
// there: one in another PID namespace may be alive. A group with processes stays, as rmdir
// refuses it, but they are let go to where they were killed. Failures are no matter of this command.
func removeStale(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	here := "-" + pidNamespace()
	for _, e := range entries {
		rest, ours := strings.CutPrefix(e.Name(), "pocket-")
		maker, _, _ := strings.Cut(rest, "-")
		pid, err := strconv.Atoi(maker)
		if ours && strings.HasSuffix(rest, here) && err == nil && pid != os.Getpid() && isDead(pid) {
			_ = thawKilled(filepath.Join(dir, e.Name()))
			removeEmpty(filepath.Join(dir, e.Name()))
		}
	}
}

// isDead tells whether there is no such process, or one that nobody has waited for yet (proc_pid_stat(5), state).
func isDead(pid int) bool {
	if errors.Is(unix.Kill(pid, 0), unix.ESRCH) {
		return true
	}
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return errors.Is(err, os.ErrNotExist)
	}
	state := bytes.TrimSpace(stat[bytes.LastIndexByte(stat, ')')+1:])
	return len(state) > 0 && (state[0] == 'Z' || state[0] == 'X')
}

// removeEmpty removes a group without processes. For a moment after the last one's end the kernel still refuses.
func removeEmpty(dir string) {
	for wait := time.Millisecond; wait < 64*time.Millisecond; wait *= 2 {
		if err := unix.Rmdir(dir); err != unix.EBUSY || len(words(dir, "cgroup.procs")) > 0 {
			return
		}
		time.Sleep(wait) // the kernel offers no event for a v1 group that gets empty
	}
}

// thawKilled thaws a group in which something was killed while it was frozen: with v1 it would stand there for
// ever, and keep its memory and its files (cgroup-v1/freezer-subsystem.rst).
func thawKilled(dir string) error {
	state, err := os.ReadFile(filepath.Join(dir, "freezer.state"))
	if err != nil || strings.TrimSpace(string(state)) == "THAWED" {
		return err
	}
	for _, pid := range words(dir, "cgroup.procs") {
		status, err := os.ReadFile(filepath.Join("/proc", pid, "status"))
		if err == nil && killed(string(status)) {
			return set(dir, setting{"freezer.state", "THAWED", false})
		}
	}
	return nil
}

// killed tells from a /proc/PID/status whether SIGKILL waits for the process (proc_pid_status(5), SigPnd).
func killed(status string) bool {
	for line := range strings.Lines(status) {
		name, value, _ := strings.Cut(line, ":")
		if name != "SigPnd" && name != "ShdPnd" {
			continue
		}
		pending, err := strconv.ParseUint(strings.TrimSpace(value), 16, 64)
		if err == nil && pending&(1<<(unix.SIGKILL-1)) != 0 {
			return true
		}
	}
	return false
}
