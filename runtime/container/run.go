package container

import (
	"context"
	"errors"
	"fmt"
	"os"

	"pocket/runtime/image"
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

// Run makes a container, runs its program to the end and records how it ended. The calling process is
// its monitor. When it returns, every process of the container is dead, and its record is final or, with
// Config.Remove, gone.
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
	r, err := e.create(&cfg, img)
	if err != nil {
		return Result{}, err
	}
	r.streams, r.signals = s, signals
	exit, err := r.run(ctx, img)
	return Result{r.record.ID, r.record.Name, exit, r.lostOutput()}, errors.Join(err, r.end(exit, err))
}

// because returns what ended ctx, where that is why err came about.
func because(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// running is a container while its monitor, this process, runs it.
type running struct {
	*Engine
	cfg     *Config
	record  state.Container
	folder  string
	lock    *state.Lock
	control *os.File
	log     *Log
	streams Streams
	signals *relay
	outlets []*outlet
}

// create records the container and makes its folder. The lock is taken before there is a record, so that
// nobody ever sees one without a monitor.
func (e *Engine) create(cfg *Config, img image.Image) (*running, error) {
	r := &running{Engine: e, cfg: cfg}
	id := state.NewID()
	r.folder = e.Folder(id)
	var err error
	if r.lock, err = state.AcquireLock(e.Dir, id); err != nil {
		return nil, err
	}
	r.record, err = e.DB.CreateContainer(state.Container{ID: id, Name: cfg.Name, Image: img.Name, Command: cfg.Args,
		Log: logPath(r.folder, 0), Limits: Requested(cfg.Limits)})
	if err != nil {
		return nil, errors.Join(err, r.lock.Discard())
	}
	if cfg.Hostname == "" {
		cfg.Hostname = r.record.Short()
	}
	if err := r.folders(img); err != nil {
		return nil, errors.Join(err, e.remove(r.record), r.lock.Release())
	}
	return r, nil
}

// run starts the program and waits for it.
func (r *running) run(ctx context.Context, img image.Image) (sandbox.Exit, error) {
	if r.streams.Created != nil {
		if err := r.streams.Created(r.record.ID); err != nil {
			return sandbox.Exit{}, err
		}
	}
	spec, err := r.spec(img)
	if err != nil {
		return sandbox.Exit{}, err
	}
	self, err := state.Self()
	if err != nil {
		return sandbox.Exit{}, err
	}
	if ctx.Err() != nil {
		return sandbox.Exit{}, context.Cause(ctx)
	}
	return r.supervise(ctx, spec, self)
}

// end records the run's end, and removes the container where that was asked for. A failure of Run is
// recorded too, so that ps and inspect show it.
func (r *running) end(exit sandbox.Exit, failure error) error {
	var all []error
	all = append(all, r.log.Close())
	if n, cause := r.log.Dropped(); n > 0 {
		r.warn(fmt.Sprintf("%d log records were dropped: %v", n, cause))
	}
	if r.cfg.Remove {
		// Recorded first: if the removal is cut short, what is left is a container that has ended.
		all = append(all, r.finish(exit, failure), r.remove(r.record))
	} else {
		all = append(all, r.finish(exit, failure))
	}
	all = append(all, r.closeControl(), r.lock.Release())
	return errors.Join(all...)
}

func (r *running) finish(exit sandbox.Exit, failure error) error {
	end := state.Exit{Started: exit.Started, Finished: exit.Finished, Code: exit.Status(), Signal: int(exit.Signal),
		Reason: string(exit.Reason), OOM: state.OOM(exit.OOM), Usage: exit.Usage}
	limits := exit.Enforcement
	if failure != nil {
		end.Code, end.Error = Status(failure), failure.Error()
	}
	if len(limits) == 0 {
		limits = nil
	}
	return r.DB.Finish(r.record.ID, end, limits)
}

func (r *running) warn(text string) {
	if r.streams.Warn != nil {
		r.streams.Warn(text)
	}
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
