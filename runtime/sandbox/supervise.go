package sandbox

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/internal/linux"
	"pocket/runtime/resource"
)

// Pid is the sandbox's first process as seen from outside, for looking at it; signals go by Signal.
func (p *Process) Pid() int { return p.pid }

// Signal sends a signal to the program; the init passes it on. SIGKILL ends the whole sandbox. A paused
// sandbox gets any other when it is resumed.
func (p *Process) Signal(s unix.Signal) error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.ended() {
		return os.ErrProcessDone
	}
	if err := unix.PidfdSendSignal(p.pidfd, s, nil, 0); err != nil {
		return fmt.Errorf("signal the sandbox: %w", err)
	}
	if s == unix.SIGKILL && p.live.paused {
		return p.group.Thaw() // the v1 freezer holds them, killed as they are
	}
	return nil
}

// Started waits until the program runs, which is at once, and returns the *ExecError if it could not be
// executed.
func (p *Process) Started() error {
	if p.spec.NoInit {
		<-p.stepped
		if p.direct.Kind == linux.NoExec {
			return &ExecError{p.spec.Args[0], p.direct.Errno}
		}
		return nil
	}
	// Nobody can be told of that moment without a further descriptor in every sandbox: it is looked for.
	for {
		select {
		case <-p.reported: // and not done, which waits for all output to be taken
			if p.refused != nil {
				return p.refused
			}
			return nil
		default:
		}
		if linux.HasExecuted(p.pid) {
			return nil
		}
		time.Sleep(100 * time.Microsecond)
	}
}

// Kill ends the sandbox and everything in it.
func (p *Process) Kill() { p.once.Do(func() { close(p.kill) }) }

// Resize tells the terminal its size.
func (p *Process) Resize(rows, cols uint16) error { return resize(p.Terminal, rows, cols) }

func resize(terminal *os.File, rows, cols uint16) error {
	if terminal == nil {
		return errors.New("the program has no terminal")
	}
	raw, err := terminal.SyscallConn() // Fd would make the descriptor blocking
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		failed = unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, &unix.Winsize{Row: rows, Col: cols})
	})
	return errors.Join(err, failed)
}

// Wait waits for the end. When it returns, every process of the sandbox is dead, all that was written has
// been copied, and its control groups are removed. The error is an *ExecError when the program itself could
// not be started, or tells of a fault of ours.
func (p *Process) Wait() (Exit, error) {
	<-p.done
	return p.exit, p.err
}

// Enforcement says how each limit is held.
func (p *Process) Enforcement() []resource.Enforcement {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.held
}

// supervise enforces what the kernel does not, until the init has reported or died.
func (p *Process) supervise() {
	var copying sync.WaitGroup
	for _, s := range p.streams {
		copying.Go(s.copy)
	}
	if p.listener != nil {
		copying.Go(func() { p.listener.listen(p.pidfd) })
	}
	report := make(chan []byte, 1)
	go func() { report <- p.report() }() // ends when the init is dead at the latest
	reason, text := p.watch(report)
	p.finish(reason, text, time.Since(p.started))
	close(p.reported)
	var waitErr error
	lasting := p.spec.Template != nil && p.exit.Reason == Exited && p.err == nil && len(text) == linux.ReportSize
	if !lasting {
		waitErr = p.reap()
	}
	if p.listener != nil {
		p.listener.over.Store(true)
	}
	// Everything inside is dead, so the pipes end now, unless a process outside was handed one.
	for _, s := range p.streams {
		_ = s.from.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
	}
	copying.Wait()
	for _, s := range p.streams {
		p.exit.Written[s.index] = s.written
		if p.exit.Reason == Exited && s.limit > 0 && s.written > int64(s.limit) {
			p.exit.Reason = OverOutput // it ended before the limit could end it
		}
	}
	p.exit.Denied = p.Denied()
	if lasting {
		p.spec.Template.giveBack(p, p.shared)
	}
	p.release(waitErr, lasting)
}

// report is how the program ended: what the init writes, which alone holds the other end. Without an init
// the program is the sandbox's first process, and our child.
func (p *Process) report() []byte {
	if p.spec.NoInit {
		p.direct = &linux.Report{Kind: linux.Ended}
		step, _ := io.ReadAll(p.result) // ends when the program is executed
		if r, failed := linux.ParseStep(step); failed {
			p.direct.Kind, p.direct.Errno = linux.NoExec, r.Errno
		}
		close(p.stepped)
		p.direct.Status, p.reapFailed = waitUsage(p.pid, &p.direct.All)
		p.direct.Payload = p.direct.All
		return nil
	}
	// Not until the end of the pipe: that comes only when the kernel has dismantled the mounts.
	b := make([]byte, linux.ReportSize)
	n, _ := io.ReadFull(p.result, b)
	return b[:n]
}

// reap waits for the init, but not for ever: the kernel does not let it go before every process of the
// namespace has been waited for, and the parent of one that joined may itself be stopped, or be a PID 1 that
// waits for nobody (kernel/pid_namespace.c, zap_pid_ns_processes). All are dead by now in any case.
func (p *Process) reap() error {
	if p.spec.NoInit {
		return p.reapFailed
	}
	fds := []unix.PollFd{{Fd: int32(p.pidfd), Events: unix.POLLIN}}
	deadline := time.Now().Add(reaping)
	for {
		n, err := unix.Poll(fds, int(time.Until(deadline).Milliseconds()))
		switch {
		case err == unix.EINTR && time.Now().Before(deadline):
		case err == nil && n == 0 || err == unix.EINTR:
			go func() { _, _ = wait(p.pid) }() // ends when the last of them is waited for
			return nil
		default:
			_, err := wait(p.pid)
			return err
		}
	}
}

// reaping is how long a sandbox's end is waited for once all in it are dead.
const reaping = 250 * time.Millisecond

// release gives everything back, when no other call can be using it.
func (p *Process) release(waitErr error, lasting bool) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for _, s := range p.live.stopped {
		_ = unix.Close(s.pidfd)
	}
	p.err = errors.Join(p.err, waitErr, p.result.Close())
	if !lasting {
		p.err = errors.Join(p.err, p.group.Remove(), unix.Close(p.pidfd))
	}
	if p.listener != nil {
		p.err = errors.Join(p.err, p.listener.file.Close())
	}
	close(p.done)
}

// watch waits for the report; when a limit is passed first, it kills the sandbox and says which.
func (p *Process) watch(report <-chan []byte) (Reason, []byte) {
	l := p.spec.Limits
	cpu := p.meter.cpuTimer(l.CPU, p.cores(l))
	poll := p.meter.ticker(l)
	defer cpu.Stop()
	defer poll.Stop()
	wall := p.wallTimer(l)
	defer wall.Stop()
	reason, kill := Exited, (<-chan struct{})(p.kill)
	for {
		over := Reason("")
		select {
		case text := <-report:
			return reason, text
		case l = <-p.changed:
			if reason == Exited {
				wall.Stop()
				wall = p.wallTimer(l)
				poll.Stop()
				poll = p.meter.ticker(l)
			}
		case <-wall.C:
			over = OverWall
		case <-cpu.C:
			if used := p.meter.cpu(); used >= l.CPU {
				over = OverCPU
			} else {
				cpu.Reset(nextLook(l.CPU-used, p.cores(l)))
			}
		case <-poll.C:
			over = p.meter.look(l)
		case over = <-p.over:
		case <-kill:
			over = Interrupted
		}
		if over != "" && reason == Exited {
			reason = over
			p.meter.cpu() // where nothing else accounts for it, what is seen now is what is known
			p.end()
			kill = nil
			wall.Stop()
			cpu.Stop()
			poll.Stop()
		}
	}
}

// wallTimer fires when the limit on the clock is reached; without a limit never.
func (p *Process) wallTimer(l resource.Limits) *time.Timer {
	if l.Wall <= 0 {
		return stoppedTimer()
	}
	return time.NewTimer(max(0, l.Wall-time.Since(p.started)))
}

func wait(pid int) (unix.WaitStatus, error) {
	status, err := waitUsage(pid, nil)
	return unix.WaitStatus(status), err
}

// waitUsage waits for a child of ours and takes its account.
func waitUsage(pid int, usage *unix.Rusage) (syscall.WaitStatus, error) {
	var status unix.WaitStatus
	for {
		if _, err := unix.Wait4(pid, &status, 0, usage); err != unix.EINTR {
			return syscall.WaitStatus(status), err
		}
	}
}

// finish puts together how the sandbox ended, from the report, the group's final figures and the reason.
func (p *Process) finish(reason Reason, text []byte, wall time.Duration) {
	report, ok := linux.ParseReport(text)
	if p.direct != nil {
		report, ok = *p.direct, p.reapFailed == nil
	}
	e := &p.exit
	e.Reason, e.Enforcement = reason, p.Enforcement()
	e.Started, e.Finished = p.started, p.started.Add(wall)
	e.Usage = p.meter.usage(report, ok)
	e.Usage.Wall = wall
	e.OOM = p.meter.oom()
	switch {
	case ok && report.Kind == linux.NoExec:
		p.refused = &ExecError{p.spec.Args[0], report.Errno}
		p.err = p.refused
	case ok && report.Kind == linux.NoFork:
		p.err = fmt.Errorf("start the program's process: %w", report.Errno)
	case ok && report.Status.Signaled():
		e.Signal = report.Status.Signal()
	case ok:
		e.Code = report.Status.ExitStatus()
	default:
		e.Signal = unix.SIGKILL // the init itself was killed, and with it everything
	}
	if reason == Exited {
		e.Reason = p.meter.late(p.limitsNow(), *e)
	}
}
