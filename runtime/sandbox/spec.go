// Package sandbox runs one process tree under namespaces and limits and says how it ended.
//
// A sandbox has no name and no record: Spec → Start → Process → Exit. The program (the payload) is
// started by an init of our own, which is PID 1 inside; when Wait returns, every process of the sandbox
// is dead, its control group is gone and no mount of it is left.
package sandbox

import (
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/cgroup"
	"pocket/runtime/idmap"
	"pocket/runtime/resource"
	"pocket/runtime/rootfs"
	"pocket/runtime/seccomp"
)

// Spec is what is to be run, and within what.
type Spec struct {
	Args     []string // the program and its arguments; Args[0] without a slash is looked up in Env's PATH inside
	Env      []string // "NAME=value"; nothing is added
	Dir      string   // working directory inside; "" means "/"
	Hostname string   // "" means "sandbox"
	Domain   string   // the NIS domain name (setdomainname(2)); "" leaves it
	Root     rootfs.Plan
	IDs      idmap.Map
	// Template, when not nil, was made from a Spec like this one; no other sandbox of it may live. It is for what is
	// run often: it takes no Live, Update or Pause.
	Template *Template
	UID, GID int // inside; both must be mapped
	// Supplementary are further groups of the program's; all must be mapped. There can be none where an ordinary
	// user mapped one id only, because setgroups(2) is denied then (user_namespaces(7)).
	Supplementary []int
	// Owners is a user namespace whose map translates the owners of files on the plan's mounts that ask for
	// it; nil: the sandbox's own. See UserNamespace.
	Owners *os.File

	// UserNS is the user namespace to be in, made with the map IDs (see UserNamespace); nil: a new one. Start
	// does not close it.
	UserNS *os.File
	// HostUsers leaves the user namespace out, which only root can: the program's root is the host's, held by
	// everything else. IDs must be idmap.None then. The lower layers of an overlay are taken to be stored with
	// idmap.Default's owners, and translated.
	HostUsers bool
	// NoInit makes the program itself the first process: signals that it has no handler for do not reach it
	// (pid_namespaces(7)), nobody waits for orphans but it, and everything inside ends with it. A program that
	// cannot be executed is an *ExecError of Start's.
	NoInit bool

	HostNetwork bool     // share the host's network instead of an empty network namespace
	NetNS       *os.File // the network namespace to be in, which UserNS must own; nil: a new one. Not closed.
	Loopback    bool     // bring the namespace's loopback up

	Capabilities []int           // capabilities kept, as numbers of capabilities(7); nil: none at all
	Seccomp      *seccomp.Filter // nil: unconfined

	Limits   resource.Limits
	Ulimits  []resource.Ulimit
	OOMScore int          // oom_score_adj, -1000 to 1000; 0 leaves ours
	Groups   *cgroup.Host // where control groups can be made; nil: none
	Live     bool         // it may be paused, updated and measured, for which it gets a group of every controller
	Strict   bool         // Start fails with a *NotEnforced when a limit would not hold firmly

	Stdin    *os.File // nil: /dev/null
	Stdout   Output
	Stderr   Output
	Terminal bool // the program gets a terminal of its own as 0, 1 and 2; its other end is Process.Terminal
	Rows     uint16
	Cols     uint16 // the terminal's size from the start; Process.Resize changes it

	// Keep names a folder inside whose descriptor stays open outside after the sandbox has ended
	// (Process.Kept): what a compiler left on a tmpfs can be read from there. "" for none.
	Keep string
}

// Output says where a stream of the program goes.
type Output struct {
	File   *os.File      // given to the program as it is; or
	Writer io.Writer     // receives a copy of what the program writes; an error of it is ignored
	Limit  resource.Size // with Writer: ends the sandbox once more than this was written; 0 means no limit
}

// Reason says what ended a sandbox.
type Reason string

// The reasons.
const (
	Exited      Reason = "exited" // the program ended by itself, by exit or by signal
	OverCPU     Reason = "cpu"    // the limit on CPU time
	OverWall    Reason = "wall"   // the limit on wall time
	OverMemory  Reason = "memory" // the kernel's OOM killer, or our poller
	OverOutput  Reason = "output"
	Interrupted Reason = "interrupted" // Kill was called
)

// OOM says whether the sandbox ran out of memory, from the kernel's counters only.
type OOM string

// The values of OOM.
const (
	OOMTrue    OOM = "true"
	OOMFalse   OOM = "false"
	OOMUnknown OOM = "unknown" // no memory controller here
)

// Exit is how a sandbox ended.
type Exit struct {
	Reason      Reason
	Code        int         // the program's exit code when Signal is 0
	Signal      unix.Signal // the signal that ended the program
	OOM         OOM
	Usage       resource.Usage
	Written     [2]int64 // bytes the program wrote to standard output and standard error, as far as read
	Enforcement []resource.Enforcement
	Denied      []Denied // what a profile that notifies would have refused
	Started     time.Time
	Finished    time.Time
}

// Status is the exit status that a shell would show: the code, or 128 plus the signal's number.
func (e Exit) Status() int {
	if e.Signal != 0 {
		return 128 + int(e.Signal)
	}
	return e.Code
}

// NotEnforced says which limits would not hold firmly here.
type NotEnforced struct{ Limits []resource.Enforcement }

func (e *NotEnforced) Error() string {
	text := "not enforced here:"
	for i, l := range e.Limits {
		if i > 0 {
			text += ","
		}
		text += " " + l.Limit + " " + l.Requested + " (by " + string(l.By) + ")"
	}
	return text
}

// ExecError says that the program itself could not be started: Wait returns it.
type ExecError struct {
	Path  string
	Errno unix.Errno
}

func (e *ExecError) Error() string { return "exec " + e.Path + ": " + e.Errno.Error() }

// Unwrap returns the errno, so that errors.Is(err, unix.ENOENT) works.
func (e *ExecError) Unwrap() error { return e.Errno }
