package sandbox

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/hint"
	"pocket/runtime/resource"
)

// Members lists the pids of all processes of the sandbox whose first process has this pid, sorted: without
// that one, which is the init, unless noInit says that it is the program.
//
// Beside those that descend from it there are those that were put into its PID namespace from outside.
func Members(first int, noInit bool) []int {
	t := tree{root: first}
	list := t.pids()
	if !noInit {
		list = list[1:]
	}
	for _, pid := range guests(first) {
		guest := tree{root: pid}
		list = append(list, guest.pids()...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// guests lists the processes that were put into a first one's PID namespace from outside, where their parents
// are. It takes a look at every process of the machine.
func guests(first int) []int {
	entries, _ := os.ReadDir("/proc")
	var list []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == first || !sameSpace(pid, first) {
			continue
		}
		if fields := statFields(pid); len(fields) > 1 {
			if parent, err := strconv.Atoi(fields[1]); err == nil && !sameSpace(parent, first) {
				list = append(list, pid)
			}
		}
	}
	return list
}

// sameSpace says whether two processes are in one PID namespace; one that has ended is in none.
func sameSpace(a, b int) bool {
	first, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", a))
	second, err2 := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", b))
	return err == nil && err2 == nil && first == second
}

func (p *Process) members() []int { return Members(p.pid, p.spec.NoInit) }

// stopped is a process that we stopped.
type stopped struct {
	pid, pidfd int
}

// stopAll stops the processes again and again until none is left that runs: a process can make others
// until it is stopped itself, so that only a look after all stand can tell that there are no more. One that was
// stopped already is not ours to let go on.
func (p *Process) stopAll() ([]stopped, error) {
	var done []stopped
	seen, stood := map[int]bool{}, false
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		fresh := p.hold(seen)
		for _, s := range fresh {
			if state(s.pid) == "T" {
				_ = unix.Close(s.pidfd)
				continue
			}
			done = append(done, s)
			if err := unix.PidfdSendSignal(s.pidfd, unix.SIGSTOP, nil, 0); err != nil && err != unix.ESRCH {
				return nil, errors.Join(fmt.Errorf("stop process %d: %w", s.pid, err), continueAll(done))
			}
		}
		if len(fresh) == 0 && stood {
			return done, nil
		}
		stood = len(fresh) == 0 && allStand(done)
		if time.Now().After(end) {
			err := fmt.Errorf("its processes do not stand after %s", patience)
			return nil, errors.Join(hint.With(err, "with a control group they would be frozen: pocket-docker doctor"), continueAll(done))
		}
	}
}

// hold opens the processes that were not seen before. A number may go to another process between reading
// and opening it, so only those are taken that are still listed afterwards.
func (p *Process) hold(seen map[int]bool) []stopped {
	var opened []stopped
	for _, pid := range p.members() {
		if seen[pid] {
			continue
		}
		if fd, err := unix.PidfdOpen(pid, 0); err == nil {
			opened = append(opened, stopped{pid, fd})
		}
	}
	if len(opened) == 0 {
		return nil
	}
	still := p.members()
	var fresh []stopped
	for _, s := range opened {
		if !slices.Contains(still, s.pid) {
			_ = unix.Close(s.pidfd)
			continue
		}
		seen[s.pid] = true
		fresh = append(fresh, s)
	}
	return fresh
}

// allStand says whether each is stopped or dead.
func allStand(list []stopped) bool {
	for _, s := range list {
		switch state(s.pid) {
		case "T", "t", "Z", "X", "":
		default:
			return false
		}
		if !threadsStand(s.pid) {
			return false
		}
	}
	return true
}

// threadsStand says it of each thread: the first may stand already while another, on another processor, still
// runs on its way there.
func threadsStand(pid int) bool {
	threads, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	for _, thread := range threads {
		tid, err := strconv.Atoi(thread.Name())
		if err != nil {
			continue
		}
		switch state(tid) { // /proc has a folder for each thread too
		case "T", "t", "Z", "X", "":
		default:
			return false
		}
	}
	return true
}

func state(pid int) string {
	if fields := statFields(pid); len(fields) > 0 {
		return fields[0]
	}
	return ""
}

func continueAll(list []stopped) error {
	var all []error
	for _, s := range list {
		if err := unix.PidfdSendSignal(s.pidfd, unix.SIGCONT, nil, 0); err != nil && err != unix.ESRCH {
			all = append(all, fmt.Errorf("continue process %d: %w", s.pid, err))
		}
		_ = unix.Close(s.pidfd)
	}
	return errors.Join(all...)
}

// seen is what can be read of the processes themselves.
type seen struct {
	cpu     time.Duration
	memory  resource.Size
	source  string
	threads int64
}

// look reads the sandbox's processes, where no control group accounts for them.
func (p *Process) look() seen {
	t := tree{root: p.pid, direct: p.spec.NoInit, tmpfs: p.meter.tree.tmpfs, guests: guests(p.pid)}
	s := seen{cpu: t.cpu(), memory: t.memory(0), source: "pss"}
	list := p.members()
	if len(list) < 2 {
		s.source = "rss"
	}
	for _, pid := range list {
		threads, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
		s.threads += int64(len(threads))
	}
	return s
}

// affine keeps every thread of a process on the processors of a mask.
func affine(pid int, mask *unix.CPUSet) error {
	threads, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	for _, thread := range threads {
		tid, err := strconv.Atoi(thread.Name())
		if err != nil {
			continue
		}
		if err := unix.SchedSetaffinity(tid, mask); err != nil && err != unix.ESRCH {
			return fmt.Errorf("set the processors of process %d: %w", pid, err)
		}
	}
	return nil
}
