package container

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/resource"
	"pocket/runtime/state"
)

// Kill sends a signal to the program of a running container, SIGKILL to everything in it.
func (e *Engine) Kill(ref string, s unix.Signal) error {
	_, err := e.askRunning(ref, request{Do: "signal", Signal: int(s)})
	return err
}

// Pause stops all processes of a running container where they are; Unpause lets them go on.
func (e *Engine) Pause(ref string) error {
	_, err := e.askRunning(ref, request{Do: "pause"})
	return err
}

// Unpause lets a paused container's processes go on.
func (e *Engine) Unpause(ref string) error {
	_, err := e.askRunning(ref, request{Do: "unpause"})
	return err
}

// Restart stops a container, if it runs, and starts it again. It returns when its program runs.
func (e *Engine) Restart(ctx context.Context, ref string, o StopOptions) ([]string, error) {
	c, err := e.Find(ref)
	if err != nil {
		return nil, err
	}
	cfg, err := ConfigOf(c)
	if err != nil {
		return nil, err
	}
	_, err = e.ask(c, cfg.stopRequest("restart", o))
	if errors.Is(err, errNoMonitor) {
		return e.Start(ctx, c.ID)
	}
	if err != nil {
		return nil, err
	}
	return nil, e.startedAfter(ctx, c)
}

// startedAfter waits until the container's program was started again.
func (e *Engine) startedAfter(ctx context.Context, before state.Container) error {
	look := time.NewTicker(5 * time.Millisecond) // the record is the only sign that also a dead monitor leaves
	defer look.Stop()
	for {
		c, err := e.Find(before.ID)
		if err != nil {
			return err
		}
		if c.Started.After(before.Started) {
			return nil
		}
		if c.Status == state.Exited && !state.IsLocked(e.Dir, c.ID) {
			why := "it was stopped meanwhile"
			if c.Exit != nil && c.Exit.Error != "" {
				why = c.Exit.Error
			}
			return fmt.Errorf("container %s was not started again: %s", c.Name, why)
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Wait waits until the container does not run any more, or ends the run that it is in, and returns the exit
// status. For one that does not run, that is the last one's; for one that never ran, 0.
func (e *Engine) Wait(ref string) (int, error) {
	c, err := e.Find(ref)
	if err != nil {
		return 0, err
	}
	conn, err := e.reach(c)
	if errors.Is(err, errCutOff) {
		return 0, fmt.Errorf("wait for container %s: %w", c.Name, err)
	}
	if err == nil {
		defer conn.Close()
		var answer reply
		if put(conn, request{Do: "wait"}) == nil && get(conn, &answer) == nil {
			return answer.Status, nil
		}
	}
	// It ended, or its monitor died, meanwhile: the record tells.
	if c, err = e.Find(c.ID); err != nil || c.Exit == nil {
		return 0, err
	}
	return c.Exit.Code, nil
}

// Rename gives a container another name. The error for one that another has wraps state.ErrNameTaken.
func (e *Engine) Rename(ref, name string) error {
	c, err := e.Find(ref)
	if err != nil {
		return err
	}
	return e.DB.Rename(c.ID, name)
}

// Update is a change to a container. Zero fields leave what there is.
type Update struct {
	Limits  resource.Limits
	Restart *Restart
}

// Update changes limits and the restart policy of a container, of one that runs at once. It returns warnings
// of limits that are not held.
func (e *Engine) Update(ref string, u Update) ([]string, error) {
	c, err := e.Find(ref)
	if err != nil {
		return nil, err
	}
	change, err := json.Marshal(u)
	if err != nil {
		return nil, err
	}
	answer, err := e.ask(c, request{Do: "update", Change: change})
	if !errors.Is(err, errNoMonitor) {
		return answer.Warnings, err
	}
	cfg, err := ConfigOf(c)
	if err != nil {
		return nil, err
	}
	if err := cfg.apply(u); err != nil {
		return nil, err
	}
	return nil, e.setConfig(c.ID, &cfg, Requested(cfg.Limits))
}

// apply changes the config; it is as it was when that is not possible.
func (c *Config) apply(u Update) error {
	next := *c
	next.Limits = u.Limits.Merge(c.Limits)
	if u.Restart != nil {
		next.Restart = *u.Restart
	}
	if err := next.check(); err != nil {
		return err
	}
	*c = next
	return nil
}

func (e *Engine) setConfig(id string, cfg *Config, limits []resource.Enforcement) error {
	text, err := json.Marshal(cfg)
	if err != nil {
		return err
	}
	return e.DB.SetConfig(id, string(text), limits)
}

// Boot starts the containers that are to run whenever the machine does: those with the restart policy always,
// and unless-stopped but for those that the user stopped. One that cannot be started keeps none of the others.
func (e *Engine) Boot(ctx context.Context) (started []state.Container, err error) {
	_, lost := e.Reconcile()
	list, err := e.DB.Containers(true)
	if err != nil {
		return nil, err
	}
	all := []error{lost}
	for i := len(list) - 1; i >= 0; i-- { // the oldest first
		c := list[i]
		cfg, err := ConfigOf(c)
		wanted := cfg.Restart.When == Always || cfg.Restart.When == UnlessStopped && !c.Halted
		if err != nil || !wanted || c.Status == state.Created || state.IsLocked(e.Dir, c.ID) {
			continue
		}
		if _, err := e.Start(ctx, c.ID); err != nil {
			all = append(all, fmt.Errorf("container %s: %w", c.Name, err))
			continue
		}
		started = append(started, c)
	}
	return started, errors.Join(all...)
}
