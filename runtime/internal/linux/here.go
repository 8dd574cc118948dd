package linux

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Here executes the program in this process instead of in a child, for steps that need its privileges.
func (p *Program) Here() error {
	j := &job{}
	ops, n := address(p.lower())
	runtime.LockOSThread()
	ok := execute(j, 1, ops, n)
	runtime.UnlockOSThread()
	runtime.KeepAlive(p)
	if ok {
		return nil
	}
	return &StepError{p.Calls[j.index].Step, unix.Errno(j.errno)}
}

// Lift moves the descriptor in v, made close-on-exec by Here, to FirstFD or above.
func (v *Value) Lift() error {
	if v.v >= FirstFD {
		return nil
	}
	fd, err := unix.FcntlInt(v.v, unix.F_DUPFD_CLOEXEC, FirstFD)
	if err != nil {
		return fmt.Errorf("duplicate a descriptor: %w", err)
	}
	err = unix.Close(int(v.v))
	v.v = uintptr(fd)
	return err
}

// Lift duplicates fd to FirstFD or above, close-on-exec.
func Lift(fd uintptr) (int, error) {
	high, err := unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, FirstFD)
	if err != nil {
		return -1, fmt.Errorf("duplicate descriptor %d: %w", fd, err)
	}
	return high, nil
}

// OwnPidfd is a pidfd of this process, open for its life: a child polls it to see whether we still live.
var OwnPidfd = sync.OnceValues(func() (int, error) {
	fd, err := unix.PidfdOpen(os.Getpid(), 0)
	if err != nil {
		return -1, fmt.Errorf("pidfd_open: %w", err)
	}
	defer unix.Close(fd)
	return Lift(uintptr(fd))
})

// Privileged says whether this process has CAP_SYS_ADMIN where its mounts are.
func Privileged() bool {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return false
	}
	return os.Geteuid() == 0 && data[0].Effective&(1<<unix.CAP_SYS_ADMIN) != 0
}

// HasCapability says whether this process may have the capability with this number (its permitted set).
func HasCapability(n int) bool {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	err := unix.Capget(&header, &data[0])
	return err == nil && data[n/32].Permitted&(1<<(n%32)) != 0
}

// IgnoredSignals lists the signals that this process ignores: a program that it starts would too.
func IgnoredSignals() []unix.Signal {
	var ignored []unix.Signal
	for s := unix.Signal(1); s <= 64; s++ {
		var action [4]uintptr // struct kernel_sigaction: handler first
		_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(s), 0, uintptr(unsafe.Pointer(&action)), 8, 0, 0)
		if errno == 0 && action[0] == 1 { // SIG_IGN
			ignored = append(ignored, s)
		}
	}
	return ignored
}

// HasExecuted says whether the child of the init with this pid has executed the program: the init is asleep in
// vfork(2), uninterruptibly, until then, and afterwards asleep waiting for signals. A child that is ending may
// never have executed it.
func HasExecuted(init int) bool {
	if state, _ := look(init); state != 'S' {
		return false
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", init, init))
	if err != nil {
		return true // this kernel does not tell of children
	}
	for _, field := range strings.Fields(string(text)) {
		child, _ := strconv.Atoi(field)
		const exiting = 0x4 // PF_EXITING, include/linux/sched.h
		if state, flags := look(child); state != 0 && state != 'Z' && state != 'X' && flags&exiting == 0 {
			return true
		}
	}
	return false
}

// look reads the state and the kernel's flags of a process (fields 3 and 9 of proc_pid_stat(5)).
func look(pid int) (state byte, flags uint64) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	// The program's name in parentheses may hold anything: the state follows the last one.
	end := bytes.LastIndexByte(text, ')')
	if err != nil || end < 0 {
		return 0, 0
	}
	fields := strings.Fields(string(text[end+1:]))
	if len(fields) < 7 {
		return 0, 0
	}
	flags, _ = strconv.ParseUint(fields[6], 10, 64)
	return fields[0][0], flags
}

// ProcessCPU returns the CPU clock of a whole process in nanoseconds (clock_getcpuclockid(3)).
func ProcessCPU(pid int) (int64, error) {
	var ts unix.Timespec
	err := unix.ClockGettime(int32(^pid<<3|2), &ts)
	return ts.Nano(), err
}

// SizeofMountAttr is sizeof(struct mount_attr), its first version (mount_setattr(2)).
const SizeofMountAttr = int(unsafe.Sizeof(unix.MountAttr{}))

// MaskBytes is a CPU set as sched_setaffinity(2) reads it.
func MaskBytes(set *unix.CPUSet) []byte {
	b := make([]byte, unsafe.Sizeof(*set))
	copy(b, unsafe.Slice((*byte)(unsafe.Pointer(set)), len(b)))
	return b
}
