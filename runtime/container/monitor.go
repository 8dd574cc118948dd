package container

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/failpoint"
	"pocket/runtime/hint"
	"pocket/runtime/image"
	"pocket/runtime/sandbox"
	"pocket/runtime/seccomp"
	"pocket/runtime/state"
)

// monitor watches one container: it starts the program, as often as the restart policy wants, serves those
// who ask for something, and records what happens. It is a part of this process, which holds the
// container's lock for as long.
type monitor struct {
	*Engine
	cfg     *Config
	image   image.Image
	record  state.Container
	folder  string
	lock    *state.Lock
	log     *Log
	streams Streams // of the caller; nothing under a monitor of its own
	signals *relay
	outlets []*outlet
	control *os.File
	init    state.Process   // of the run that is, or was
	filter  *seccomp.Filter // of the programs that check the health
	others  sync.WaitGroup  // who serves connections
	conns   connections
	hub     hub

	turn     sync.Mutex // one change of what runs at a time
	mu       sync.Mutex
	proc     *sandbox.Process // nil while nothing runs
	paused   bool
	order    order
	why      string        // the reason of an end that was ordered
	how      ending        // of a program that was not there yet at the order
	ordered  chan struct{} // closed at an order
	ended    chan struct{} // closed at the end of the run that proc is
	warnings []string      // that nobody has been told of yet
	last     Ended
	over     bool // last is final
	waiting  []chan Ended
}

// order is what the user, or the health check, wants of the container.
type order int

const (
	goOn  order = iota
	halt        // end, and do not start again
	again       // end, and start at once
)

// ending is how a program is made to end: by a signal, and by force when it has not after patience. With no
// patience it is killed at once; with a negative one it is waited for for ever.
type ending struct {
	signal   unix.Signal
	patience time.Duration
}

func newMonitor(e *Engine, id string) *monitor {
	return &monitor{Engine: e, folder: e.Folder(id), ordered: make(chan struct{})}
}

// take makes this process the monitor of a container that exists.
func (e *Engine) take(id string) (*monitor, error) {
	m := newMonitor(e, id)
	var err error
	if m.lock, err = state.AcquireLock(e.Dir, id); err != nil {
		return nil, err
	}
	if err := failpoint.At("monitor.record"); err != nil {
		return nil, errors.Join(err, m.lock.Release())
	}
	if m.record, err = e.DB.Container(id); err != nil {
		return nil, errors.Join(err, m.lock.Discard())
	}
	cfg, err := ConfigOf(m.record)
	if err != nil {
		return nil, errors.Join(err, m.lock.Release())
	}
	m.cfg, m.image = &cfg, cfg.From
	return m, nil
}

// open makes what the monitor needs while it lives.
func (m *monitor) open() (err error) {
	if err := failpoint.At("monitor.log"); err != nil {
		return fmt.Errorf("open the container's log: %w", err)
	}
	if m.log, err = OpenLog(m.folder, m.cfg.Log); err != nil {
		return fmt.Errorf("open the container's log: %w", err)
	}
	if m.control, err = listen(m.folder); err != nil {
		return errors.Join(err, m.log.Close())
	}
	m.others.Go(m.serve)
	return nil
}

// watch runs the container until it ends for good. started is called, perhaps more than once, when the
// program runs, and when it could not be started.
func (m *monitor) watch(ctx context.Context, started func(error)) (sandbox.Exit, error) {
	var delay time.Duration
	var last sandbox.Exit
	for restarts := 0; ; {
		exit, err := m.once(ctx, restarts > 0, started)
		if errors.Is(err, errHalted) {
			return last, m.DB.GiveUp(m.record.ID)
		}
		last = exit
		reason := m.reason(exit)
		next := m.next(reason, exit, err, restarts)
		status := state.Restarting
		if next == halt {
			status = state.Exited
		}
		err = errors.Join(err, m.finish(exit, reason, err, status))
		if next == halt || err != nil {
			started(err)
			return exit, err
		}
		m.tell(Ended{Status: exit.Status(), Reason: reason}, false)
		if next == again {
			if !m.renew() {
				return exit, m.DB.GiveUp(m.record.ID)
			}
			restarts, delay = 0, 0
			continue
		}
		restarts++
		delay = nextDelay(delay, exit.Finished.Sub(exit.Started))
		switch m.rest(ctx, delay) {
		case halt:
			return exit, m.DB.GiveUp(m.record.ID)
		case again:
			if !m.renew() {
				return exit, m.DB.GiveUp(m.record.ID)
			}
			restarts, delay = 0, 0
		}
	}
}

// errHalted says that a stop came just before a restart: there is no further run, and the last one's end stands.
var errHalted = errors.New("stopped before it was started again")

func (m *monitor) halted() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.order == halt
}

// next decides what comes after a run.
func (m *monitor) next(reason string, exit sandbox.Exit, err error, restarts int) order {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case err != nil: // what could not be started now is not tried again: it is not the program's failure
		return halt
	case m.order != goOn:
		return m.order
	case m.cfg.Restart.wants(reason, exit.Status(), restarts):
		return goOn
	}
	return halt
}

// rest waits before a restart, and says whether meanwhile something else was ordered.
func (m *monitor) rest(ctx context.Context, delay time.Duration) order {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	m.mu.Lock()
	ordered := m.ordered
	m.mu.Unlock()
	select {
	case <-timer.C:
	case <-ordered:
	case <-ctx.Done():
		return halt
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.order
}

// renew forgets the order of a restart, which is carried out now, unless a halt came meanwhile: that one stays.
func (m *monitor) renew() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.order == halt {
		return false
	}
	m.order, m.why, m.ordered = goOn, "", make(chan struct{})
	return true
}

// reason says what ended a run.
func (m *monitor) reason(exit sandbox.Exit) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case exit.OOM == sandbox.OOMTrue && exit.Reason == sandbox.OverMemory:
		return ReasonOOM
	case exit.Reason != sandbox.Exited && exit.Reason != sandbox.Interrupted:
		return string(exit.Reason)
	case m.why != "":
		return m.why
	case exit.Signal != 0:
		return ReasonSignal
	}
	return ReasonExited
}

// finish records a run's end. A failure of ours is recorded too, so that ps and inspect show it.
func (m *monitor) finish(exit sandbox.Exit, reason string, failure error, next state.Status) error {
	end := state.Exit{Started: exit.Started, Finished: exit.Finished, Code: exit.Status(), Signal: int(exit.Signal),
		Reason: reason, OOM: state.OOM(exit.OOM), Usage: exit.Usage}
	for _, d := range exit.Denied {
		end.Denied = append(end.Denied, state.Denied(d))
		m.warn(fmt.Sprintf("the seccomp profile refuses %s, which was permitted this time (%d times)", d.Call, d.Count))
	}
	limits := exit.Enforcement
	if failure != nil {
		end.Code, end.Error = Status(failure), failure.Error()
	}
	if len(limits) == 0 {
		limits = nil
	}
	return m.DB.Finish(m.record.ID, end, next, limits)
}

// close ends the watch of a container: with Remove, nothing is left of it. The record is final before; if
// the removal is cut short, what is left is a container that has ended.
func (m *monitor) close() error {
	var all []error
	failpoint.Kill("monitor.close")
	if m.control != nil {
		all = append(all, m.control.Close())
	}
	if m.log != nil {
		all = append(all, m.log.Close())
		if n, cause := m.log.Dropped(); n > 0 {
			m.warn(fmt.Sprintf("%d log records were dropped: %v", n, cause))
		}
	}
	if m.control != nil {
		if err := os.Remove(m.control.Name()); !errors.Is(err, os.ErrNotExist) {
			all = append(all, err)
		}
		all = append(all, m.discard())
		failpoint.Kill("monitor.closed")
		if m.cfg.Remove {
			all = append(all, m.Engine.remove(m.record, true))
		}
	}
	return errors.Join(append(all, m.lock.Release())...)
}

func (m *monitor) warn(text string) {
	if m.streams.Warn != nil {
		m.streams.Warn(text)
		return
	}
	m.mu.Lock()
	m.warnings = append(m.warnings, text)
	m.mu.Unlock()
	// Under a monitor of its own nobody listens later; what cannot be recorded either is lost.
	_ = m.DB.AddEvent(state.Event{Action: "warning", Subject: m.record.ID, Detail: map[string]string{"text": text}})
}

// untold takes the warnings that nobody has been told of yet.
func (m *monitor) untold() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := m.warnings
	m.warnings = nil
	return list
}

// errNotRunning is what a container that does not run answers.
func errNotRunning(name string) error {
	return hint.With(fmt.Errorf("container %s is not running", name), "start it first: pocket-docker start %s", name)
}
