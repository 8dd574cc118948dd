package container

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/sandbox"
	"pocket/runtime/state"
)

// supervise runs the sandbox to its end, with everything that must happen while it lives. When it
// returns, all goroutines that it started have ended.
func (r *running) supervise(ctx context.Context, spec sandbox.Spec, self state.Process) (sandbox.Exit, error) {
	in, err := r.connect(&spec)
	if err != nil {
		return sandbox.Exit{}, err
	}
	spec.Rows, spec.Cols = r.size()
	started := time.Now()
	proc, err := sandbox.Start(spec)
	in.started()
	if err != nil {
		return sandbox.Exit{}, errors.Join(err, in.close())
	}
	var others sync.WaitGroup
	fault := r.admit(proc, self, started)
	if spec.Terminal {
		fault = errors.Join(fault, r.showTerminal(proc.Terminal, in, &others))
	}
	if fault != nil {
		proc.Kill()
	}
	resize := func() {
		rows, cols := r.size()
		_ = proc.Resize(rows, cols) // a program that has just ended needs no size
	}
	r.signals.start(proc, resize)
	uncancelled := context.AfterFunc(ctx, proc.Kill)
	others.Go(func() { obey(r.control, proc) })
	in.copy(&others)
	exit, err := proc.Wait()
	if !uncancelled() {
		err = errors.Join(context.Cause(ctx), err)
	}
	r.signals.start(nil, func() {})
	err = errors.Join(fault, err, in.close(), r.closeControl())
	others.Wait()
	if proc.Terminal != nil {
		err = errors.Join(err, proc.Terminal.Close())
	}
	return exit, err
}

// admit records that the program runs, and tells of limits that are not held. The error means that it
// must not go on.
func (r *running) admit(proc *sandbox.Process, self state.Process, started time.Time) error {
	held := proc.Enforcement()
	for _, text := range notFirm(held) {
		r.warn(text)
	}
	return r.DB.MarkRunning(r.record.ID, self, started, held)
}

// size is the size of the caller's terminal.
func (r *running) size() (rows, cols uint16) {
	if !r.cfg.Terminal || r.streams.Stdin == nil {
		return 0, 0
	}
	size, err := unix.IoctlGetWinsize(int(r.streams.Stdin.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0, 0
	}
	return size.Row, size.Col
}

// output is where a stream of the program goes: to the log first, then to the caller.
func (r *running) output(log, to io.Writer) io.Writer {
	if to == nil {
		return log
	}
	out := &outlet{to: to, broken: r.signals.broken}
	r.outlets = append(r.outlets, out)
	return io.MultiWriter(log, out)
}

// lostOutput is why the caller did not get all of the program's output, nil when it did or went away.
// It may be asked once supervise has returned.
func (r *running) lostOutput() error {
	for _, out := range r.outlets {
		if out.lost != nil {
			return fmt.Errorf("the program's output is lost in part: %w", out.lost)
		}
	}
	return nil
}

// outlet writes to the caller for as long as that works; the program's output is logged all the same.
type outlet struct {
	to     io.Writer
	broken func()
	closed bool
	lost   error // why writing ended, unless the caller closed its end
}

func (o *outlet) Write(p []byte) (int, error) {
	if o.closed {
		return len(p), nil
	}
	if _, err := o.to.Write(p); err != nil {
		o.closed = true
		if errors.Is(err, unix.EPIPE) {
			o.broken()
		} else {
			o.lost = err
		}
	}
	return len(p), nil
}
