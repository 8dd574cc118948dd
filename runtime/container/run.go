package container

import (
	"context"
	"errors"
	"fmt"

	"pocket/runtime/resource"
	"pocket/runtime/sandbox"
	"pocket/runtime/state"
)

// Result is how a container's run ended.
type Result struct {
	ID   string
	Name string
	Exit sandbox.Exit
	// LostOutput is why the program's output could not all be written to Streams, nil when it could. A
	// reader that went away (EPIPE) is none of it: the program got SIGPIPE for that.
	LostOutput error
}

// Run makes a container, runs its program to the end, again as its restart policy wants, and records how it
// ended. The calling process is its monitor. When it returns, every process of the container is dead, and
// its record is final or, with Config.Remove, gone.
//
// The error tells what pocket or the host could not do; how the program ended is in the Result. A
// program that cannot be executed is a *sandbox.ExecError; a signal that came before the start is an
// *Interrupted. With either, as with an error of the set-up, the container remains as its record says.
func (e *Engine) Run(ctx context.Context, cfg Config, s Streams) (Result, error) {
	if err := cfg.check(); err != nil {
		return Result{}, err
	}
	signals, ctx := newRelay(ctx, s.Signals)
	defer signals.close()
	img, err := e.Images.Resolve(ctx, cfg.Image, s.Progress)
	if err != nil {
		return Result{}, because(ctx, err)
	}
	if err := cfg.inherit(img); err != nil {
		return Result{}, err
	}
	m, err := e.create(&cfg, img)
	if err != nil {
		return Result{}, err
	}
	m.streams, m.signals = s, signals
	exit, err := m.foreground(ctx)
	return Result{m.record.ID, m.record.Name, exit, m.lostOutput()}, err
}

// because returns what ended ctx, where that is why err came about.
func because(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// foreground watches a container that this process has just made.
func (m *monitor) foreground(ctx context.Context) (sandbox.Exit, error) {
	if err := m.open(); err != nil {
		return sandbox.Exit{}, errors.Join(err, m.close())
	}
	if m.streams.Created != nil {
		if err := m.streams.Created(m.record.ID); err != nil {
			return m.conclude(sandbox.Exit{}, errors.Join(err, m.finish(sandbox.Exit{}, "", err, state.Exited)))
		}
	}
	return m.conclude(m.watch(ctx, func(error) {}))
}

// conclude closes the watch, and then tells all who are connected how the container ended: what they do
// next finds everything done.
func (m *monitor) conclude(exit sandbox.Exit, err error) (sandbox.Exit, error) {
	reason := m.reason(exit)
	err = errors.Join(err, m.close())
	ended := Ended{Status: exit.Status(), Reason: reason}
	if err != nil {
		r := failure(err)
		ended.Status, ended.Error, ended.Hint = r.Status, r.Error, r.Hint
	}
	ended.Warnings = m.untold()
	m.tell(ended, true)
	m.conns.end()
	m.others.Wait()
	return exit, err
}

// Requested lists the limits that are set, none of them enforced yet.
func Requested(l resource.Limits) []resource.Enforcement {
	var list []resource.Enforcement
	add := func(set bool, name, text string) {
		if set {
			list = append(list, resource.Enforcement{Limit: name, Requested: text, By: resource.ByNone})
		}
	}
	add(l.CPU > 0, "cpu", l.CPU.String())
	add(l.Wall > 0, "wall", l.Wall.String())
	add(l.Memory > 0, "memory", l.Memory.String())
	add(l.CPUs > 0, "cpus", fmt.Sprint(l.CPUs))
	add(l.Processes > 0, "processes", fmt.Sprint(l.Processes))
	add(l.OpenFiles > 0, "open files", fmt.Sprint(l.OpenFiles))
	add(l.Stack > 0, "stack", l.Stack.String())
	add(l.FileSize > 0, "file size", l.FileSize.String())
	add(l.Swap > 0, "memory and swap", l.Swap.String())
	add(l.Reservation > 0, "memory reservation", l.Reservation.String())
	add(l.Shares > 0, "cpu shares", fmt.Sprint(l.Shares))
	add(l.Cpuset != "", "cpuset", l.Cpuset)
	return list
}

// notFirm says of each limit that does not hold firmly how it is held, and why.
func notFirm(limits []resource.Enforcement) []string {
	var list []string
	for _, l := range limits {
		if l.Firm() {
			continue
		}
		text := fmt.Sprintf("the limit %s %s is held only by %s", l.Limit, l.Requested, l.By)
		if l.By == resource.ByNone {
			text = fmt.Sprintf("the limit %s %s is not enforced", l.Limit, l.Requested)
		}
		if l.Remark != "" {
			text += ": " + l.Remark
		}
		list = append(list, text)
	}
	return list
}
