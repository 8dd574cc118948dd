package container

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/failpoint"
	"pocket/runtime/sandbox"
	"pocket/runtime/state"
)

// once runs the sandbox once to its end, with everything that must happen while it lives. When it returns,
// all goroutines that it started have ended. started is told once the program runs.
func (m *monitor) once(ctx context.Context, restart bool, started func(error)) (sandbox.Exit, error) {
	proc, in, net, err := m.start(ctx, restart)
	if err != nil {
		return sandbox.Exit{}, err
	}
	var others sync.WaitGroup
	fault := m.admit(proc, restart)
	if m.cfg.Terminal {
		fault = errors.Join(fault, m.showTerminal(proc.Terminal, in, &others))
	}
	m.begin(proc, in.program())
	if fault != nil {
		proc.Kill()
	}
	// Under a monitor of its own, who asked for the start is told when the program really runs. A failure is
	// told once it is recorded.
	if fault == nil && m.signals == nil && proc.Started() == nil {
		started(nil)
	}
	unwatch := m.watchHealth(proc)
	uncancelled := context.AfterFunc(ctx, proc.Kill)
	in.copy(&others)
	exit, err := proc.Wait()
	failpoint.Kill("run.ended")
	m.end()
	unwatch()
	if !uncancelled() {
		err = errors.Join(context.Cause(ctx), err)
	}
	err = errors.Join(fault, err, in.close())
	others.Wait()
	if proc.Terminal != nil {
		err = errors.Join(err, proc.Terminal.Close())
	}
	if lost := net.close(); lost != nil {
		m.warn(lost.Error()) // how the program ended is known all the same
	}
	return exit, err
}

// start makes the network and starts the program in it.
func (m *monitor) start(ctx context.Context, restart bool) (*sandbox.Process, *input, *link, error) {
	if err := failpoint.At("run.network"); err != nil {
		return nil, nil, nil, fmt.Errorf("make the network: %w", err)
	}
	net, err := m.link(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	proc, in, err := m.launch(ctx, net, restart)
	if err != nil {
		return nil, nil, nil, errors.Join(err, net.close())
	}
	return proc, in, net, nil
}

func (m *monitor) launch(ctx context.Context, net *link, restart bool) (*sandbox.Process, *input, error) {
	if err := failpoint.At("run.spec"); err != nil {
		return nil, nil, err
	}
	spec, err := m.spec(net)
	if err != nil {
		return nil, nil, err
	}
	if ctx.Err() != nil {
		return nil, nil, context.Cause(ctx)
	}
	if err := failpoint.At("run.connect"); err != nil {
		return nil, nil, err
	}
	in, err := m.connect(&spec)
	if err != nil {
		return nil, nil, err
	}
	spec.Rows, spec.Cols = m.hub.size()
	if restart && m.halted() {
		in.started()
		return nil, nil, errors.Join(errHalted, in.close())
	}
	proc, err := sandbox.Start(spec)
	in.started()
	if err != nil {
		return nil, nil, errors.Join(err, in.close())
	}
	return proc, in, nil
}

// admit records that the program runs, and tells of limits that are not held. The error means that it
// must not go on.
func (m *monitor) admit(proc *sandbox.Process, restart bool) error {
	held := proc.Enforcement()
	if !restart {
		for _, text := range notFirm(held) {
			m.warn(text)
		}
	}
	if err := failpoint.At("run.admit"); err != nil {
		return err
	}
	self, err := state.Self()
	if err != nil {
		return err
	}
	init, err := state.Identify(proc.Pid())
	if errors.Is(err, os.ErrNotExist) {
		init, err = state.Process{}, nil // it has ended already
	}
	if err != nil {
		return err
	}
	m.init = init
	health := ""
	if m.cfg.Health != nil {
		health = HealthStarting
	}
	return m.DB.MarkRunning(m.record.ID, state.Start{Monitor: self, Init: init, Time: time.Now(), Restart: restart, Health: health, Limits: held})
}

// begin lets others reach the program, and carries out what was ordered before there was one.
func (m *monitor) begin(proc *sandbox.Process, program io.WriteCloser) {
	m.mu.Lock()
	m.proc, m.paused, m.ended = proc, false, make(chan struct{})
	ordered, how := m.order, m.how
	m.mu.Unlock()
	m.hub.connect(program, proc)
	if m.signals != nil {
		m.signals.start(proc)
	}
	if ordered != goOn {
		m.finishOff(how)
	}
}

// end lets nobody reach the program any more.
func (m *monitor) end() {
	m.mu.Lock()
	m.proc = nil
	close(m.ended)
	m.mu.Unlock()
	m.hub.connect(nil, nil)
	if m.signals != nil {
		m.signals.start(nil)
	}
}

// output is where a stream of the program goes: to the log first, then to the caller, then to those who
// are attached.
func (m *monitor) output(log, to io.Writer, frame byte) io.Writer {
	all := []io.Writer{log}
	if to != nil {
		out := &outlet{to: to, broken: m.signals.broken}
		m.outlets = append(m.outlets, out)
		all = append(all, out)
	}
	return io.MultiWriter(append(all, m.hub.writer(frame))...)
}

// lostOutput is why the caller did not get all of the program's output, nil when it did or went away.
// It may be asked once watch has returned.
func (m *monitor) lostOutput() error { return lostOf(m.outlets) }

func lostOf(outlets []*outlet) error {
	for _, out := range outlets {
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
