package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"pocket/grader"
	"pocket/grader/judge"
	"pocket/grader/language"
	"pocket/grader/report"
	"pocket/grader/store"
	"pocket/runtime/hint"
)

// again is a run that is graded again, beside it, until its results are applied.
type again struct {
	*session
	options regradeOptions
	of      store.Run
	whole   *grader.Suite   // with all cases
	state   int64           // of that run when it was read
	old     []grader.Report // what is graded again, as it is stored
	places  []int           // their positions in the run
	faulty  []int           // positions of those that are left as they were
}

// goodFor is how long what was graded and not applied is not graded again.
const goodFor = time.Hour

// enter finds the run's submissions where they lay, and says which are no longer there.
func (t *again) enter(table language.Table) ([]entry, error) {
	var err error
	if t.state, err = t.db.State(t.of.ID); err != nil {
		return nil, err
	}
	stored, err := reportsOf(t.db, t.of.ID, "")
	if err != nil {
		return nil, err
	}
	places, err := t.db.Places(t.of.ID)
	if err != nil {
		return nil, err
	}
	if len(places) != len(stored) {
		return nil, hint.With(fmt.Errorf("run %d is being graded", t.of.ID), "try again when it has ended")
	}
	class, err := t.class(table)
	if err != nil {
		return nil, err
	}
	var entries []entry
	left := 0
	wanted := selection{student: t.options.selection.student}
	for i, r := range stored {
		if !wanted.matches(r) {
			continue
		}
		e, err := t.found(r, class, table)
		if err != nil {
			left++
			fmt.Fprintf(t.err, "pocket-grade: %s is left as it was: %s\n", report.Printable(r.Submission), report.Printable(err.Error()))
			continue
		}
		entries, t.old, t.places = append(entries, e), append(t.old, r), append(t.places, places[i].Position)
	}
	switch {
	case len(entries) == 0 && left > 0:
		return nil, fmt.Errorf("of run %d not a submission can be graded again", t.of.ID)
	case len(entries) == 0:
		return nil, hint.With(fmt.Errorf("run %d has nothing that matches", t.of.ID), "see pocket-grade results %d", t.of.ID)
	}
	return entries, nil
}

// class finds the submissions of a run that was given as a batch, by name; those that were named one by one
// are found by their paths.
func (t *again) class(table language.Table) (map[string]entry, error) {
	o := t.session.options
	if o.batch.path == "" {
		return nil, nil
	}
	class := map[string]entry{}
	if _, err := os.Stat(o.batch.path); errors.Is(err, fs.ErrNotExist) {
		return class, nil
	}
	o.batch.roster = "" // who they are is stored
	o.db = t.db.Path()
	entries, _, err := enterBatch(t.console, o, t.suite, table, t.workspace)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		class[e.submission.Name] = e
	}
	return class, nil
}

// found is a stored submission as it is to be graded again.
func (t *again) found(r grader.Report, class map[string]entry, table language.Table) (entry, error) {
	if r.Missing {
		return entry{
			submission: grader.Submission{Name: r.Submission, Path: r.Path, Student: r.Student},
			instead:    &grader.Report{Verdict: r.Verdict, Missing: true, Detail: r.Detail},
		}, nil
	}
	if class == nil {
		e, err := enterOne(r.Path, t.suite, table)
		e.submission.Name, e.submission.Student = r.Submission, r.Student
		return e, err
	}
	e, ok := class[r.Submission]
	if !ok {
		return entry{}, fmt.Errorf("%s is no longer there", r.Path)
	}
	opened := e.open
	e.submission.Student = r.Student
	e.open = func() (judge.Entry, func()) {
		ready, shut := opened()
		ready.Submission.Student = r.Student
		return ready, shut
	}
	return e, nil
}

// start begins the trial, or goes on with one that was interrupted or not applied.
func (t *again) start(entries []entry) error {
	s := t.session
	sum := sha256.New()
	fmt.Fprintf(sum, "regrade %d %d %q %v %s", t.of.ID, t.state, s.options.patterns, t.places, s.key(entries))
	run := store.Run{
		Suite: s.suite.Name, SuitePath: s.suite.File, Args: t.of.Args, SuiteDigest: s.digest, Dir: t.of.Dir,
		Key: hex.EncodeToString(sum.Sum(nil)), Total: len(entries), TrialOf: t.of.ID,
	}
	by := store.Action{User: userName(), Args: s.options.args}
	started, err := s.db.Start(run, by, s.options.fresh)
	if err == nil && started.Others == 0 && started.Resumed && time.Since(started.Run.Started) > goodFor {
		if err = s.db.Discard(started.Run.ID); err == nil {
			started.Run.ID, err = s.db.Begin(run) // this process is its grader all the same
		}
	}
	s.run = started.Run
	return err
}

// keep says which results of a submission stay: what an interrupted regrade came to, and of cases that are
// not to be run the stored ones.
func (t *again) keep(w *store.Writer, c store.Claim, place int) (map[int]grader.Result, error) {
	if len(t.session.options.patterns) == 0 || len(c.Kept) > 0 {
		return c.Kept, nil
	}
	kept := map[int]grader.Result{}
	var mu sync.Mutex
	var problems error
	var waiting sync.WaitGroup
	for i, one := range t.suite.Cases {
		at := slices.IndexFunc(t.old[place].Results, func(r grader.Result) bool { return r.Case == one.Name })
		if at < 0 || likeAny(t.session.options.patterns, one.Name) {
			continue
		}
		kept[i] = t.old[place].Results[at]
		waiting.Add(1)
		w.Keep(c.ID, i, kept[i], "", func(err error) {
			mu.Lock()
			defer mu.Unlock()
			problems = errors.Join(problems, err)
			waiting.Done()
		})
	}
	waiting.Wait()
	return kept, problems
}

// compare returns what changes, and notes which submissions are to be left as they were: what was a verdict
// must not become a judge error.
func (t *again) compare() ([]report.Change, error) {
	graded, err := t.db.Reports(t.session.run.ID, "")
	if err != nil {
		return nil, err
	}
	if len(graded) != len(t.old) {
		return nil, errors.New("not all was graded again")
	}
	var from, to []grader.Report
	for i, r := range graded {
		if worse(t.old[i], r) {
			t.faulty = append(t.faulty, t.places[i])
			fmt.Fprintf(t.err, "pocket-grade: %s is left as it was: judge error: %s\n", report.Printable(r.Submission), why(r))
			continue
		}
		from, to = append(from, t.old[i]), append(to, r)
	}
	return report.Changes(from, to), nil
}

// why is the first judge error of a report.
func why(r grader.Report) string {
	for _, one := range r.Results {
		if one.Verdict == grader.JE {
			return report.Printable(one.Case + ": " + one.Detail)
		}
	}
	return report.Printable(r.Detail)
}

// ask waits for a line of standard input; only y and yes mean yes.
func (c console) ask(ctx context.Context, question string) bool {
	fmt.Fprint(c.err, question)
	answer := make(chan string, 1)
	go func() { // ends with the process, when nobody types
		line, _ := bufio.NewReader(os.Stdin).ReadString('\n')
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case line := <-answer:
		return line == "y" || line == "yes"
	case <-ctx.Done():
		return false
	}
}
