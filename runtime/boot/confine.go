package boot

import (
	"encoding/binary"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"pocket/runtime/internal/linux"
)

// network names the sandbox and, if asked, brings its loopback up, which the namespace's owner may.
func (c *composer) network() {
	c.add("set the host name", unix.SYS_SETHOSTNAME, c.Hostname, len(c.Hostname))
	if c.Domainname != "" {
		c.add("set the domain name", unix.SYS_SETDOMAINNAME, c.Domainname, len(c.Domainname))
	}
	if c.HostNetwork || !c.Loopback {
		return
	}
	fd := linux.NewValue("socket")
	request := make([]byte, 40) // struct ifreq: name, flags (netdevice(7))
	copy(request, "lo")
	binary.NativeEndian.PutUint16(request[unix.IFNAMSIZ:], unix.IFF_UP|unix.IFF_RUNNING)
	c.inner.Add(linux.Call{Step: "bring the loopback up", Nr: unix.SYS_SOCKET, Out: fd,
		Args: []any{unix.AF_INET, unix.SOCK_DGRAM | unix.SOCK_CLOEXEC, 0}})
	c.add("bring the loopback up", unix.SYS_IOCTL, fd, unix.SIOCSIFFLAGS, request)
}

// descriptors gives the program its 0, 1 and 2, the init its result, and hands out what outside needs.
func (c *composer) descriptors() error {
	if c.Keep != "" {
		dir := linux.NewValue("kept")
		c.mkdirs(c.Keep)
		c.inner.Add(linux.Call{Step: "open " + c.Keep, Nr: unix.SYS_OPENAT, Out: dir,
			Args: []any{unix.AT_FDCWD, c.Keep, unix.O_RDONLY | unix.O_DIRECTORY | unix.O_CLOEXEC}})
		c.handOut("hand out "+c.Keep, dir)
	}
	var stdio [3]any
	if c.Terminal {
		slave := c.terminal()
		stdio = [3]any{slave, slave, slave}
	} else {
		stdio = [3]any{c.Stdin, c.Stdout, c.Stderr}
	}
	for i, fd := range stdio {
		c.add("give descriptor "+strconv.Itoa(i), unix.SYS_DUP3, fd, i, 0)
	}
	c.add("give the result", unix.SYS_DUP3, c.Result, 3, 0)
	return nil
}

// handOut sends a copy of what the value will hold. The message carries the number in its own memory, so
// the value is duplicated into it.
func (c *composer) handOut(step string, fd *linux.Value) {
	message, slot := linux.NewMessage("copy")
	c.inner.Add(linux.Call{Step: step, Nr: unix.SYS_DUP, Args: []any{fd}, Out: slot})
	c.inner.Add(message.Send(step, c.Handout))
}

// terminal opens a terminal in the sandbox's own devpts, hands its master out and shows its other end
// as /dev/console. The peer is opened by ioctl, not by a name that could have been swapped (CVE-2025-52565).
func (c *composer) terminal() *linux.Value {
	master, slave, console := linux.NewValue("master"), linux.NewValue("terminal"), linux.NewValue("console")
	unlock := make([]byte, 4)
	c.inner.Add(linux.Call{Step: "open a terminal", Nr: unix.SYS_OPENAT, Out: master,
		Args: []any{unix.AT_FDCWD, "/dev/pts/ptmx", unix.O_RDWR | unix.O_NOCTTY | unix.O_CLOEXEC}})
	c.add("unlock the terminal", unix.SYS_IOCTL, master, unix.TIOCSPTLCK, unlock)
	c.inner.Add(linux.Call{Step: "open the terminal's peer", Nr: unix.SYS_IOCTL, Out: slave,
		Args: []any{master, unix.TIOCGPTPEER, unix.O_RDWR | unix.O_NOCTTY | unix.O_CLOEXEC}})
	c.add("size the terminal", unix.SYS_IOCTL, master, unix.TIOCSWINSZ, linux.Ref(&unix.Winsize{Row: c.Rows, Col: c.Cols}))
	c.try("own the terminal", linux.AnyErrno, unix.SYS_FCHOWNAT, slave, "", c.UID, c.GID, unix.AT_EMPTY_PATH)
	c.handOut("hand out the terminal", master)
	c.touch("/dev/console")
	c.inner.Add(linux.Call{Step: "bind /dev/console", Nr: unix.SYS_OPEN_TREE, Out: console, Pass: linux.AnyErrno,
		Args: []any{unix.AT_FDCWD, "/dev/pts/0", uint(unix.OPEN_TREE_CLONE | unix.OPEN_TREE_CLOEXEC)}})
	c.try("bind /dev/console", linux.AnyErrno, unix.SYS_MOVE_MOUNT, console, "", unix.AT_FDCWD, "/dev/console", unix.MOVE_MOUNT_F_EMPTY_PATH)
	return slave
}

// confine takes away what the set-up needed and starts the init. Its order: identity, then everything
// that opens or closes, then limits (which could hit the steps before), capabilities (which those steps
// need), the death signal (which changes of identity clear, prctl(2)), and seccomp last, so that few
// calls have to pass the filter.
func (c *composer) confine() error {
	init, err := linux.InitFile()
	if err != nil {
		return err
	}
	pidfd, err := linux.OwnPidfd()
	if err != nil {
		return err
	}
	executable := int(init.Fd())
	c.disown()
	keep := []int{executable, pidfd}
	if c.notifies() {
		keep = append(keep, c.Handout) // until execve(2)
	}
	c.closeAll(keep...)
	c.directory()
	c.limits()
	c.capabilities()
	c.lifeline(pidfd)
	c.filter(executable)
	what, mode := "start the init", "init"
	if c.NoInit {
		// By way of the init's file all the same: until that is executed our own binary is /proc/self/exe, and
		// would be the interpreter of a program "#!/proc/self/exe" (CVE-2019-5736).
		what, mode = "start the step before the program", "exec"
	}
	c.add(what, unix.SYS_EXECVEAT, executable, "", c.initArgs(mode), c.Env, unix.AT_EMPTY_PATH)
	return nil
}

// disown gives up what is the caller's: its ignored signals, its keys, its identity.
func (c *composer) disown() {
	for _, s := range linux.IgnoredSignals() {
		c.add("reset "+unix.SignalName(s), unix.SYS_RT_SIGACTION, int(s), make([]byte, 32), 0, 8)
	}
	// A session keyring of its own; where keys are used up or denied, the filter denies keyctl anyway.
	c.try("join a new keyring", linux.AnyErrno, unix.SYS_KEYCTL, unix.KEYCTL_JOIN_SESSION_KEYRING, 0)
	c.securebits()
	c.identity()
}

// filter installs the filter. Its listener, if it has one, is handed out at once: who waits for us outside
// cannot answer before the executable is started, so what leads there must pass.
func (c *composer) filter(executable int) {
	c.add("set no_new_privs", unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
	if c.Filter == nil {
		return
	}
	const step = "install the seccomp filter"
	list, flags := c.Filter.Instructions, uint(c.Filter.Flags)
	if !c.notifies() {
		c.add(step, unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, linux.Ref(&unix.SockFprog{Len: uint16(len(list)), Filter: &list[0]}))
		return
	}
	list = c.Filter.Passing(map[int]int{unix.SYS_SENDMSG: c.Handout, unix.SYS_EXECVEAT: executable})
	message, listener := linux.NewMessage("listener")
	c.inner.Add(linux.Call{Step: step, Nr: unix.SYS_SECCOMP, Out: listener, Args: []any{unix.SECCOMP_SET_MODE_FILTER,
		flags | unix.SECCOMP_FILTER_FLAG_NEW_LISTENER, linux.Ref(&unix.SockFprog{Len: uint16(len(list)), Filter: &list[0]})}})
	c.inner.Add(message.Send("hand out the filter's listener", c.Handout))
}

func (c *composer) notifies() bool {
	return c.Filter != nil && c.Filter.Notify && c.Handout >= linux.FirstFD
}

// noCapabilities are securebits under which no user id ever gains capabilities, locked (capabilities(7)).
const noCapabilities = 0xef

func (c *composer) securebits() {
	keep := map[int]bool{}
	for _, n := range c.Capabilities {
		keep[n] = true
	}
	for n := 0; n <= lastCapability(); n++ {
		if !keep[n] {
			c.add("drop a capability", unix.SYS_PRCTL, unix.PR_CAPBSET_DROP, n, 0, 0, 0)
		}
	}
	if len(c.Capabilities) == 0 {
		c.add("lock the capabilities", unix.SYS_PRCTL, unix.PR_SET_SECUREBITS, noCapabilities, 0, 0, 0)
	}
}

var lastCapability = sync.OnceValue(func() int {
	text, err := os.ReadFile("/proc/sys/kernel/cap_last_cap")
	if n, parseErr := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && parseErr == nil {
		return n
	}
	return unix.CAP_LAST_CAP
})

// identity becomes the program's user. The groups come first: to set them takes CAP_SETGID (setgroups(2)).
func (c *composer) identity() {
	if len(c.Supplementary) > 0 {
		var list []byte
		for _, gid := range c.Supplementary {
			list = binary.NativeEndian.AppendUint32(list, uint32(gid))
		}
		c.add("set the supplementary groups", unix.SYS_SETGROUPS, len(c.Supplementary), list)
	}
	if c.GID != c.SetupGID {
		c.add("become the group", unix.SYS_SETRESGID, c.GID, c.GID, c.GID)
	}
	if c.UID != c.SetupUID {
		c.add("become the user", unix.SYS_SETRESUID, c.UID, c.UID, c.UID)
	}
}

// closeAll really closes what was opened on the way, before the working directory is entered: a
// directory named /proc/self/fd/N must lead nowhere (CVE-2024-21626).
func (c *composer) closeAll(keep ...int) {
	slices.Sort(keep)
	first := uint(4)
	for _, fd := range keep {
		if first < uint(fd) {
			c.add("close the descriptors", unix.SYS_CLOSE_RANGE, first, uint(fd)-1, 0)
		}
		first = uint(fd) + 1
	}
	c.add("close the descriptors", unix.SYS_CLOSE_RANGE, first, ^uint(0)>>32, 0)
}

func (c *composer) directory() {
	c.add("set the umask", unix.SYS_UMASK, 0o022)
	if c.Dir != "/" {
		c.add("change to the working directory "+c.Dir, unix.SYS_CHDIR, c.Dir)
	}
}

func (c *composer) limits() {
	for _, l := range c.Rlimits {
		limit := l.Rlimit
		c.add("set "+l.Name, unix.SYS_PRLIMIT64, 0, l.Resource, linux.Ref(&limit), 0)
	}
	if c.Affinity != nil {
		c.add("set the CPU affinity", unix.SYS_SCHED_SETAFFINITY, 0, len(c.Affinity), c.Affinity)
	}
}

// outside sets what takes privileges of the host, before they are left behind. The score of a vfork'd child
// is its own, although it shares our memory (__set_oom_adj in the kernel's fs/proc/base.c).
func (c *composer) outside(p *linux.Program) {
	for _, l := range c.Raised {
		limit := l.Rlimit
		p.Add(linux.Call{Step: "raise " + l.Name, Nr: unix.SYS_PRLIMIT64, Args: []any{0, l.Resource, linux.Ref(&limit), 0}})
	}
	if c.OOMScore != 0 {
		const step = "adjust the OOM score"
		fd, text := linux.NewValue("score"), strconv.Itoa(c.OOMScore)
		p.Add(linux.Call{Step: step, Nr: unix.SYS_OPENAT, Out: fd, Args: []any{unix.AT_FDCWD, "/proc/self/oom_score_adj", unix.O_WRONLY | unix.O_CLOEXEC}},
			linux.Call{Step: step, Nr: unix.SYS_WRITE, Args: []any{fd, text, len(text)}},
			linux.Call{Step: step, Nr: unix.SYS_CLOSE, Args: []any{fd}})
	}
}

// capabilities leaves exactly the kept ones, in our own user namespace those of them that we have, and none of them inheritable or ambient (CVE-2022-24769).
func (c *composer) capabilities() {
	header := &unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	data := &[2]unix.CapUserData{}
	if c.UID == 0 {
		for _, n := range c.Capabilities {
			if c.native && !linux.HasCapability(n) {
				continue // nobody gets more than we have
			}
			data[n/32].Permitted |= 1 << (n % 32)
			data[n/32].Effective |= 1 << (n % 32)
		}
	}
	c.try("clear the ambient capabilities", unix.EINVAL, unix.SYS_PRCTL, unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
	c.add("set the capabilities", unix.SYS_CAPSET, linux.Ref(header), linux.Ref(data))
}

// lifeline ends the sandbox when we end. The signal is not sent when we are dead already, so look.
func (c *composer) lifeline(pidfd int) {
	c.add("tie the sandbox to its monitor", unix.SYS_PRCTL, unix.PR_SET_PDEATHSIG, int(unix.SIGKILL), 0, 0, 0)
	poll := &unix.PollFd{Fd: int32(pidfd), Events: unix.POLLIN}
	c.inner.Add(linux.Call{Step: "look whether the monitor lives", Nr: unix.SYS_PPOLL, Zero: true,
		Args: []any{linux.Ref(poll), 1, linux.Ref(&unix.Timespec{}), 0, 0}})
}

// initArgs are the init's arguments: what it is to do, the paths where the program may be, an empty one,
// the program's arguments.
func (c *composer) initArgs(part string) []string {
	args := []string{part}
	name := c.Args[0]
	if strings.Contains(name, "/") {
		args = append(args, name)
	} else if name != "" {
		for _, dir := range strings.Split(searchPath(c.Env), ":") {
			if dir == "" {
				dir = "."
			}
			args = append(args, path.Join(dir, name))
		}
	}
	return append(append(args, ""), c.Args...)
}

// DefaultPath is the PATH of a sandbox whose environment names none (docker's).
const DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

func searchPath(env []string) string {
	for _, e := range env {
		if value, ok := strings.CutPrefix(e, "PATH="); ok {
			return value
		}
	}
	return DefaultPath
}
