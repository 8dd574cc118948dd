package boot

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"pocket/runtime/idmap"
	"pocket/runtime/internal/linux"
)

// Companion is a program of the host that runs as the root of a sandbox's user namespace, so that it may do
// to the sandbox's network what the namespace's owner may, and on the host no more than an ordinary user.
type Companion struct {
	UserNS         *os.File
	IDs            idmap.Map // of UserNS; its first ids are those the program gets
	Path           string    // absolute
	Args, Env      []string  // Args[0] is the program's name
	Stdout, Stderr *os.File  // nil: /dev/null
	// Tun shows it a /dev/net/tun that anybody may open. Only root can; for others it is left as it is.
	Tun bool
}

// Start starts the program and returns its pid, a child of ours that the caller must wait for. The kernel
// ends it when we end (PR_SET_PDEATHSIG).
func (c Companion) Start() (int, error) {
	pidfd, err := linux.OwnPidfd()
	if err != nil {
		return 0, err
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return 0, err
	}
	defer null.Close()
	p := &linux.Program{}
	for i, f := range []*os.File{null, c.Stdout, c.Stderr} {
		if f == nil {
			f = null
		}
		high, err := linux.Lift(f.Fd())
		if err != nil {
			return 0, err
		}
		defer unix.Close(high)
		p.Add(linux.Call{Step: "give a descriptor", Nr: unix.SYS_DUP3, Args: []any{high, i, 0}})
	}
	for _, s := range linux.IgnoredSignals() {
		p.Add(linux.Call{Step: "reset " + unix.SignalName(s), Nr: unix.SYS_RT_SIGACTION, Args: []any{int(s), make([]byte, 32), 0, 8}})
	}
	if c.Tun && linux.Privileged() {
		p.Add(tun()...)
	}
	p.Add(own(c.UserNS, c.IDs.UIDs[0].Inside, c.IDs.GIDs[0].Inside)...)
	p.Add(tie(pidfd)...)
	p.Add(
		linux.Call{Step: "close the descriptors", Nr: unix.SYS_CLOSE_RANGE, Args: []any{3, ^uint(0) >> 32, unix.CLOSE_RANGE_CLOEXEC}},
		// All are blocked while we are cloned, and the mask outlives execve(2).
		linux.Call{Step: "unblock the signals", Nr: unix.SYS_RT_SIGPROCMASK, Args: []any{unix.SIG_SETMASK, make([]byte, 8), 0, 8}},
		linux.Call{Step: "start " + c.Path, Nr: unix.SYS_EXECVEAT, Args: []any{unix.AT_FDCWD, c.Path, c.Args, c.Env, 0}})
	return alone(p)
}

// tun makes the device anew in mounts of the process's own: the host's may be root's alone, where no udev
// gives it the permissions that its makers meant it to have (tuntap.rst, 3.2: "no harm in allowing the
// device to be accessible by non-root users").
func tun() []linux.Call {
	const device = "/dev/net/tun"
	number := int(unix.Mkdev(10, 200)) // devices.txt
	return []linux.Call{
		{Step: "make mounts of its own", Nr: unix.SYS_UNSHARE, Args: []any{unix.CLONE_NEWNS}},
		{Step: "make the mounts private", Nr: unix.SYS_MOUNT, Args: []any{"none", "/", 0, uintptr(unix.MS_REC | unix.MS_PRIVATE), 0}},
		{Step: "mount tmpfs on /dev/net", Nr: unix.SYS_MOUNT, Args: []any{"tmpfs", "/dev/net", "tmpfs", uintptr(unix.MS_NOSUID | unix.MS_NOEXEC), "size=4k,mode=755"}},
		{Step: "make " + device, Nr: unix.SYS_MKNODAT, Args: []any{unix.AT_FDCWD, device, unix.S_IFCHR | 0o666, number}},
		{Step: "open " + device + " to all", Nr: unix.SYS_FCHMODAT, Args: []any{unix.AT_FDCWD, device, 0o666}},
	}
}

// alone runs a program in a process of its own, which has the caller's namespaces to begin with.
func alone(p *linux.Program) (int, error) {
	dumpable.RLock()
	defer dumpable.RUnlock()
	pid, err := (&linux.Spawn{Cgroup: -1, Outer: p}).Run()
	// Its change of ids made the memory that it shared with us undumpable; see compose.
	return pid, errors.Join(err, unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0))
}

// own are the steps by which a process becomes the owner of what is made in a user namespace.
func own(userNS *os.File, uid, gid int) []linux.Call {
	return []linux.Call{
		// Before setns: in a user namespace whose setgroups is denied it fails. An ordinary user may never.
		{Step: "drop the supplementary groups", Nr: unix.SYS_SETGROUPS, Args: []any{0, 0}, Pass: unix.EPERM},
		{Step: "enter the user namespace", Nr: unix.SYS_SETNS, Args: []any{int(userNS.Fd()), unix.CLONE_NEWUSER}},
		{Step: "set the group ids", Nr: unix.SYS_SETRESGID, Args: []any{gid, gid, gid}},
		{Step: "set the user ids", Nr: unix.SYS_SETRESUID, Args: []any{uid, uid, uid}},
	}
}

// tie ends the process when we end; a change of identity after it would undo it (prctl(2)).
func tie(pidfd int) []linux.Call {
	poll := &unix.PollFd{Fd: int32(pidfd), Events: unix.POLLIN}
	return []linux.Call{
		{Step: "tie the process to its monitor", Nr: unix.SYS_PRCTL, Args: []any{unix.PR_SET_PDEATHSIG, int(unix.SIGKILL), 0, 0, 0}},
		{Step: "look whether the monitor lives", Nr: unix.SYS_PPOLL, Zero: true,
			Args: []any{linux.Ref(poll), 1, linux.Ref(&unix.Timespec{}), 0, 0}},
	}
}

// NetNS is a network namespace that a process of ours holds, so that it has a name: /proc/PID/ns/net.
type NetNS struct {
	File *os.File
	PID  int // the holder's
	end  *os.File
}

// NewNetNS makes an empty network namespace that belongs to the user namespace. It must be closed; it
// lives on while File's copies are open or a process is in it.
func NewNetNS(userNS *os.File, ids idmap.Map) (*NetNS, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make a pipe: %w", err)
	}
	defer r.Close()
	p := &linux.Program{}
	p.Add(own(userNS, ids.UIDs[0].Inside, ids.GIDs[0].Inside)...)
	p.Add(
		linux.Call{Step: "make a network namespace", Nr: unix.SYS_UNSHARE, Args: []any{unix.CLONE_NEWNET}},
		// A process may look only at one that has no capability more than itself (ptrace(2), "access mode
		// checking"): so that a companion which has given some up can open the holder's /proc/PID/ns/net.
		linux.Call{Step: "lock the capabilities", Nr: unix.SYS_PRCTL, Args: []any{unix.PR_SET_SECUREBITS, noCapabilities, 0, 0, 0}})
	pid, err := spawnNetHolder(p, r)
	if err != nil {
		w.Close()
		return nil, cure(err)
	}
	n := &NetNS{PID: pid, end: w}
	fd, err := unix.Open(fmt.Sprintf("/proc/%d/ns/net", pid), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the network namespace: %w", err), n.Release())
	}
	n.File = os.NewFile(uintptr(fd), "network namespace")
	return n, nil
}

func spawnNetHolder(p *linux.Program, r *os.File) (int, error) {
	done, err := wait(p, r)
	if err != nil {
		return 0, err
	}
	defer done()
	return alone(p)
}

// Release ends the holder: the name is gone, the file stays.
func (n *NetNS) Release() error {
	if n.end == nil {
		return nil
	}
	err := n.end.Close() // the holder reads the end and exits
	n.end = nil
	_, waitErr := unix.Wait4(n.PID, nil, 0, nil)
	return errors.Join(err, waitErr)
}

// Close ends the holder and closes the file.
func (n *NetNS) Close() error { return errors.Join(n.Release(), n.File.Close()) }
