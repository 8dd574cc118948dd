package boot

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"pocket/runtime/internal/linux"
)

// Again is this program, executed once more in namespaces of its own, to do there what Go code can do
// and a list of system calls cannot. It runs nothing of a container: only our own executable.
type Again struct {
	UserNS *os.File // to be root in; nil: stay who we are
	Args   []string // the whole command line, the program's name first
	Env    []string
	Files  []*os.File // descriptors 0, 1, 2 and so on; all others are closed
}

// Start starts the program and returns its pid, a child of ours that must be waited for. It has a mount
// namespace of its own, a copy of ours whose mounts do not travel back, and where UserNS is given all
// capabilities in that one. An error names the step that failed; then no process is left.
func (a *Again) Start() (int, error) {
	self, err := os.Open("/proc/self/exe")
	if err != nil {
		return 0, fmt.Errorf("open our own program: %w", err)
	}
	defer self.Close()
	program := &linux.Program{}
	a.enter(program)
	high, err := a.descriptors(program, self)
	defer func() {
		for _, fd := range high {
			_ = unix.Close(fd) // duplicates
		}
	}()
	if err != nil {
		return 0, err
	}
	dumpable.RLock() // as in Spawn
	defer dumpable.RUnlock()
	pid, err := (&linux.Spawn{Cgroup: -1, Outer: program}).Run()
	if a.UserNS != nil {
		// The change of identity made the memory that the child shared with us undumpable, so that
		// /proc/self would stay root's (proc(5)).
		err = errors.Join(err, unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0))
	}
	return pid, cure(err)
}

// enter makes the namespaces: the mount namespace after the identity, because it belongs to the user
// namespace that its maker is in.
func (a *Again) enter(p *linux.Program) {
	if a.UserNS != nil {
		p.Add(
			// Before setns: in a user namespace whose setgroups is denied it fails. An ordinary user may never.
			linux.Call{Step: "drop the supplementary groups", Nr: unix.SYS_SETGROUPS, Args: []any{0, 0}, Pass: unix.EPERM},
			linux.Call{Step: "enter the user namespace", Nr: unix.SYS_SETNS, Args: []any{int(a.UserNS.Fd()), unix.CLONE_NEWUSER}},
			linux.Call{Step: "set the group ids", Nr: unix.SYS_SETRESGID, Args: []any{0, 0, 0}},
			linux.Call{Step: "set the user ids", Nr: unix.SYS_SETRESUID, Args: []any{0, 0, 0}},
		)
	}
	p.Add(
		linux.Call{Step: "make a mount namespace", Nr: unix.SYS_UNSHARE, Args: []any{unix.CLONE_NEWNS}},
		linux.Call{Step: "make the mounts private", Nr: unix.SYS_MOUNT, Args: []any{"none", "/", 0, uintptr(unix.MS_REC | unix.MS_PRIVATE), 0}},
		linux.Call{Step: "clear the umask", Nr: unix.SYS_UMASK, Args: []any{0}},
	)
}

// descriptors moves the files out of the way of their targets, gives them, and executes.
func (a *Again) descriptors(p *linux.Program, self *os.File) (high []int, err error) {
	executable, err := a.lift(self.Fd())
	if err != nil {
		return nil, err
	}
	high = append(high, executable)
	for i, f := range a.Files {
		fd, err := a.lift(f.Fd())
		if err != nil {
			return high, err
		}
		high = append(high, fd)
		p.Add(linux.Call{Step: stepf("give descriptor %d", i), Nr: unix.SYS_DUP3, Args: []any{fd, i, 0}})
	}
	p.Add(
		linux.Call{Step: "close the descriptors", Nr: unix.SYS_CLOSE_RANGE,
			Args: []any{len(a.Files), ^uint(0) >> 32, unix.CLOSE_RANGE_CLOEXEC}},
		linux.Call{Step: "execute our own program again", Nr: unix.SYS_EXECVEAT,
			Args: []any{executable, "", a.Args, a.Env, unix.AT_EMPTY_PATH}},
	)
	return high, nil
}

// lift duplicates fd to a number that none of the targets has.
func (a *Again) lift(fd uintptr) (int, error) {
	high, err := unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, max(len(a.Files), linux.FirstFD))
	if err != nil {
		return -1, fmt.Errorf("duplicate a descriptor: %w", err)
	}
	return high, nil
}
