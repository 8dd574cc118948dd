package boot

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/hint"
	"pocket/runtime/internal/linux"
)

// ErrEnded says that there is nothing to join any more: the sandbox's first process is dead.
var ErrEnded = errors.New("the sandbox has ended")

// ErrDirectory says that a program that joins cannot have the working directory that it should.
var ErrDirectory = errors.New("change to the working directory")

// dumpable guards this process's attribute of that name (prctl(2), PR_SET_DUMPABLE): it belongs to the
// memory, which a process that joins a sandbox shares with us until it is confined. While it is off, nothing
// inside can trace that process or open its descriptors, which are ours (CVE-2016-9962).
var dumpable sync.RWMutex

// Joining is a program that enters a running sandbox.
type Joining struct {
	// Plan is as for Spawn, but for what makes the sandbox: Root, UserNS, Owners, SetupUID, SetupGID,
	// Hostname, HostNetwork, Loopback, Handout and Keep do not count. Dir must exist.
	Plan
	Init  int // the sandbox's first process
	Pidfd int // of Init, 10 or above; it tells that Init is still the same process
	// Told is the other end of Result's pipe; the byte that says that the step before the program has begun is
	// taken from it.
	Told *os.File
}

// Join makes a process that is a child of ours and a member of the sandbox's namespaces, and starts the
// program in it, confined as a payload. The program's end is the process's. The terminal, where one was asked
// for, is its outer end, non-blocking. Told ends when the program runs, or holds what
// linux.ParseStep reads. An error names the step that failed, or is ErrEnded; then no process is left.
//
// A change of this process's dumpable attribute by others while Join runs would open it to the sandbox.
func Join(j Joining) (pid int, terminal *os.File, err error) {
	c := &composer{Plan: j.Plan, inner: &linux.Program{}}
	c.here = c.inner
	master, slave := linux.NewValue("master"), linux.NewValue("terminal")
	namespaces, err := foreign(j.Init)
	if err == nil {
		err = c.owner(j.Init)
	}
	if err != nil {
		return 0, nil, cureJoin(err, over(j.Pidfd)) // of one that is ending, little can be read
	}
	c.native = namespaces&unix.CLONE_NEWUSER == 0
	spawn, err := c.joining(c.entering(j.Pidfd, namespaces, linux.Privileged()), master, slave)
	if err != nil {
		return 0, nil, err
	}
	// Everything that was read of /proc/PID is Init's if Init is alive now (pidfd_open(2)).
	if over(j.Pidfd) {
		return 0, nil, ErrEnded
	}
	pid, err = undumpable(spawn, j.Told)
	if slave.Get() > 0 {
		_ = unix.Close(slave.Get())
	}
	if err != nil {
		if master.Get() > 0 {
			_ = unix.Close(master.Get())
		}
		return 0, nil, cureJoin(err, over(j.Pidfd))
	}
	if j.Terminal {
		terminal = os.NewFile(uintptr(master.Get()), "terminal")
	}
	return pid, terminal, nil
}

// undumpable runs the spawn with the attribute off, and puts it back whatever happened, but not before the
// child has left our memory: execve(2) lets us go on a moment earlier (exec_mm_release in the kernel's
// fs/exec.c), and then our own binary is still its /proc/PID/exe.
func undumpable(spawn *linux.Spawn, told *os.File) (int, error) {
	dumpable.Lock()
	defer dumpable.Unlock()
	before, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	if err != nil {
		return 0, fmt.Errorf("read the dumpable attribute: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return 0, fmt.Errorf("become undumpable: %w", err)
	}
	pid, err := spawn.Run()
	if err == nil {
		awaitStep(told)
	}
	if before == 1 {
		_ = unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0) // fails for other values only
	}
	return pid, err
}

// awaitStep waits until the step before the program has begun. It may have been stopped or killed from inside
// before it could say so, but that too only after it had left our memory: so not for ever.
func awaitStep(told *os.File) {
	_ = told.SetReadDeadline(time.Now().Add(time.Second))
	_, _ = told.Read(make([]byte, 1))
	_ = told.SetReadDeadline(time.Time{})
}

// patience is how long the steps inside may take, which are a millisecond's work where nobody is in the way:
// until they are done, who is inside may stop them (kill(2)), and so whoever waits for them here.
const patience = 5 * time.Second

// joining composes the lists: the outer process enters everything and opens the terminal; the inner one,
// which exists because only a child is in an entered PID namespace (setns(2)), is confined.
func (c *composer) joining(outer *linux.Program, master, slave *linux.Value) (*linux.Spawn, error) {
	init, err := linux.InitFile()
	if err != nil {
		return nil, err
	}
	stdio := [3]any{c.Stdin, c.Stdout, c.Stderr}
	if c.Terminal {
		c.openTerminal(outer, master, slave)
		stdio = [3]any{slave, slave, slave}
	}
	for i, fd := range stdio {
		c.add("give descriptor "+strconv.Itoa(i), unix.SYS_DUP3, fd, i, 0)
	}
	c.add("give the result", unix.SYS_DUP3, c.Result, 3, 0)
	c.disown()
	c.closeAll(int(init.Fd()))
	c.add("set the umask", unix.SYS_UMASK, 0o022)
	c.add(ErrDirectory.Error()+" "+c.Dir, unix.SYS_CHDIR, c.Dir)
	c.limits()
	c.capabilities()
	c.filter(int(init.Fd()))
	// By way of the init's file and not at once: until then our own binary is /proc/self/exe.
	c.add("start the step before the program", unix.SYS_EXECVEAT, int(init.Fd()), "", c.initArgs("exec"), c.Env, unix.AT_EMPTY_PATH)
	return &linux.Spawn{Flags: unix.CLONE_FILES, Cgroup: c.Folder, Outer: outer, Inner: c.inner, After: &linux.Program{}, Patience: patience}, nil
}

// entering is what the outer process does. The control groups come first: their files are ours to write only
// with our own identity.
func (c *composer) entering(pidfd int, namespaces int, privileged bool) *linux.Program {
	p := &linux.Program{}
	for _, fd := range c.Entries {
		p.Add(linux.Call{Step: "enter the control group", Nr: unix.SYS_WRITE, Args: []any{fd, "0", 1}})
	}
	c.outside(p)
	p.Add(linux.Call{Step: "drop the supplementary groups", Nr: unix.SYS_SETGROUPS, Args: []any{0, 0}, Pass: unix.EPERM})
	first := namespaces
	if privileged {
		// A namespace that the sandbox shares with others may belong to another user namespace than its own,
		// where we are nobody once we have entered that.
		first &^= unix.CLONE_NEWUSER
	}
	for _, flags := range []int{first, namespaces &^ first} {
		if flags != 0 {
			p.Add(linux.Call{Step: "enter the sandbox's namespaces", Nr: unix.SYS_SETNS, Args: []any{pidfd, flags}})
		}
	}
	p.Add(linux.Call{Step: "set the group ids", Nr: unix.SYS_SETRESGID, Args: []any{c.SetupGID, c.SetupGID, c.SetupGID}})
	p.Add(linux.Call{Step: "set the user ids", Nr: unix.SYS_SETRESUID, Args: []any{c.SetupUID, c.SetupUID, c.SetupUID}})
	return p
}

// openTerminal opens a terminal of the sandbox's own devpts. The outer process shares its descriptors with
// us, so that the numbers are good here too. The peer is opened by ioctl: a name could have been swapped.
func (c *composer) openTerminal(p *linux.Program, master, slave *linux.Value) {
	p.Add(
		linux.Call{Step: "open a terminal", Nr: unix.SYS_OPENAT, Out: master,
			Args: []any{unix.AT_FDCWD, "/dev/pts/ptmx", unix.O_RDWR | unix.O_NOCTTY | unix.O_NONBLOCK | unix.O_CLOEXEC}},
		linux.Call{Step: "unlock the terminal", Nr: unix.SYS_IOCTL, Args: []any{master, unix.TIOCSPTLCK, make([]byte, 4)}},
		linux.Call{Step: "open the terminal's peer", Nr: unix.SYS_IOCTL, Out: slave,
			Args: []any{master, unix.TIOCGPTPEER, unix.O_RDWR | unix.O_NOCTTY | unix.O_CLOEXEC}},
		linux.Call{Step: "size the terminal", Nr: unix.SYS_IOCTL,
			Args: []any{master, unix.TIOCSWINSZ, linux.Ref(&unix.Winsize{Row: c.Rows, Col: c.Cols})}},
		linux.Call{Step: "own the terminal", Nr: unix.SYS_FCHOWNAT, Pass: linux.AnyErrno,
			Args: []any{slave, "", c.UID, c.GID, unix.AT_EMPTY_PATH}},
	)
}

// namespaceKinds are the names in /proc/PID/ns with their flags for setns(2).
var namespaceKinds = []struct {
	name string
	flag int
}{
	{"user", unix.CLONE_NEWUSER}, {"mnt", unix.CLONE_NEWNS}, {"pid", unix.CLONE_NEWPID}, {"net", unix.CLONE_NEWNET},
	{"ipc", unix.CLONE_NEWIPC}, {"uts", unix.CLONE_NEWUTS}, {"cgroup", unix.CLONE_NEWCGROUP},
}

// foreign are the namespaces of the process that are not ours too: its own user namespace cannot be
// entered (EINVAL), and one shared with the host not by an ordinary user (EPERM).
func foreign(pid int) (int, error) {
	flags := 0
	for _, kind := range namespaceKinds {
		theirs, err := os.Stat(fmt.Sprintf("/proc/%d/ns/%s", pid, kind.name))
		if errors.Is(err, os.ErrNotExist) {
			return 0, ErrEnded
		}
		if err != nil {
			return 0, hint.With(fmt.Errorf("look at the sandbox's namespaces: %w", err), "be the user who started it")
		}
		ours, err := os.Stat("/proc/self/ns/" + kind.name)
		if err != nil {
			return 0, fmt.Errorf("look at our own namespaces: %w", err)
		}
		if !os.SameFile(theirs, ours) {
			flags |= kind.flag
		}
	}
	return flags, nil
}

// owner takes the ids that own what is set up: the first that are mapped.
func (c *composer) owner(pid int) (err error) {
	if c.SetupUID, err = firstMapped(pid, "uid_map"); err == nil {
		c.SetupGID, err = firstMapped(pid, "gid_map")
	}
	return err
}

func firstMapped(pid int, file string) (int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
	if err != nil {
		return 0, fmt.Errorf("read the sandbox's ids: %w", err)
	}
	fields := strings.Fields(string(text))
	if len(fields) == 0 {
		return 0, ErrEnded
	}
	return strconv.Atoi(fields[0])
}

// over says whether the process of a pidfd has ended, which makes it readable (pidfd_open(2)).
func over(pidfd int) bool {
	fds := []unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}
	n, err := unix.Poll(fds, 0)
	return err == nil && n > 0
}

func cureJoin(err error, ended bool) error {
	var step *linux.StepError
	switch {
	case ended:
		return ErrEnded
	case !errors.As(err, &step):
		return err
	case step.Errno == unix.ESRCH && strings.HasPrefix(step.Step, "enter the sandbox's"):
		return ErrEnded
	case step.Errno == unix.EACCES && step.Step == "make a process": // clone3(2), CLONE_INTO_CGROUP
		return hint.With(fmt.Errorf("enter the sandbox's control group: %w", err),
			"come from the delegated group in which it was started, as by systemd-run --user --scope -p Delegate=yes")
	case step.Step == "open a terminal" && step.Errno == unix.ENOENT:
		return hint.With(err, "leave -t out: this sandbox has no /dev/pts")
	case strings.HasPrefix(step.Step, ErrDirectory.Error()):
		dir := strings.TrimPrefix(step.Step, ErrDirectory.Error()+" ")
		return hint.With(fmt.Errorf("%w %s: %w", ErrDirectory, dir, step.Errno), "choose a folder that exists inside, with -w")
	}
	return err
}
