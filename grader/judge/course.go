package judge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"pocket/grader"
)

// course is one submission's way through a batch.
type course struct {
	*work
	entry   Entry
	place   int
	claim   Claim
	sources string
	known   map[int]grader.Result // by ordinal
	content map[int]string        // by ordinal; nil when nothing may be taken over

	keeping sync.WaitGroup
	mu      sync.Mutex
	failed  error // guarded by mu: why a result could not be recorded
}

// run grades the submission, or takes the results of an identical one, and returns the report once all of it
// is recorded. fault says why its sources cannot be read.
func (c *course) run(ctx context.Context, fault error) (report *grader.Report, err error) {
	defer func() {
		if broken := recover(); broken != nil {
			report, err = c.finished(c.broken(fmt.Errorf("pocket-grade broke: %v", broken)), nil)
		}
	}()
	switch {
	case c.entry.Instead != nil:
		return c.finished(c.instead(), nil)
	case fault != nil:
		return c.finished(c.broken(fault), nil)
	}
	c.known = known(c.claim.Kept)
	identity := c.identity()
	for {
		l, first := c.seen.join(identity)
		if first {
			report, err := c.finished(c.lead(ctx))
			if err == nil && !hasFault(*report) {
				l.report = c.claim.ID
			}
			c.seen.leave(identity, l)
			return report, err
		}
		c.passed(c.place)
		select {
		case <-l.ended:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if l.report != 0 {
			return c.finished(c.follow(l.report))
		}
	}
}

// finished records that the submission is graded.
func (c *course) finished(report *grader.Report, err error) (*grader.Report, error) {
	if err == nil {
		err = c.recorded()
	}
	if err == nil {
		err = c.Records.Finish(c.claim.ID, *report)
	}
	return report, err
}

// known is what need not be run again of what an interrupted grader recorded: a fault of ours may be gone.
func known(kept map[int]grader.Result) map[int]grader.Result {
	all := map[int]grader.Result{}
	for ordinal, r := range kept {
		if r.Verdict != grader.JE && r.Verdict != grader.SKIP {
			all[ordinal] = r
		}
	}
	return all
}

// identity is the same for submissions that get the same results.
func (c *course) identity() string {
	p := c.entry.Program
	compile := Command{}
	if p.Compile != nil {
		compile = *p.Compile
	}
	run := Command{}
	if len(c.Suite.Cases) > 0 {
		run = p.Run(c.Suite.Cases[0])
	}
	return fmt.Sprintf("%s %s %q %q", c.sources, c.entry.Submission.Language, compile, run)
}

// lead grades the submission. Whatever breaks is a JE of this submission alone.
func (c *course) lead(ctx context.Context) (report *grader.Report, err error) {
	defer func() {
		if broken := recover(); broken != nil {
			report, err = c.broken(fmt.Errorf("pocket-grade broke: %v", broken)), nil
		}
	}()
	if err := c.find(ctx); err != nil {
		return nil, err
	}
	if report := c.complete(); report != nil {
		return report, nil
	}
	place, err := c.desk.take(ctx, c.place)
	if err != nil {
		return nil, err
	}
	defer c.desk.put(place)
	staged, err := c.Workspace.StageAs(c.entry.Submission, c.entry.As)
	if errors.Is(err, grader.ErrFull) {
		return nil, err
	} else if err != nil {
		return c.broken(err), nil
	}
	defer staged.discard()
	if staged.Digest != c.sources {
		return c.broken(errors.New("its files changed while it was being graded")), nil
	}
	graded, err := Run(ctx, c.Runner, c.Suite, staged, c.entry.Program, Options{
		Pool: c.Pool, Turn: c.place, Known: c.known, Repeat: c.Repeat,
		Changed:   func(i int) bool { return stampOf(c.Suite.Cases[i]) != c.stamps[i] },
		OnCompile: func(r grader.Result) { c.keep(Compilation, r) },
		OnResult: func(i int, r grader.Result) {
			if r.Verdict != grader.SKIP {
				c.keep(i, r)
			}
		},
	})
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(graded.Results, func(r grader.Result) bool { return r.Verdict != grader.SKIP }) {
		c.keepAll(graded.Results) // nothing was run
	} else {
		c.recordKnown(graded.Results)
	}
	return &graded, nil
}

// complete is the report when every result is known, so that neither a copy nor a compiler is needed.
func (c *course) complete() *grader.Report {
	r := c.blank()
	if c.entry.Program.Compile != nil {
		compile, ok := c.known[Compilation]
		if !ok {
			return nil
		}
		r.Compile = &compile
	}
	if r.Compile != nil && r.Compile.Verdict != grader.AC {
		r.Results = skipped(c.Suite.Cases, r.Compile.Verdict)
		c.keepAll(r.Results)
	} else {
		var all bool
		if r.Results, all = foretell(c.Suite, c.known); !all {
			return nil
		}
		c.recordKnown(r.Results)
	}
	if r.Compile != nil && r.Compile.Cached {
		c.keep(Compilation, *r.Compile)
	}
	score(c.Suite, r)
	r.Finished = now()
	return r
}

// keepAll records the results of cases that were not run.
func (c *course) keepAll(results []grader.Result) {
	for i, r := range results {
		c.keep(i, r)
	}
}

// recordKnown records the results that were found by content and what was skipped because of them, and tells of
// those that were recorded before.
func (c *course) recordKnown(results []grader.Result) {
	for i, r := range results {
		_, known := c.known[i]
		_, kept := c.claim.Kept[i]
		switch {
		case known && kept && r.Verdict != grader.SKIP:
			c.tell(r)
		case known, r.Verdict == grader.SKIP:
			c.keep(i, r)
		}
	}
}

// follow takes over the results of an identical submission.
func (c *course) follow(id int64) (*grader.Report, error) {
	report, err := c.Records.Load(id)
	if err != nil {
		return nil, err
	}
	own := c.blank()
	own.Verdict, own.Detail, own.Compile, own.Results = report.Verdict, report.Detail, report.Compile, report.Results
	own.Groups, own.Points, own.Score, own.Finished = report.Groups, report.Points, report.Score, now()
	own.Results = slices.Clone(own.Results)
	if own.Compile != nil {
		compile := *own.Compile
		compile.Cached = true
		own.Compile = &compile
		c.keep(Compilation, compile)
	}
	for i := range own.Results {
		own.Results[i].Cached = own.Results[i].Verdict != grader.SKIP
	}
	c.keepAll(own.Results)
	return own, nil
}

// broken is the report of a submission that could not be graded for a reason that lies with us.
func (c *course) broken(fault error) *grader.Report {
	return c.unrun(grader.Report{Verdict: grader.JE, Detail: oneLine(fault)})
}

// instead is the report that stands for what cannot be run.
func (c *course) instead() *grader.Report { return c.unrun(*c.entry.Instead) }

func (c *course) unrun(as grader.Report) *grader.Report {
	r := c.blank()
	r.Verdict, r.Detail, r.Missing = as.Verdict, as.Detail, as.Missing
	r.Results = skipped(c.Suite.Cases, "")
	tally(c.Suite, r)
	c.keepAll(r.Results)
	r.Finished = now()
	return r
}

func (c *course) blank() *grader.Report {
	sub := c.entry.Submission
	return &grader.Report{
		Suite: c.Suite.Name, Submission: sub.Name, Path: sub.Path, Language: sub.Language, Student: sub.Student, Started: now(),
	}
}

// keep records a result; recorded waits for all.
func (c *course) keep(ordinal int, r grader.Result) {
	c.keeping.Add(1)
	c.Records.Keep(c.claim.ID, ordinal, r, c.contentOf(ordinal, r), func(err error) {
		defer c.keeping.Done()
		if err != nil {
			c.mu.Lock()
			c.failed = errors.Join(c.failed, err)
			c.mu.Unlock()
			c.stop(err)
		} else if ordinal != Compilation {
			c.tell(r)
		}
	})
}

// recorded waits until everything that was kept is durable, and says what is not.
func (c *course) recorded() error {
	c.keeping.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failed
}

// hasFault says whether there is a JE anywhere in a report.
func hasFault(r grader.Report) bool {
	for _, result := range r.Results {
		if result.Verdict == grader.JE {
			return true
		}
	}
	return r.Verdict == grader.JE
}

// leaders are the submissions of a batch that are being graded or were, by identity: who comes later with the
// same sources waits for the first and takes its results.
type leaders struct {
	mu  sync.Mutex
	all map[string]*leader
}

type leader struct {
	ended  chan struct{}
	report int64 // once it ended: whose report it is; 0 when nobody can use it
}

func (l *leaders) join(identity string) (one *leader, first bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if one, known := l.all[identity]; known {
		return one, false
	}
	if l.all == nil {
		l.all = map[string]*leader{}
	}
	one = &leader{ended: make(chan struct{})}
	l.all[identity] = one
	return one, true
}

func (l *leaders) leave(identity string, one *leader) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if one.report == 0 {
		delete(l.all, identity)
	}
	close(one.ended)
}
