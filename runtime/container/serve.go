package container

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/failpoint"
	"pocket/runtime/sandbox"
	"pocket/runtime/state"
)

// serve takes connections until the control socket is closed.
func (m *monitor) serve() {
	for {
		conn, err := accept(m.control)
		if transient(err) {
			time.Sleep(breath)
			continue
		}
		if err != nil {
			return
		}
		m.welcome(conn)
	}
}

// breath is how long a connection that cannot be taken waits for a free descriptor.
const breath = 100 * time.Millisecond

// welcome serves one connection, in a goroutine of its own that the end of the watch waits for.
func (m *monitor) welcome(conn *os.File) {
	m.conns.add(conn)
	m.others.Go(func() {
		defer func() { _ = m.conns.remove(conn) }()
		var r request
		if err := get(conn, &r); err != nil {
			return
		}
		switch {
		case r.Do == "attach" && r.Attach != nil:
			m.attach(conn, *r.Attach)
			return
		case r.Do == "wait":
			m.tellEnd(conn)
			return
		}
		_ = put(conn, m.answer(r)) // whoever asked may have gone
	})
}

// answer carries out a request.
func (m *monitor) answer(r request) reply {
	switch r.Do {
	case "signal":
		return failure(m.signal(unix.Signal(r.Signal)))
	case "stop":
		return failure(m.stop(r, halt))
	case "restart":
		return failure(m.stop(r, again))
	case "pause":
		return failure(m.freeze())
	case "unpause":
		return failure(m.thaw())
	case "update":
		return m.update(r.Change)
	case "stats":
		return m.stats()
	}
	return failure(fmt.Errorf("the monitor does not know %q: it is of another version", r.Do))
}

// wait returns what will tell how the present run ends.
func (m *monitor) wait() chan Ended {
	c := make(chan Ended, 1)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.over {
		c <- m.last
	} else {
		m.waiting = append(m.waiting, c)
	}
	return c
}

// tellEnd tells how the present run ends, unless whoever waits for it goes before: many may ask, and each has
// a descriptor of ours.
func (m *monitor) tellEnd(conn *os.File) {
	end, gone := m.wait(), make(chan struct{})
	go func() { // ends with the connection at the latest
		if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			close(gone)
		}
	}()
	select {
	case e := <-end:
		_ = put(conn, reply{Status: e.Status, Error: e.Error, Hint: e.Hint})
	case <-gone:
		m.mu.Lock()
		m.waiting = slices.DeleteFunc(m.waiting, func(c chan Ended) bool { return c == end })
		m.mu.Unlock()
	}
}

func (m *monitor) attach(conn *os.File, options AttachOptions) {
	g := &guest{conn: conn, options: options}
	if err := put(conn, m.attachReply()); err != nil {
		return
	}
	m.hub.join(g)
	if err := m.DB.AddEvent(state.Event{Action: "attach", Subject: m.record.ID}); err != nil {
		m.warn(err.Error())
	}
	m.hub.attend(g)
}

func (m *monitor) attachReply() reply {
	return reply{Result: json.RawMessage(fmt.Sprintf(`{"Terminal":%t}`, m.cfg.Terminal))}
}

// running returns the program, if it runs.
func (m *monitor) running() (*sandbox.Process, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.proc == nil {
		return nil, errNotRunning(m.record.Name)
	}
	return m.proc, nil
}

// signal sends one signal to the program. SIGKILL, and what would stop the container, keep its restart
// policy from starting it again, as docker has it.
func (m *monitor) signal(s unix.Signal) error {
	proc, err := m.running()
	if err != nil {
		return err
	}
	if s == unix.SIGKILL || s == m.cfg.stopSignal() {
		m.give(halt, "", ending{})
		if err := m.DB.Halt(m.record.ID, "kill"); err != nil {
			m.warn(err.Error())
		}
	}
	if s == unix.SIGKILL {
		m.kill(proc)
		return nil
	}
	return ignoreDone(proc.Signal(s))
}

// kill ends everything inside, also what is paused, and does not wait for who is attached and reads nothing.
func (m *monitor) kill(proc *sandbox.Process) {
	proc.Kill()
	m.hub.hurry()
}

// give records an order, and says whether a program runs that is to be ended for it. One that is only being
// started is ended, as how says, when it is there. A halt is not taken back.
func (m *monitor) give(o order, why string, how ending) (runs bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.how, runs = how, m.proc != nil
	if m.order == halt {
		return runs
	}
	if m.order == goOn {
		close(m.ordered)
	}
	m.order, m.why = o, why
	return runs
}

// demand gives an order and ends the program for it.
func (m *monitor) demand(o order, why string, how ending) {
	if m.give(o, why, how) {
		m.finishOff(how)
	}
}

// stop has the program end, by r's signal and, when it has not ended in time, by force. The answer comes at
// once: the end is what wait, or the lock, tells of.
func (m *monitor) stop(r request, o order) error {
	how := ending{unix.Signal(r.Signal), r.Patience}
	runs := m.give(o, ReasonStopped, how)
	action := "stop"
	if o == again {
		action = "restart"
	}
	if err := m.DB.Halt(m.record.ID, action); err != nil {
		m.warn(err.Error())
	}
	failpoint.Kill("monitor.stop")
	if runs {
		m.finishOff(how)
	}
	return nil
}

// finishOff has the program end.
func (m *monitor) finishOff(how ending) {
	m.mu.Lock()
	proc, paused, ended := m.proc, m.paused, m.ended
	m.mu.Unlock()
	if proc == nil {
		return
	}
	if how.patience == 0 || paused {
		m.kill(proc) // what is paused cannot obey
		return
	}
	_ = proc.Signal(how.signal) // it may have ended just now
	if how.patience < 0 {
		return
	}
	m.others.Go(func() {
		timer := time.NewTimer(how.patience)
		defer timer.Stop()
		select {
		case <-ended:
		case <-timer.C:
			m.kill(proc)
		}
	})
}

func ignoreDone(err error) error {
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}
