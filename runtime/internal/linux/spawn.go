package linux

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

func vfork(nr, a1, a2, a3 uintptr) uintptr

// While a child has our memory its parent's thread stands still in the kernel, for as long as somebody keeps
// the child from going on: one inside may stop it, and a frozen control group does. Without these two the Go
// runtime would wait for that thread with its next collection, and all of us would stand still with it.
//
//go:linkname entersyscall runtime.entersyscall
func entersyscall()

//go:linkname exitsyscall runtime.exitsyscall
func exitsyscall()

// Without noescape the arguments would be moved to the heap: an allocation, by a child that must not run
// any of the Go runtime.
//
//go:noescape
func call(nr uintptr, args *[6]uintptr) uintptr

// Spawn is one process to be made: the Outer program runs in a vfork'd child of ours; in the middle of it
// the child makes the process proper, again by vfork and as our child too (CLONE_PARENT), which runs the
// Inner program, whose last call must be execve(2). When Inner is nil, Outer itself ends in execve.
type Spawn struct {
	Flags      uintptr // for clone(2) of the outer child, beside CLONE_VM and CLONE_VFORK
	Cgroup     int     // cgroup v2 folder's descriptor to be born in (CLONE_INTO_CGROUP), or -1
	Outer      *Program
	InnerFlags uintptr // for clone(2) of the inner one
	Inner      *Program
	After      *Program // run by the outer child when the inner one has executed its program

	// Patience is how long the inner child may take before it is killed, from when it exists; 0 is for ever.
	Patience time.Duration

	// Spent is, after Run, the CPU time that the outer child used.
	Spent time.Duration
}

// StepError says which step of a list failed.
type StepError struct {
	Step  string
	Errno unix.Errno
}

func (e *StepError) Error() string { return e.Step + ": " + e.Errno.Error() }

// Unwrap returns the errno.
func (e *StepError) Unwrap() error { return e.Errno }

// ErrHeld says that a child did not get to the end of its list in time, because it was stopped.
var ErrHeld = errors.New("something stops the process that is being made")

// job is Spawn as the child reads it and where it reports: plain memory, shared by CLONE_VM.
type job struct {
	outer, inner, after    unsafe.Pointer // first op
	nOuter, nInner, nAfter uintptr
	flags                  uintptr
	args                   *cloneArgs // nil for clone(2)
	innerFlags             uintptr
	pid                    uintptr // of the inner child, from when it exists (CLONE_PARENT_SETTID)
	list, index, errno     uintptr // what failed: list 1 outer, 2 inner, 3 after, 4 the inner clone
}

// cloneArgs is struct clone_args of clone3(2).
type cloneArgs struct {
	flags, pidfd, childTid, parentTid, exitSignal, stack, stackSize, tls, setTid, setTidSize, cgroup uint64
}

const vforkFlags = unix.CLONE_VM | unix.CLONE_VFORK

// Run makes the process and returns its pid, a child of ours that the caller must wait for. While it
// runs, this goroutine's thread stands still; everything the lists did not fail at has been done when it
// returns. An error is a *StepError or ErrHeld and leaves no process behind.
func (s *Spawn) Run() (int, error) {
	j := s.lower()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	// No signal may run a Go handler in a child that shares our memory.
	all, old := ^uint64(0), uint64(0)
	lost := s.guard(j)
	sigmask(&all, &old)
	pid := runOuter(j)
	sigmask(&old, nil)
	held := lost()
	runtime.KeepAlive(s)
	if errno := errnoOf(pid); errno != 0 {
		return 0, &StepError{"make a process", errno}
	}
	if s.Inner == nil && j.list == 0 {
		return int(pid), nil
	}
	s.Spent = reap(int(pid))
	if j.list == 0 && !held {
		return int(j.pid), nil
	}
	if j.pid != 0 {
		_ = unix.Kill(int(j.pid), unix.SIGKILL) // still unreaped, so the pid is ours
		reap(int(j.pid))
	}
	if held {
		return 0, ErrHeld
	}
	return 0, s.stepError(j)
}

// guard kills the inner child when it takes longer than Patience; what it returns ends that and says whether
// it happened.
func (s *Spawn) guard(j *job) (lost func() bool) {
	if s.Patience == 0 {
		return func() bool { return false }
	}
	var mu sync.Mutex
	over, held := false, false
	timer := time.AfterFunc(s.Patience, func() {
		mu.Lock()
		defer mu.Unlock()
		if pid := atomic.LoadUintptr(&j.pid); pid != 0 && !over { // unreaped until it is over
			held = unix.Kill(int(pid), unix.SIGKILL) == nil
		}
	})
	return func() bool {
		timer.Stop()
		mu.Lock()
		defer mu.Unlock()
		over = true
		return held
	}
}

func (s *Spawn) lower() *job {
	j := &job{flags: s.Flags | vforkFlags | uintptr(unix.SIGCHLD), innerFlags: s.InnerFlags | vforkFlags | unix.CLONE_PARENT | unix.CLONE_PARENT_SETTID}
	if s.Cgroup >= 0 {
		args := &cloneArgs{flags: uint64(s.Flags) | vforkFlags | unix.CLONE_INTO_CGROUP,
			exitSignal: uint64(unix.SIGCHLD), cgroup: uint64(s.Cgroup)}
		s.Outer.Keep(args)
		j.args = args
	}
	s.Outer.Keep(j)
	j.outer, j.nOuter = address(s.Outer.lower())
	if s.Inner != nil {
		j.inner, j.nInner = address(s.Inner.lower())
		j.after, j.nAfter = address(s.After.lower())
	}
	return j
}

func address(ops []op) (unsafe.Pointer, uintptr) {
	return unsafe.Pointer(unsafe.SliceData(ops)), uintptr(len(ops))
}

func (s *Spawn) stepError(j *job) error {
	step := "make the first process in new namespaces"
	switch j.list {
	case 1:
		step = s.Outer.Calls[j.index].Step
	case 2:
		step = s.Inner.Calls[j.index].Step
	case 3:
		step = s.After.Calls[j.index].Step
	}
	if errno := unix.Errno(j.errno); errno != 0 {
		return &StepError{step, errno}
	}
	return &StepError{step, unix.EOWNERDEAD}
}

func reap(pid int) time.Duration {
	var usage unix.Rusage
	for {
		if _, err := unix.Wait4(pid, nil, unix.WALL, &usage); err != unix.EINTR {
			return CPU(usage)
		}
	}
}

func sigmask(set, old *uint64) {
	_, _, _ = unix.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK,
		uintptr(unsafe.Pointer(set)), uintptr(unsafe.Pointer(old)), 8, 0, 0)
}

func errnoOf(r uintptr) unix.Errno {
	if r > ^uintptr(4095) {
		return unix.Errno(-r)
	}
	return 0
}

// runOuter returns in the parent only. In the child nothing may return from this frame, which the
// parent is going to use again, nor call Go code that could grow the stack, allocate or block.
//
//go:nosplit
//go:norace
//go:noinline
func runOuter(j *job) uintptr {
	var pid uintptr
	entersyscall()
	if j.args != nil {
		pid = vfork(unix.SYS_CLONE3, uintptr(unsafe.Pointer(j.args)), unsafe.Sizeof(cloneArgs{}), 0)
	} else {
		pid = vfork(unix.SYS_CLONE, j.flags, 0, 0)
	}
	if pid != 0 {
		exitsyscall()
		return pid
	}
	if execute(j, 1, j.outer, j.nOuter) && j.nInner != 0 {
		pid = runInner(j)
		if pid > ^uintptr(4095) {
			j.list, j.errno = 4, -pid
		} else {
			j.pid = pid
			if j.list == 0 {
				execute(j, 3, j.after, j.nAfter)
			}
		}
	}
	exit()
	return 0
}

//go:nosplit
//go:norace
//go:noinline
func runInner(j *job) uintptr {
	pid := vfork(unix.SYS_CLONE, j.innerFlags|uintptr(unix.SIGCHLD), 0, uintptr(unsafe.Pointer(&j.pid)))
	if pid != 0 {
		return pid
	}
	execute(j, 2, j.inner, j.nInner)
	exit()
	return 0
}

// execute runs a list and says whether all of it succeeded; if not, the job says what failed.
//
//go:nosplit
//go:norace
//go:noinline
//go:nocheckptr
func execute(j *job, list uintptr, ops unsafe.Pointer, n uintptr) bool {
	var args [6]uintptr
	for i := uintptr(0); i < n; i++ {
		o := (*op)(unsafe.Add(ops, i*unsafe.Sizeof(op{})))
		args = o.arg
		for k := 0; k < 6; k++ {
			if o.from[k] != nil {
				args[k] = *o.from[k]
			}
		}
		r := call(o.nr, &args)
		failed := r > ^uintptr(4095)
		if failed && -r != o.pass && o.pass != uintptr(AnyErrno) || !failed && o.zero != 0 && r != 0 {
			j.list, j.index, j.errno = list, i, 0
			if failed {
				j.errno = -r
			}
			return false
		}
		if o.out != nil {
			*o.out = r
		}
	}
	return true
}

//go:nosplit
//go:norace
func exit() {
	var args [6]uintptr
	for {
		call(unix.SYS_EXIT_GROUP, &args)
	}
}

// CallName names a system call that Programs use, or gives its number.
func CallName(nr uintptr) string {
	if name, ok := names[nr]; ok {
		return name
	}
	return fmt.Sprintf("syscall_%d", nr)
}

var names = map[uintptr]string{
	unix.SYS_WRITE: "write", unix.SYS_CLOSE: "close", unix.SYS_IOCTL: "ioctl", unix.SYS_SOCKET: "socket",
	unix.SYS_OPENAT: "openat", unix.SYS_MKDIRAT: "mkdirat", unix.SYS_SYMLINKAT: "symlinkat",
	unix.SYS_MOUNT: "mount", unix.SYS_UMOUNT2: "umount2", unix.SYS_PIVOT_ROOT: "pivot_root",
	unix.SYS_CHDIR: "chdir", unix.SYS_FCHDIR: "fchdir", unix.SYS_DUP3: "dup3", unix.SYS_FCHMOD: "fchmod",
	unix.SYS_FCHMODAT: "fchmodat", unix.SYS_FCHOWNAT: "fchownat", unix.SYS_UMASK: "umask",
	unix.SYS_SETHOSTNAME: "sethostname", unix.SYS_SETDOMAINNAME: "setdomainname", unix.SYS_PRLIMIT64: "prlimit64", unix.SYS_PRCTL: "prctl",
	unix.SYS_CAPSET: "capset", unix.SYS_SETGROUPS: "setgroups", unix.SYS_SETRESUID: "setresuid",
	unix.SYS_SETRESGID: "setresgid", unix.SYS_SETNS: "setns", unix.SYS_SECCOMP: "seccomp",
	unix.SYS_EXECVEAT: "execveat", unix.SYS_PPOLL: "ppoll", unix.SYS_KEYCTL: "keyctl",
	unix.SYS_RT_SIGACTION: "rt_sigaction", unix.SYS_SENDMSG: "sendmsg", unix.SYS_SETSID: "setsid",
	unix.SYS_OPEN_TREE: "open_tree", unix.SYS_MOVE_MOUNT: "move_mount", unix.SYS_FSOPEN: "fsopen",
	unix.SYS_FSCONFIG: "fsconfig", unix.SYS_FSMOUNT: "fsmount", unix.SYS_CLOSE_RANGE: "close_range",
	unix.SYS_MOUNT_SETATTR: "mount_setattr", unix.SYS_SCHED_SETAFFINITY: "sched_setaffinity",
	unix.SYS_UNSHARE: "unshare", unix.SYS_RT_SIGPROCMASK: "rt_sigprocmask", unix.SYS_MKNODAT: "mknodat",
}
