// Package boot composes the list of system calls that turns a clone of us into a sandbox's first
// process, and executes it.
//
// Nothing of our Go program runs inside a sandbox: between clone(2) and execve(2) stands a list, made
// by ordinary code, that a test can print. The order of its steps is content; each says why it stands
// where it does.
package boot

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/internal/linux"
	"pocket/runtime/rootfs"
	"pocket/runtime/seccomp"
)

// Plan is a sandbox's first process. Descriptors in it are 10 or above (see linux.FirstFD).
type Plan struct {
	Root rootfs.Plan
	// Template, when not nil, was made from a plan with the same Root and UserNS; no other sandbox of it may live.
	Template *Template

	UserNS  *os.File // the user namespace to be in; nil: ours, which only root can do
	Stored  *os.File // without UserNS: user namespace whose map translates the owners of an overlay's lower layers
	Owners  *os.File // user namespace whose map translates owners (see rootfs.Mount); nil: UserNS
	Entries []int    // descriptors of v1 groups' tasks files
	Folder  int      // descriptor of a v2 group, or -1

	SetupUID, SetupGID int   // mapped ids that own what is set up
	UID, GID           int   // of the program
	Supplementary      []int // further groups of it; only where setgroups(2) is allowed in UserNS
	HostNetwork        bool
	NetNS              *os.File // the network namespace to be in, owned by UserNS; nil: a new one
	Loopback           bool
	Hostname           string
	Domainname         string // "" leaves it
	Dir                string

	Rlimits      []Rlimit
	Raised       []Rlimit        // to be set with our own privileges first, so that Rlimits can be that high
	OOMScore     int             // oom_score_adj; 0 leaves ours
	Affinity     []byte          // CPU mask for sched_setaffinity(2); nil leaves it
	Capabilities []int           // nil: none, and no way to get any
	Filter       *seccomp.Filter // nil: none; where it notifies, its listener is handed out last

	Stdin, Stdout, Stderr int // ignored with Terminal
	Result                int
	Handout               int    // unix socket over which descriptors are handed out, or -1
	Terminal              bool   // hand out a new terminal's master
	Rows, Cols            uint16 // the terminal's size
	Keep                  string // hand out this folder's descriptor, before the terminal's

	Args, Env []string
	NoInit    bool // the program itself is the first process; Result is what linux.ParseStep reads
}

// Rlimit is one setrlimit(2).
type Rlimit struct {
	Resource int
	Name     string
	unix.Rlimit
}

// composer collects the lists.
type composer struct {
	Plan
	here  *linux.Program // what must be done with our own privileges, before the clone
	inner *linux.Program
	taken []*linux.Value // descriptors that here opened
	// native says that the program stays in our own user namespace.
	native bool
	// sharing says that what is made is a template: no process will run in it.
	sharing bool
	made    map[string]bool

	layers []int // descriptors of overlays' folders
	failed error // of what had to be done while the lists were made
}

// Spawn makes the sandbox's first process and returns its pid, a child of ours, and the CPU time that
// another process spent on it within the control group. An error names the step that failed; then no
// process is left.
func Spawn(plan Plan) (pid int, spent time.Duration, err error) {
	c := newComposer(plan)
	defer c.closeLayers()
	spawn, err := c.compose()
	if err != nil {
		return 0, 0, err
	}
	return c.spawn(spawn)
}

func newComposer(plan Plan) *composer {
	c := &composer{Plan: plan, here: &linux.Program{}, inner: &linux.Program{}, made: map[string]bool{"/": true}, native: plan.UserNS == nil}
	if !linux.Privileged() || plan.UserNS == nil {
		c.here = c.inner // who does it inside loses no privilege on the way
	}
	return c
}

// spawn does what takes our own privileges and executes the lists.
func (c *composer) spawn(spawn *linux.Spawn) (pid int, spent time.Duration, err error) {
	if c.here != c.inner && len(c.here.Calls) > 0 {
		defer c.release()
		if err := c.take(); err != nil {
			return 0, 0, cure(err)
		}
	}
	dumpable.RLock() // its last step makes us dumpable again, which must not happen while another joins
	defer dumpable.RUnlock()
	pid, err = spawn.Run()
	return pid, spawn.Spent, cure(err)
}

// compose makes the lists: outer enters what exists already, inner makes and enters the rest.
func (c *composer) compose() (*linux.Spawn, error) {
	if c.Template != nil {
		err := c.copied()
		return c.outline(c.flags()), err
	}
	if err := c.assemble(); err != nil {
		return nil, err
	}
	return c.outline(c.flags()), c.program()
}

// flags are the namespaces that are made anew.
func (c *composer) flags() uintptr {
	flags := uintptr(unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS | unix.CLONE_NEWCGROUP)
	if !c.HostNetwork && c.NetNS == nil && c.Template == nil {
		flags |= unix.CLONE_NEWNET
	}
	return flags
}

// assemble makes the root in a copy of the host's mounts.
func (c *composer) assemble() error {
	if len(c.Root.Mounts) == 0 || c.Root.Mounts[0].Target != "/" {
		return errors.New("the root file system's plan does not begin with /")
	}
	c.private()
	sources := c.sources()
	if c.failed != nil {
		return c.failed
	}
	c.pivot(sources[0])
	c.place(sources[1:])
	return nil
}

// program is what remains between the root and the program.
func (c *composer) program() error {
	c.network()
	if err := c.descriptors(); err != nil {
		return err
	}
	return c.confine()
}

// outline puts the lists together.
func (c *composer) outline(flags uintptr) *linux.Spawn {
	after := &linux.Program{}
	// setresuid made the memory that H shares with us undumpable, so /proc/self would stay root's.
	after.Add(linux.Call{Step: "become dumpable again", Nr: unix.SYS_PRCTL, Args: []any{unix.PR_SET_DUMPABLE, 1, 0, 0, 0}})
	return &linux.Spawn{Flags: unix.CLONE_FILES, Cgroup: c.Folder, Outer: c.enter(), InnerFlags: flags, Inner: c.inner, After: after}
}

// enter is what the outer child does: everything that is entered and must be so before the namespaces
// are made, which then belong to the user namespace and start at the control group.
func (c *composer) enter() *linux.Program {
	p := &linux.Program{}
	for _, fd := range c.Entries {
		p.Add(linux.Call{Step: "enter the control group", Nr: unix.SYS_WRITE, Args: []any{fd, "0", 1}})
	}
	c.outside(p)
	if c.UserNS != nil {
		p.Add(own(c.UserNS, c.SetupUID, c.SetupGID)...)
	} else {
		p.Add(linux.Call{Step: "drop the supplementary groups", Nr: unix.SYS_SETGROUPS, Args: []any{0, 0}})
	}
	if c.Template != nil {
		c.enterTemplate(p)
	}
	if c.NetNS != nil {
		// It takes CAP_SYS_ADMIN in its owner and in where we are (setns(2)); by now we have both.
		p.Add(linux.Call{Step: "enter the network namespace", Nr: unix.SYS_SETNS, Args: []any{int(c.NetNS.Fd()), unix.CLONE_NEWNET}})
	}
	return p
}

// take runs the privileged part and moves its descriptors out of the way.
func (c *composer) take() error {
	if err := c.here.Here(); err != nil {
		return err
	}
	for _, v := range c.taken {
		if err := v.Lift(); err != nil {
			return err
		}
	}
	return nil
}

func (c *composer) release() {
	for _, v := range c.taken {
		if v.Get() > 0 {
			_ = unix.Close(v.Get()) // a detached mount disappears with its descriptor
		}
	}
}

func (c *composer) add(step string, nr uintptr, args ...any) {
	c.inner.Add(linux.Call{Step: step, Nr: nr, Args: args})
}

func (c *composer) try(step string, pass unix.Errno, nr uintptr, args ...any) {
	c.inner.Add(linux.Call{Step: step, Nr: nr, Args: args, Pass: pass})
}

func stepf(format string, args ...any) string { return fmt.Sprintf(format, args...) }
