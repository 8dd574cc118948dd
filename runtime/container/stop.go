package container

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/hint"
	"pocket/runtime/state"
	"pocket/runtime/tree"
)

// killPatience is how long a monitor may take to end a container that it was told to kill: everything
// is dead at once, but its record must be written.
const killPatience = 10 * time.Second

// Stop asks the program of the container with this name, id or beginning of an id to end (SIGTERM),
// waits for at most patience and then kills. It returns when the monitor has recorded the end and is
// gone. A container that does not run is no error.
func (e *Engine) Stop(ctx context.Context, ref string, patience time.Duration) error {
	c, err := e.Find(ref)
	if err != nil {
		return err
	}
	// The lock and not the status: a monitor may be about to start the program, or to record its end.
	if !state.IsLocked(e.Dir, c.ID) {
		return nil
	}
	if patience > 0 {
		if ended, err := e.ask(ctx, c, unix.SIGTERM, patience); ended || err != nil {
			return err
		}
	}
	ended, err := e.ask(ctx, c, unix.SIGKILL, killPatience)
	if err == nil && !ended {
		err = hint.With(fmt.Errorf("stop container %s: its monitor, process %d, does not answer", c.Name, c.Monitor.PID),
			"end the monitor, and with it the container: kill -9 %d", c.Monitor.PID)
	}
	return err
}

// Find returns the container with this name, id or unique beginning of an id, as it is: one whose
// monitor has died is recorded as ended first. The error for none wraps state.ErrNotFound.
func (e *Engine) Find(ref string) (state.Container, error) {
	_, lost := e.Reconcile()
	c, err := e.DB.Container(ref)
	if err == nil && lost != nil && c.Status == state.Running && !c.Alive(e.Dir) {
		return state.Container{}, lost
	}
	return c, err // that others could not be recorded does not matter here
}

// Reconcile records the containers whose monitor has died as ended, and removes what it left of them
// but their logs and what they wrote.
func (e *Engine) Reconcile() ([]state.Container, error) {
	lost, err := e.DB.Reconcile()
	var all []error
	for _, c := range lost {
		if err := os.Remove(filepath.Join(e.Folder(c.ID), controlName)); !errors.Is(err, os.ErrNotExist) {
			all = append(all, err)
		}
	}
	return lost, errors.Join(append(all, err)...)
}

// ask signals the program and waits for the monitor's end; false means that the time was too short.
func (e *Engine) ask(ctx context.Context, c state.Container, s unix.Signal, patience time.Duration) (bool, error) {
	if err := send(e.Folder(c.ID), s); err != nil && !errors.Is(err, errNoMonitor) {
		return false, fmt.Errorf("stop container %s: %w", c.Name, err)
	}
	over := time.NewTimer(patience)
	defer over.Stop()
	// flock(2) has no wait with a limit, and the monitor is no child of ours.
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for {
		if !state.IsLocked(e.Dir, c.ID) {
			return true, nil
		}
		select {
		case <-look.C:
		case <-over.C:
			return false, nil
		case <-ctx.Done():
			return false, context.Cause(ctx)
		}
	}
}

// Remove removes a container with its logs and all that it wrote. One that runs is stopped first with
// force, and refused without. Nothing outside the container's folder is touched, and a folder in which
// something is mounted is left as it is, with an error.
func (e *Engine) Remove(ctx context.Context, ref string, force bool) error {
	c, err := e.Find(ref)
	if err != nil {
		return err
	}
	if state.IsLocked(e.Dir, c.ID) {
		if !force {
			return hint.With(fmt.Errorf("remove container %s: it %w", c.Name, state.ErrRunning),
				"stop it first (pocket-docker stop %s), or use rm -f", c.Name)
		}
		if err := e.Stop(ctx, c.ID, 0); err != nil {
			return err
		}
	}
	err = e.remove(c)
	if errors.Is(err, state.ErrNotFound) {
		return nil // its monitor had --rm
	}
	return err
}

// remove removes the folder first: cut short, it leaves a record by which the rest can be found again.
func (e *Engine) remove(c state.Container) error {
	if err := tree.Remove(e.IDs, e.Folder(c.ID)); err != nil {
		return err
	}
	return e.DB.RemoveContainer(c.ID)
}
