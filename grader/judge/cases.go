package judge

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"pocket/grader"
)

// bench is where a submission's programs are run.
type bench struct {
	runner grader.Runner
	pool   *Pool // nil: a slot is held already
	slot   Slot  // the one that is held
	turn   int   // the submission's place among those that are graded
}

// run runs a job as soon as it is the submission's turn.
func (b bench) run(ctx context.Context, job grader.Job) grader.Outcome {
	if b.pool == nil {
		return b.runner.Run(ctx, b.slot.pin(job))
	}
	slot, err := b.pool.take(ctx, b.turn)
	if err != nil {
		return grader.Outcome{Err: err, Interrupted: true}
	}
	defer b.pool.put(slot)
	return b.runner.Run(ctx, slot.pin(job))
}

// pin keeps a job to the slot's processor, unless its limits name others.
func (s Slot) pin(job grader.Job) grader.Job {
	if job.Limits.Cpuset == "" && job.Limits.CPUs == 0 {
		job.Limits.Cpuset = s.CPU
	}
	return job
}

// grading is what the cases of one submission are run with.
type grading struct {
	bench
	sub     *Staged
	program Program
	build   string        // what was compiled; "" for nothing
	repeat  int           // how often each case is run; 0 is once
	lost    *atomic.Int64 // how many cases were run again and went over their limit each time
}

// job is the submission's job on a case.
func (g grading) job(c grader.Case) grader.Job {
	command := g.program.Run(c)
	return g.slot.pin(grader.Job{
		Args: command.Args, Env: merge(command.Env, c.Env), Stdin: c.Input,
		Mounts: append([]grader.Volume{g.sub.volume()}, c.Volumes...),
		Build:  g.build, Limits: widen(c.Limits, g.program.Extra),
	})
}

// cases runs the cases that are not known yet on some goroutines, which have all ended when it returns. With
// stop-early they run one after the other: what comes behind the first that is not AC is never begun.
func (g grading) cases(ctx context.Context, suite *grader.Suite, o Options) ([]grader.Result, error) {
	ahead := newOutlook(suite)
	var next atomic.Int64
	var mu sync.Mutex
	var workers sync.WaitGroup
	var stopped error // guarded by mu: why a case has no result
	work := func() {
		for n := int(next.Add(1)) - 1; n < len(ahead.order); n = int(next.Add(1)) - 1 {
			place := ahead.order[n]
			r, known, err := g.result(ctx, ahead, place, o)
			mu.Lock()
			if err != nil {
				stopped = err
			} else if ahead.put(place, r); !known && o.OnResult != nil {
				o.OnResult(place, r)
			}
			mu.Unlock()
			if err != nil {
				return
			}
		}
	}
	at := min(g.pool.Workers(), len(suite.Cases))
	if suite.StopEarly {
		at = 1
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for range at {
		workers.Go(func() {
			work()
			mu.Lock()
			defer mu.Unlock()
			if stopped != nil {
				cancel() // nobody waits for a case that has no result
			}
		})
	}
	workers.Wait()
	return ahead.results, stopped
}

// result is that of the case at a place: known, skipped because of others, or what its run brings.
func (g grading) result(ctx context.Context, ahead *outlook, place int, o Options) (r grader.Result, known bool, err error) {
	if err := ahead.wait(ctx, place); err != nil {
		return r, false, err
	}
	if r, skipped := ahead.skip(place); skipped {
		return r, false, nil
	}
	if r, known := o.Known[place]; known {
		return r, true, nil
	}
	c := ahead.suite.Cases[place]
	r, err = g.one(ctx, c)
	if err == nil && o.Changed != nil && o.Changed(place) {
		r = faulty(c, "the files of the case changed while it was being graded: grade again")
	}
	return r, false, err
}

// execute runs and judges a case once, in the slot that is held. ended is the limit that ended the program; the
// error says that it was interrupted.
func (g grading) execute(ctx context.Context, c grader.Case) (r grader.Result, ended grader.Limit, err error) {
	if c.Volumes, err = g.sub.workspace.volumes(c.Volumes); errors.Is(err, grader.ErrFull) {
		return r, grader.NoLimit, err
	} else if err != nil {
		return faulty(c, oneLine(err)), grader.NoLimit, nil
	}
	if c.Interactor != nil {
		return g.interact(ctx, c)
	}
	var answer []byte
	if c.Compare.Mode != grader.Checked { // a checker gets it as a file
		if answer, err = read(c.Answer); err != nil {
			return faulty(c, "reading the answer: "+err.Error()), grader.NoLimit, nil
		}
	}
	job := g.job(c)
	limits := job.Limits
	job.Limits = generous(limits)
	out := g.runner.Run(ctx, job)
	if out.Interrupted {
		return grader.Result{}, grader.NoLimit, interrupted(ctx, out)
	}
	r = classify(c, g.program, limits, out, answer)
	if r.Verdict == undecided {
		r, err = g.check(ctx, c, r, grader.Text{Inline: string(out.Stdout)})
	}
	return r, out.Limit, err
}

// faulty is the result of a case that could not be judged.
func faulty(c grader.Case, detail string) grader.Result {
	return grader.Result{Case: c.Name, Points: c.Points, Verdict: grader.JE, Detail: detail}
}
