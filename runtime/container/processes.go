package container

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/resource"
	"pocket/runtime/sandbox"
	"pocket/runtime/state"
)

// Proc is a process of a container as it is seen from outside. Nothing of the container is run to find out,
// and all text in it is the program's own.
type Proc struct {
	PID, Parent int // on the host
	Inside      int // its number inside; 0 where it is not told
	UID         int // on the host
	State       string
	Threads     int
	TTY         string // "pts/0", or "?" without one
	Started     time.Time
	CPU         time.Duration // user and system time
	Virtual     resource.Size
	Resident    resource.Size
	Name        string // of the program, at most 15 bytes
	Args        []string
}

// Processes lists the processes of a running container, without the init that pocket puts there, if it does.
func (e *Engine) Processes(ref string) ([]Proc, error) {
	c, err := e.Find(ref)
	if err != nil {
		return nil, err
	}
	if c.Init.PID == 0 || !c.Init.Alive() {
		return nil, errNotRunning(c.Name)
	}
	boot, err := bootTime()
	if err != nil {
		return nil, err
	}
	cfg, err := ConfigOf(c)
	if err != nil {
		return nil, err
	}
	var list []Proc
	for _, pid := range sandbox.Members(c.Init.PID, cfg.NoInit) {
		p, err := readProcess(pid, boot)
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ESRCH) {
			continue // it has ended meanwhile
		}
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	// Otherwise the pids may by now be other processes'.
	if !c.Init.Alive() {
		return nil, errNotRunning(c.Name)
	}
	return list, nil
}

func readProcess(pid int, boot time.Time) (Proc, error) {
	dir := "/proc/" + strconv.Itoa(pid)
	stat, err := os.ReadFile(dir + "/stat")
	if err != nil {
		return Proc{}, fmt.Errorf("look at process %d: %w", pid, err)
	}
	p, err := parseProcess(pid, stat, boot)
	if err != nil {
		return p, err
	}
	status, err := os.ReadFile(dir + "/status")
	if err != nil {
		return p, fmt.Errorf("look at process %d: %w", pid, err)
	}
	p.addStatus(string(status))
	// Of a process that may not be looked into the name has to do.
	if line, err := os.ReadFile(dir + "/cmdline"); err == nil && len(line) > 0 {
		p.Args = strings.Split(strings.TrimRight(string(line), "\x00"), "\x00")
	}
	return p, nil
}

// ticks is sysconf(_SC_CLK_TCK), which is 100 on every machine that Linux runs on (time(7), "jiffies").
const ticks = 100

// parseProcess reads /proc/PID/stat (proc_pid_stat(5)): the name in parentheses may hold any byte.
func parseProcess(pid int, stat []byte, boot time.Time) (Proc, error) {
	open, end := bytes.IndexByte(stat, '('), bytes.LastIndexByte(stat, ')')
	fields := strings.Fields(string(stat[end+1:]))
	const state3, ppid4, tty7, utime14, stime15, threads20, start22, vsize23, rss24 = 0, 1, 4, 11, 12, 17, 19, 20, 21
	if open < 0 || end < open || len(fields) <= rss24 {
		return Proc{}, fmt.Errorf("look at process %d: its stat %.60q is not understood", pid, stat)
	}
	n := func(i int) int64 { v, _ := strconv.ParseInt(fields[i], 10, 64); return v }
	tick := func(v int64) time.Duration { return time.Duration(v) * (time.Second / ticks) }
	return Proc{PID: pid, Parent: int(n(ppid4)), State: fields[state3], TTY: terminalName(uint32(n(tty7))), Threads: int(n(threads20)),
		CPU: tick(n(utime14) + n(stime15)), Started: boot.Add(tick(n(start22))), Virtual: resource.Size(n(vsize23)),
		Resident: resource.Size(n(rss24) * int64(os.Getpagesize())), Name: string(stat[open+1 : end])}, nil
}

// terminalName names a terminal by its device number, as ps(1) does.
func terminalName(device uint32) string {
	const firstPty, lastPty = 136, 143 // Documentation/admin-guide/devices.txt, "136-143 char"
	major, minor := device>>8&0xfff, device&0xff|device>>12&0xfff00
	switch {
	case device == 0:
		return "?"
	case major >= firstPty && major <= lastPty:
		return fmt.Sprintf("pts/%d", minor+(major-firstPty)<<8)
	}
	return fmt.Sprintf("%d:%d", major, minor)
}

func (p *Proc) addStatus(text string) {
	for line := range strings.Lines(text) {
		name, rest, _ := strings.Cut(line, ":")
		fields := strings.Fields(rest)
		switch {
		case len(fields) == 0:
		case name == "Uid" && len(fields) > 1:
			p.UID, _ = strconv.Atoi(fields[1]) // the effective one
		case name == "NSpid" && len(fields) > 1:
			p.Inside, _ = strconv.Atoi(fields[len(fields)-1])
		}
	}
}

// bootTime is when the clock of processes' start times began, in today's time.
func bootTime() (time.Time, error) {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); err != nil {
		return time.Time{}, fmt.Errorf("read the time since boot: %w", err)
	}
	return time.Now().Add(-time.Duration(now.Nano())), nil
}

// Traffic is what a network has received and sent, in bytes, its loopback excluded.
type Traffic struct{ Received, Sent int64 }

// Network returns the traffic of a running container's own network; ok is false where it is not told, as
// for one that has the host's.
func (e *Engine) Network(c state.Container) (t Traffic, ok bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/dev", c.Init.PID))
	ours, errOurs := os.Readlink("/proc/self/ns/net")
	theirs, errTheirs := os.Readlink(fmt.Sprintf("/proc/%d/ns/net", c.Init.PID))
	if c.Init.PID == 0 || err != nil || errOurs != nil || errTheirs != nil || ours == theirs || !c.Init.Alive() {
		return t, false
	}
	return parseTraffic(string(text)), true
}

// parseTraffic reads /proc/PID/net/dev (proc_pid_net(5)): after two lines of titles, a device a line.
func parseTraffic(text string) (t Traffic) {
	for line := range strings.Lines(text) {
		name, rest, found := strings.Cut(line, ":")
		fields := strings.Fields(rest)
		const received, sent = 0, 8
		if !found || strings.TrimSpace(name) == "lo" || len(fields) <= sent {
			continue
		}
		in, errIn := strconv.ParseInt(fields[received], 10, 64)
		out, errOut := strconv.ParseInt(fields[sent], 10, 64)
		if errIn == nil && errOut == nil {
			t.Received, t.Sent = t.Received+in, t.Sent+out
		}
	}
	return t
}
