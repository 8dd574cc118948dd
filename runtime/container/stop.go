package container

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/cgroup"
	"pocket/runtime/failpoint"
	"pocket/runtime/hint"
	"pocket/runtime/state"
	"pocket/runtime/tree"
)

// killPatience is how long a monitor may take to end a container that it was told to kill: everything
// is dead at once, but its record must be written. It is also how long one may take to answer.
const killPatience = 10 * time.Second

// DefaultPatience is how long stop waits before it kills, where neither the container nor the caller says
// (docker's).
const DefaultPatience = 10 * time.Second

func (c *Config) stopSignal() unix.Signal {
	if c.StopSignal == 0 {
		return unix.SIGTERM
	}
	return c.StopSignal
}

func (c *Config) stopTimeout() time.Duration {
	if c.StopTimeout == nil {
		return DefaultPatience
	}
	return *c.StopTimeout
}

// ending is how the container's program ends unless the caller says otherwise.
func (c *Config) ending() ending { return ending{c.stopSignal(), c.stopTimeout()} }

// StopOptions says how a container is stopped; zero fields are what the container was made with.
type StopOptions struct {
	Signal  unix.Signal
	Timeout *time.Duration // 0 kills at once, negative waits for ever
}

func (c *Config) stopRequest(do string, o StopOptions) request {
	r := request{Do: do, Signal: int(c.stopSignal()), Patience: c.stopTimeout()}
	if o.Signal != 0 {
		r.Signal = int(o.Signal)
	}
	if o.Timeout != nil {
		r.Patience = *o.Timeout
	}
	return r
}

// Stop has the container with this name, id or beginning of an id end: its stop signal, and after a time
// SIGKILL. It returns when the monitor has recorded the end and is gone. A container that does not run is
// no error.
func (e *Engine) Stop(ctx context.Context, ref string, o StopOptions) error {
	c, err := e.Find(ref)
	if err != nil {
		return err
	}
	// The lock and not the status: a monitor may be about to start the program, or to record its end.
	if !state.IsLocked(e.Dir, c.ID) {
		return nil
	}
	cfg, err := ConfigOf(c)
	if err != nil {
		return err
	}
	r := cfg.stopRequest("stop", o)
	if err := e.await(ctx, c, r); err != nil {
		return fmt.Errorf("stop container %s: %w", c.Name, err)
	}
	return nil
}

// await makes a stop request and waits for the monitor's end.
func (e *Engine) await(ctx context.Context, c state.Container, r request) error {
	patience := r.Patience + killPatience
	over := make(<-chan time.Time)
	if r.Patience >= 0 {
		timer := time.NewTimer(patience)
		defer timer.Stop()
		over = timer.C
	}
	// A monitor that is only just starting has no socket yet: it is asked again. flock(2) has no wait with
	// a limit, and the monitor is no child of ours.
	look := time.NewTicker(2 * time.Millisecond)
	defer look.Stop()
	asked := false
	for state.IsLocked(e.Dir, c.ID) {
		if !asked {
			err := failpoint.At("stop.ask")
			if err == nil {
				_, err = e.ask(c, r)
			}
			if asked = err == nil; !asked && !errors.Is(err, errNoMonitor) {
				return err
			}
		}
		select {
		case <-look.C:
		case <-over:
			return stuck(c, "end")
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// stuck is the error of a monitor that does not do what any monitor does at once.
func stuck(c state.Container, what string) error {
	return hint.With(fmt.Errorf("its monitor, process %d, %w %s", c.Monitor.PID, errStuck, what),
		"end the monitor, and with it the container: pocket-docker rm -f %s, or kill -9 %d", c.Name, c.Monitor.PID)
}

// ask makes a request to the container's monitor, which answers at once. The error is errNoMonitor when there
// is none, and errCutOff when there is one that nobody can reach.
func (e *Engine) ask(c state.Container, r request) (reply, error) {
	conn, err := e.reach(c)
	if err != nil {
		return reply{}, err
	}
	defer conn.Close()
	var answer reply
	if err := put(conn, r); err != nil {
		return reply{}, errNoMonitor // it ended just now
	}
	_ = conn.SetReadDeadline(time.Now().Add(killPatience)) // one that was stopped never answers
	err = get(conn, &answer)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = stuck(c, "answer")
	}
	if err != nil {
		return reply{}, err
	}
	return answer, answer.err()
}

// askRunning makes a request about a container that must run.
func (e *Engine) askRunning(ref string, r request) (reply, error) {
	c, err := e.Find(ref)
	if err != nil {
		return reply{}, err
	}
	answer, err := e.ask(c, r)
	switch {
	case errors.Is(err, errNoMonitor):
		err = errNotRunning(c.Name)
	case errors.Is(err, errCutOff), errors.Is(err, errStuck):
		err = fmt.Errorf("container %s: %w", c.Name, err)
	}
	return answer, err
}

// Find returns the container with this name, id or unique beginning of an id, as it is: one whose
// monitor has died is recorded as ended first. The error for none wraps state.ErrNotFound.
func (e *Engine) Find(ref string) (state.Container, error) {
	_, lost := e.Reconcile()
	c, err := e.DB.Container(ref)
	if err == nil && lost != nil && c.Status.Live() && !c.Alive(e.Dir) {
		return state.Container{}, lost
	}
	return c, err // that others could not be recorded does not matter here
}

// Reconcile records the containers whose monitor has died as ended, and removes what it left of them
// but their logs and what they wrote.
func (e *Engine) Reconcile() ([]state.Container, error) {
	lost, err := e.DB.Reconcile()
	if len(lost) > 0 {
		cgroup.Detect() // who was paused must be let go to die
	}
	var all []error
	for _, c := range lost {
		// The kernel kills it as its monitor dies; until it is dead its groups cannot be removed.
		if err := end(c.Init, killPatience); err != nil {
			all = append(all, fmt.Errorf("end what is left of container %s: %w", c.Name, err))
		}
	}
	if len(lost) > 0 {
		cgroup.Detect() // removes what groups they left
	}
	for _, c := range lost {
		if err := os.Remove(filepath.Join(e.Folder(c.ID), controlName)); !errors.Is(err, os.ErrNotExist) {
			all = append(all, err)
		}
	}
	return lost, errors.Join(append(all, err)...)
}

// Remove removes a container with its logs and all that it wrote. One that runs is stopped first with
// force, also when its monitor cannot be asked to any more, and refused without. Nothing outside the container's folder is touched, and a folder in which
// something is mounted is left as it is, with an error.
//
// With volumes, those that were made for this container alone go too.
func (e *Engine) Remove(ctx context.Context, ref string, force, volumes bool) error {
	c, err := e.Find(ref)
	if errors.Is(err, state.ErrNotFound) {
		e.sweep() // an earlier removal of it may have been killed
		return err
	}
	if err != nil {
		return err
	}
	if state.IsLocked(e.Dir, c.ID) {
		if !force {
			return hint.With(fmt.Errorf("remove container %s: it %w", c.Name, state.ErrRunning),
				"stop it first (pocket-docker stop %s), or use rm -f", c.Name)
		}
		err := e.await(ctx, c, request{Do: "stop", Signal: int(unix.SIGKILL)})
		if errors.Is(err, errCutOff) || errors.Is(err, errStuck) {
			err = e.force(c.ID)
		}
		if err != nil {
			return fmt.Errorf("remove container %s: %w", c.Name, err)
		}
	}
	_, _ = e.Reconcile() // its monitor may have died of it; what cannot be recorded, the removal tells
	return e.removeEnded(c, volumes)
}

// sweep takes away what removals and beginnings that were killed left of containers without a record. What cannot be
// removed is for the next.
func (e *Engine) sweep() {
	_ = e.DB.SweepLocks()
	_ = e.Volumes().Sweep()
}

// removeEnded removes a container that has no monitor, and lets none come meanwhile: it would run a program
// whose files go away.
func (e *Engine) removeEnded(c state.Container, volumes bool) error {
	if err := failpoint.At("remove.lock"); err != nil {
		return fmt.Errorf("remove container %s: %w", c.Name, err)
	}
	lock, err := state.AcquireLock(e.Dir, c.ID)
	if errors.Is(err, state.ErrLocked) {
		return hint.With(fmt.Errorf("remove container %s: it was started just now", c.Name),
			"stop it first (pocket-docker stop %s), or use rm -f", c.Name)
	}
	if err != nil {
		return err
	}
	err = e.remove(c, volumes)
	if errors.Is(err, state.ErrNotFound) { // its monitor had --rm, or another rm was quicker: the lock is anew
		return lock.Discard()
	}
	return errors.Join(err, lock.Release())
}

// remove removes the folder first: cut short, it leaves a record by which the rest can be found again.
func (e *Engine) remove(c state.Container, volumes bool) error {
	if err := failpoint.At("remove.folder"); err != nil {
		return fmt.Errorf("remove container %s: %w", c.Name, err)
	}
	if err := tree.Remove(e.IDs, e.Folder(c.ID)); err != nil {
		return err
	}
	failpoint.Kill("remove.emptied")
	if !volumes {
		return e.DB.RemoveContainer(c.ID, nil)
	}
	if err := e.DB.RemoveContainer(c.ID, e.Volumes().Hide); err != nil {
		return err
	}
	if err := e.Volumes().Sweep(); err != nil {
		return fmt.Errorf("remove the container's volumes: %w", err)
	}
	return nil
}
