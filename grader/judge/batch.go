package judge

import (
	"context"
	"sync"
	"time"

	"pocket/grader"
)

// Entry is a submission with the way to compile and run it.
type Entry struct {
	Submission grader.Submission
	Program    Program
	As         string // the name under which a single file is seen; "" for its own
	// Instead, when not nil, is the report of something that cannot be run: what was handed in is no
	// submission, or nothing was. Nothing of it but its verdict, detail and flags is read.
	Instead *grader.Report
	// Open, when not nil, is called when the submission's turn comes and returns what is graded in its place, of
	// the same name, path and student, and what ends that: of a large class, not all need be unpacked at once.
	Open func() (e Entry, shut func())
	// Stop, when not nil in what Open returns, is why nothing more can be graded: it ends the batch.
	Stop error
}

// Standing says how far a submission of a batch is.
type Standing int

// The standings.
const (
	Ours   Standing = iota // to be graded here, and nowhere else
	Taken                  // another process is grading it
	Graded                 // it is graded
)

// Claim is what is known of a submission when its turn comes.
type Claim struct {
	ID       int64
	Standing Standing
	Kept     map[int]grader.Result // Ours: results that are recorded already, by ordinal
}

// Compilation is the ordinal of the compilation among a submission's results; those of cases are their
// places in the suite.
const Compilation = -1

// Records is where a batch's results go and where earlier ones come from. Its functions are called by many
// goroutines at once. An error of theirs ends the batch: what is not recorded must not be shown.
type Records struct {
	// Claim asks for the submission at a place in the batch.
	Claim func(place int, sub grader.Submission, sources string) (Claim, error)
	// Find returns earlier results by what they depend on; nil finds none.
	Find func(contents []string) (map[string]grader.Result, error)
	// Keep records a result and calls done, perhaps later, when it is durable.
	Keep func(id int64, ordinal int, r grader.Result, content string, done func(error))
	// Finish returns when the whole report is durable.
	Finish func(id int64, r grader.Report) error
	// Load returns the report of a submission that is graded.
	Load func(id int64) (grader.Report, error)
}

// Batch is submissions that are graded on one pool of workers.
type Batch struct {
	Suite     *grader.Suite
	Runner    grader.Runner
	Workspace *Workspace
	Pool      *Pool
	Records   Records
	// Root says what the root file system is made of; with "" no result is taken from or kept for other runs.
	Root string
	// Repeat is how often each case is run, 0 is once; with more, nothing is taken from other runs.
	Repeat int
	// OnResult, when not nil, is told of the cases of one submission that are done: recorded, if they were
	// run here. It is called by many goroutines at once.
	OnResult func(results ...grader.Result)
	// Expected are toolchains beside those of the entries that will be needed, as far as is known: of
	// submissions that are opened when their turn comes. All are examined before anything is run.
	Expected []*Toolchain
	// OnUnusable, when not nil, is told before anything is run of each language of which there are
	// submissions and that cannot be used: these will be JE.
	OnUnusable func(language string, problem error)
	// OnWaiting, when not nil, is told again and again for how long nothing was left to do but what other processes are
	// grading.
	OnWaiting func(passed time.Duration)
	// Show gets each report once it is durable, in the batch's order and never twice at once. Its error
	// ends the batch.
	Show func(place int, r grader.Report) error
}

// work is a batch under way.
type work struct {
	Batch
	entries []Entry
	stop    context.CancelCauseFunc
	queue   *queue
	seen    leaders

	desk   *Pool    // as many submissions are copied and compiled at once: more than are run, so that none waits for a compiler
	opened *Pool    // as many are open at once of those that must be
	stamps []string // of the cases' files, when grading began
	cases  []string // the digests of the suite's cases; "" for one that cannot be read
}

// The pause before another look at submissions that another process is grading is longer each time, since each of
// them may have to be unpacked again to be looked at.
const (
	shortestPause = 200 * time.Millisecond
	longestPause  = time.Second
)

// Grade grades all submissions. What goes wrong with one of them is its JE and touches no other. The error
// says that grading was interrupted, that something could not be recorded, or what Show returned; what was
// recorded until then is complete.
func (b Batch) Grade(ctx context.Context, entries []Entry) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	w := &work{Batch: b, entries: entries, stop: stop, queue: newQueue(b.Show, b.Records.Load)}
	w.desk, w.opened = NewPool(make([]string, b.Pool.Workers()+2)), NewPool(make([]string, b.Pool.Workers()+2))
	for _, c := range b.Suite.Cases { // before the digests: what changes meanwhile is noticed too
		w.stamps = append(w.stamps, stampOf(c))
	}
	w.cases, _ = CaseDigests(b.Suite) // a case that cannot be read is a JE when it is run
	var left []int
	for place := range entries {
		left = append(left, place)
	}
	if err := w.examineAll(ctx); err != nil {
		return err
	}
	var idle time.Time
	for pause := shortestPause; ; pause = min(2*pause, longestPause) {
		before := len(left)
		left = w.round(ctx, left)
		if len(left) == 0 || ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if idle.IsZero() || len(left) < before {
			idle, pause = time.Now(), shortestPause
		}
		if w.OnWaiting != nil {
			w.OnWaiting(time.Since(idle))
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
}

// ahead is how many submissions are looked at beyond those that are being run: what is known of them is
// recorded together, and one that is known already must not wait for one that is not.
const ahead = 16

// round grades submissions and returns those that other processes are grading.
func (w *work) round(ctx context.Context, places []int) (taken []int) {
	window := make(chan struct{}, w.Pool.Workers()+ahead)
	unpacked := make(chan struct{}, w.Pool.Workers()+2)
	var mu sync.Mutex
	var open sync.WaitGroup
	for _, place := range places {
		leave, err := w.enter(ctx, place, window, unpacked)
		if err != nil {
			break
		}
		w.expect(place)
		open.Go(func() {
			defer leave()
			defer w.passed(place)
			id, report, err := w.one(ctx, place)
			if err == nil && id != 0 {
				err = w.queue.done(place, id, report)
			}
			if err != nil {
				w.stop(err)
			} else if id == 0 {
				mu.Lock()
				taken = append(taken, place)
				mu.Unlock()
			}
		})
	}
	open.Wait()
	return taken
}

// enter waits for a place in the window and, for a submission that is opened when its turn comes, for one among
// those that lie unpacked: both in the batch's order, or a later one could wait for an earlier one that waits for it.
func (w *work) enter(ctx context.Context, place int, window, unpacked chan struct{}) (leave func(), err error) {
	select {
	case window <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if w.entries[place].Open == nil {
		return func() { <-window }, ctx.Err()
	}
	select {
	case unpacked <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return func() { <-unpacked; <-window }, ctx.Err()
}

// expect says that a submission comes before those behind it.
func (w *work) expect(place int) {
	w.desk.expect(place)
	w.Pool.expect(place)
	if w.entries[place].Open != nil {
		w.opened.expect(place)
	}
}

// passed says that the submissions behind this one need not wait for it any more.
func (w *work) passed(place int) {
	for _, p := range []*Pool{w.opened, w.desk, w.Pool} {
		p.pass(place)
	}
}

// one grades a submission. id is 0 when another process does; report is nil when it was graded before.
func (w *work) one(ctx context.Context, place int) (id int64, report *grader.Report, err error) {
	e := w.entries[place]
	if e.Open != nil {
		seat, err := w.opened.take(ctx, place)
		if err != nil {
			return 0, nil, err
		}
		defer w.opened.put(seat)
		var shut func()
		e, shut = e.Open()
		defer shut()
		if e.Stop != nil {
			return 0, nil, e.Stop
		}
	}
	sources, fault := "", error(nil)
	if e.Instead == nil {
		sources, fault = Digest(e.Submission, e.As)
	}
	claim, err := w.Records.Claim(place, e.Submission, sources)
	if err != nil || claim.Standing == Taken {
		return 0, nil, err
	}
	if claim.Standing == Graded {
		w.tell(make([]grader.Result, len(w.Suite.Cases))...)
		return claim.ID, nil, nil
	}
	c := &course{work: w, entry: e, place: place, claim: claim, sources: sources}
	defer c.keeping.Wait()
	report, err = c.run(ctx, fault)
	return claim.ID, report, err
}

func (w *work) tell(results ...grader.Result) {
	if w.OnResult != nil && len(results) > 0 {
		w.OnResult(results...)
	}
}
