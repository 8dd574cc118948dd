package sandbox

import (
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"pocket/runtime/internal/linux"
	"pocket/runtime/seccomp"
)

// Denied is a system call that the Spec's profile refuses, and how often the program made it.
type Denied struct {
	Call  string
	Count int64
}

// listener hears of the calls that a profile would refuse and lets each be carried out. Its answer is no
// decision about safety: a program could change the arguments after it (seccomp_unotify(2), NOTES).
type listener struct {
	file *os.File
	init uint32 // whose own calls are not the program's

	over   atomic.Bool
	mutex  sync.Mutex
	counts map[int32]int64
}

// lookAround is how long the end of a sandbox may go unnoticed whose first process the kernel keeps back.
const lookAround = 200 // milliseconds

// listen answers until the sandbox's first process is dead, and with it every process inside, or it is over.
func (l *listener) listen(pidfd int) {
	fd := int(l.file.Fd())
	for {
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}, {Fd: int32(pidfd), Events: unix.POLLIN}}
		if n, err := unix.Poll(fds, lookAround); err == unix.EINTR || err == nil && n == 0 && !l.over.Load() {
			continue
		} else if err != nil || n == 0 {
			return
		}
		if fds[0].Revents&unix.POLLIN != 0 {
			l.answer(fd)
			continue
		}
		if fds[0].Revents != 0 || fds[1].Revents != 0 {
			return
		}
	}
}

func (l *listener) answer(fd int) {
	n, err := linux.NextNotification(fd)
	if err != nil {
		return // who asked is dead
	}
	if n.PID != l.init {
		l.mutex.Lock()
		l.counts[n.Nr]++
		l.mutex.Unlock()
	}
	_ = n.Continue(fd) // the same
}

// denied lists what was heard of so far, by name.
func (l *listener) denied() []Denied {
	if l == nil {
		return nil
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	var list []Denied
	for nr, count := range l.counts {
		name := seccomp.Name(runtime.GOARCH, int(nr))
		if name == "" {
			name = "system call " + strconv.Itoa(int(nr))
		}
		list = append(list, Denied{name, count})
	}
	slices.SortFunc(list, func(a, b Denied) int { return strings.Compare(a.Call, b.Call) })
	return list
}

// Denied lists the system calls that the Spec's profile would have refused so far, sorted by name, where its
// filter notifies (seccomp.Profile.Notified). After the end it is in the Exit too.
func (p *Process) Denied() []Denied { return p.listener.denied() }
