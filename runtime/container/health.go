package container

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/internal/linux"
	"pocket/runtime/resource"
	"pocket/runtime/sandbox"
	"pocket/runtime/state"
)

// Health is a container's health check: a program that the monitor runs inside now and then.
type Health struct {
	Test        []string      // the program and its arguments
	Interval    time.Duration // between the end of one check and the start of the next; 0 for 30 s
	Timeout     time.Duration // after which a check has failed; 0 for 30 s
	StartPeriod time.Duration // from the start, in which failures do not count
	// StartInterval is the interval in the start period; 0 for 5 s.
	StartInterval time.Duration
	Retries       int    // failures in a row that make it unhealthy; 0 for 3
	OnFailure     string // what is done when it becomes unhealthy: none, kill, restart or stop; "" for none
}

// The states of a container's health.
const (
	HealthStarting  = "starting"
	HealthHealthy   = "healthy"
	HealthUnhealthy = "unhealthy"
)

// Probe is one result of a health check, in docker's words.
type Probe struct {
	Start    time.Time
	End      time.Time
	ExitCode int    // -1 when it took too long or could not be run
	Output   string // the first 4096 bytes of what it wrote
}

// Health as docker has it (moby, daemon/health.go).
const (
	defaultInterval      = 30 * time.Second
	defaultTimeout       = 30 * time.Second
	defaultStartInterval = 5 * time.Second
	defaultRetries       = 3
	keptProbes           = 5
	keptOutput           = 4096
)

// HealthLog is what is known of a container's health; the last keptProbes results, the oldest first.
type HealthLog struct {
	Status        string
	FailingStreak int
	Log           []Probe
}

// checkup is a health check at work.
type checkup struct {
	Health
	log     HealthLog
	started time.Time
}

// interval is how long to wait until the next check.
func (c *checkup) interval(now time.Time) time.Duration {
	if c.log.Status == HealthStarting && now.Sub(c.started) < c.StartPeriod {
		return cmp.Or(c.StartInterval, defaultStartInterval)
	}
	return cmp.Or(c.Interval, defaultInterval)
}

// add takes a result and says whether the status has changed. One success ends the start; failures in the
// start period do not count.
func (c *checkup) add(p Probe) bool {
	before := c.log.Status
	c.log.Log = append(c.log.Log, p)
	if n := len(c.log.Log); n > keptProbes {
		c.log.Log = c.log.Log[n-keptProbes:]
	}
	switch {
	case p.ExitCode == 0:
		c.log.FailingStreak, c.log.Status = 0, HealthHealthy
	case before == HealthStarting && p.Start.Sub(c.started) < c.StartPeriod:
	default:
		c.log.FailingStreak++
		if c.log.FailingStreak >= cmp.Or(c.Retries, defaultRetries) {
			c.log.Status = HealthUnhealthy
		}
	}
	return c.log.Status != before
}

// watchHealth checks the program's health until the returned function is called.
func (m *monitor) watchHealth(proc *sandbox.Process) (stop func()) {
	if m.cfg.Health == nil {
		return func() {}
	}
	var err error
	if m.filter, err = m.cfg.Seccomp.filter(m.cfg.Capabilities, false); err != nil {
		m.warn("the health is not checked: " + err.Error()) // the program's own has been made of the same text
		return func() {}
	}
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		m.checkHealth(proc, quit)
	}()
	return func() { close(quit); <-done }
}

func (m *monitor) checkHealth(proc *sandbox.Process, quit <-chan struct{}) {
	c := checkup{Health: *m.cfg.Health, started: time.Now(), log: HealthLog{Status: HealthStarting}}
	m.saveHealth(&c)
	timer := time.NewTimer(c.interval(c.started))
	defer timer.Stop()
	for {
		select {
		case <-quit:
			return
		case <-timer.C:
		}
		if !proc.Paused() {
			p, err := m.probe(&c, quit)
			if err != nil {
				return // it has ended meanwhile
			}
			m.heed(&c, p)
		}
		_ = linux.Shrink() // until the next one, it only waits
		timer.Reset(c.interval(time.Now()))
	}
}

// heed records a result, and does what becoming unhealthy is to do.
func (m *monitor) heed(c *checkup, p Probe) {
	changed := c.add(p)
	m.saveHealth(c)
	if !changed {
		return
	}
	if err := m.DB.SetHealth(m.record.ID, c.log.Status); err != nil {
		m.warn(err.Error())
	}
	if c.log.Status != HealthUnhealthy {
		return
	}
	switch c.OnFailure {
	case "kill": // the restart policy decides what comes then
		m.blame(ReasonHealth)
		m.finishOff(ending{})
	case "stop":
		m.demand(halt, ReasonHealth, m.cfg.ending())
	case "restart":
		m.demand(again, ReasonHealth, m.cfg.ending())
	}
}

// blame says why the run is going to end, without an order of what comes then.
func (m *monitor) blame(why string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.order == goOn {
		m.why = why
	}
}

// probe runs the check once. The error means that there is nothing to check any more.
func (m *monitor) probe(c *checkup, quit <-chan struct{}) (Probe, error) {
	p := Probe{Start: time.Now().UTC(), ExitCode: -1}
	spec, err := m.joinSpec()
	if err != nil {
		return p, err
	}
	defer spec.Pidfd.Close()
	out := &firstBytes{room: keptOutput}
	spec.Args, spec.Stdout, spec.Stderr = c.Test, sandbox.Output{Writer: out, Limit: probeOutput}, sandbox.Output{Writer: out, Limit: probeOutput}
	joined, err := sandbox.Join(spec)
	if err != nil {
		p.End, p.Output = time.Now().UTC(), err.Error()
		select {
		case <-quit:
			return p, err
		default:
			return p, nil
		}
	}
	late := time.AfterFunc(cmp.Or(c.Timeout, defaultTimeout), joined.Kill)
	exit, err := joined.Wait()
	inTime := late.Stop()
	p.End, p.Output = time.Now().UTC(), string(out.text)
	switch {
	case err != nil:
		p.Output = err.Error()
	case !inTime:
		p.Output += fmt.Sprintf("Health check exceeded timeout (%v)", cmp.Or(c.Timeout, defaultTimeout))
	default:
		p.ExitCode = exit.Status()
	}
	return p, nil
}

// joinSpec is what a program beside the container's own is run with. The error is sandbox.ErrEnded when the
// container's first process is gone.
func (m *monitor) joinSpec() (sandbox.JoinSpec, error) {
	fd, err := unix.PidfdOpen(m.init.PID, 0)
	if err != nil {
		return sandbox.JoinSpec{}, sandbox.ErrEnded
	}
	pidfd := os.NewFile(uintptr(fd), "pidfd")
	// Another process may have the number by now; if not, the pidfd is the right one.
	if now, err := state.Identify(m.init.PID); err != nil || now != m.init {
		return sandbox.JoinSpec{}, errors.Join(sandbox.ErrEnded, pidfd.Close())
	}
	return sandbox.JoinSpec{Init: m.init.PID, Pidfd: pidfd, Env: m.cfg.environment(), Dir: m.cfg.Dir, UID: m.cfg.UID, GID: m.cfg.GID,
		Capabilities: m.cfg.Capabilities, Seccomp: m.filter}, nil
}

// probeOutput is how much a check may write before it is killed.
const probeOutput = resource.MiB

// firstBytes keeps the beginning of what both streams of a check write to it.
type firstBytes struct {
	mu   sync.Mutex
	text []byte
	room int
}

func (f *firstBytes) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := min(len(p), f.room-len(f.text))
	f.text = append(f.text, p[:n]...)
	return len(p), nil
}

const healthName = "health.json"

// saveHealth keeps the results beside the log: they are many, and of no worth after a crash of the machine.
func (m *monitor) saveHealth(c *checkup) {
	text, err := json.Marshal(c.log)
	if err == nil {
		path := filepath.Join(m.folder, healthName)
		if err = os.WriteFile(path+".new", text, 0o600); err == nil {
			err = os.Rename(path+".new", path)
		}
	}
	if err != nil {
		m.warn("the health check's results are not kept: " + err.Error())
	}
}

// HealthOf returns what is known of a container's health; ok is false for one without a health check.
func (e *Engine) HealthOf(c state.Container) (log HealthLog, ok bool) {
	text, err := os.ReadFile(filepath.Join(e.Folder(c.ID), healthName))
	if err != nil || json.Unmarshal(text, &log) != nil {
		return HealthLog{}, false
	}
	return log, true
}
