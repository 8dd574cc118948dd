package container

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime/debug"
	"slices"
	"syscall"

	"pocket/runtime/failpoint"
	"pocket/runtime/hint"
	"pocket/runtime/internal/linux"
	"pocket/runtime/state"
)

// Start starts a container that does not run, under a monitor of its own that outlives this process, and
// returns when its program runs, with warnings of limits that are not held. One that runs already is no
// error. A program that could not be executed is one, for which Status gives the exit status.
func (e *Engine) Start(ctx context.Context, ref string) ([]string, error) {
	conn, err := e.startMonitor(ctx, ref)
	if errors.Is(err, errRunsAlready) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := failpoint.At("start.ask"); err != nil {
		return nil, fmt.Errorf("ask the monitor: %w", err)
	}
	if err := put(conn, request{Do: "start"}); err != nil {
		return nil, fmt.Errorf("ask the monitor: %w", err)
	}
	var answer reply
	if err := get(conn, &answer); err != nil {
		return nil, hint.With(fmt.Errorf("start container %s: its monitor died", ref), "see what there is of it with: pocket-docker inspect %s", ref)
	}
	if err := answer.err(); !errors.Is(err, errRunsAlready) {
		return answer.Warnings, err
	}
	return nil, nil // another start was quicker
}

var errRunsAlready = errors.New("the container is running already")

// startMonitor starts the monitor process of a container that has none, and returns the connection over
// which it waits to be asked.
func (e *Engine) startMonitor(ctx context.Context, ref string) (*os.File, error) {
	c, err := e.Find(ref)
	if err != nil {
		return nil, err
	}
	if state.IsLocked(e.Dir, c.ID) {
		if c.Status == state.Paused {
			return nil, hint.With(fmt.Errorf("container %s is paused", c.Name), "let it go on: pocket-docker unpause %s", c.Name)
		}
		return nil, errRunsAlready
	}
	if _, err := ConfigOf(c); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err := failpoint.At("start.pair"); err != nil {
		return nil, fmt.Errorf("start the monitor: %w", err)
	}
	ours, theirs, err := pair()
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	cmd := &exec.Cmd{Path: "/proc/self/exe", Args: append(slices.Clone(e.Self), c.ID)}
	// A session of its own, so that the terminal's end and its keys do not reach it, and nothing held open
	// that is the caller's.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Dir, cmd.ExtraFiles = "/", []*os.File{theirs}
	cmd.Env = append(environment(), "POCKET_ROOT="+e.Dir)
	err = failpoint.At("start.monitor")
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start the monitor: %w", err), ours.Close())
	}
	failpoint.Kill("start.started")
	go func() { _ = cmd.Wait() }() // reaps it, should this process outlive it
	return ours, nil
}

// environment is what a monitor needs of ours: it lives long, and may be looked at.
func environment() []string {
	var env []string
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "LANG", "TZ"} {
		if value, set := os.LookupEnv(name); set {
			env = append(env, name+"="+value)
		}
	}
	return append(env, failpoint.Environment()...)
}

// monitorFD is the descriptor at which a monitor process finds its connection.
const monitorFD = 3

// Monitor is the body of a monitor process, which Start has started for the container with the full id. It
// returns when the container has ended for good; what went wrong is in its record. A signal that comes over end
// has it stop the container, which is to run again after the next boot if its policy says so.
func (e *Engine) Monitor(id string, end <-chan os.Signal) error {
	conn := os.NewFile(monitorFD, "connection")
	m, err := e.take(id)
	if err == nil {
		if err = m.open(); err != nil {
			err = errors.Join(err, m.close())
		}
	}
	if err != nil {
		// The request is read first: closing with one unread would take the answer away (unix_release_sock in
		// the kernel's net/unix/af_unix.c).
		_ = get(conn, &request{})
		_ = put(conn, failure(err))
		return errors.Join(err, conn.Close())
	}
	wanted, attached := m.awaitStart(conn)
	if !wanted {
		_ = conn.Close()
		return m.close()
	}
	m.conns.add(conn)
	over := make(chan struct{})
	m.others.Go(func() { m.endOn(end, over) })
	exit, err := m.watch(context.Background(), m.startReply(conn, attached))
	close(over)
	_, err = m.conclude(exit, err)
	return err
}

// endOn stops the container at a signal, as stop does, but does not record that a user wanted it.
func (m *monitor) endOn(end <-chan os.Signal, over <-chan struct{}) {
	select {
	case <-end:
		m.demand(halt, ReasonStopped, m.cfg.ending())
	case <-over:
	}
}

// awaitStart reads the request that the monitor was started for; without one, whoever started it is gone.
func (m *monitor) awaitStart(conn *os.File) (ok bool, attached *guest) {
	var r request
	if err := get(conn, &r); err != nil {
		return false, nil
	}
	if r.Do != "attach" || r.Attach == nil {
		return r.Do == "start", nil
	}
	g := &guest{conn: conn, options: *r.Attach}
	if err := put(conn, m.attachReply()); err != nil {
		return false, nil
	}
	g.mu.Lock() // until startReply: the answer comes before any output
	m.hub.join(g)
	return true, g
}

// settle gives up the memory that the start took: from now on the monitor mostly waits.
func settle() {
	debug.FreeOSMemory()
	_ = linux.Shrink() // where that is not possible it costs what it costs
}

// startReply returns what tells the one who started the monitor how the first start went.
func (m *monitor) startReply(conn *os.File, g *guest) func(error) {
	told := false
	return func(err error) {
		if told {
			return
		}
		told = true
		failpoint.Kill("monitor.answer")
		defer settle()
		r := failure(err)
		r.Warnings = m.untold()
		if g == nil {
			_ = put(conn, r)
			_ = m.conns.remove(conn)
			return
		}
		_ = put(conn, r)
		g.mu.Unlock()
		m.others.Go(func() {
			m.hub.attend(g)
			_ = m.conns.remove(conn)
		})
	}
}
