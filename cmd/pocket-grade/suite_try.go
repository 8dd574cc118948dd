package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"pocket/grader"
	"pocket/grader/judge"
	"pocket/grader/language"
	"pocket/grader/trial"
)

// attempt is the grading of a suite's reference submissions. Nothing of it is stored.
type attempt struct {
	console
	runner    grader.Runner
	workspace *judge.Workspace
	pool      *judge.Pool
	progress  *progress
}

// attempted makes all that is needed to grade n reference submissions and to try the suite's own programs. close
// removes it again.
func attempted(c console, s *grader.Suite, kit []tool, n, workers int) (a *attempt, close func() error, err error) {
	runner, root, err := newRunner(s)
	if err != nil {
		return nil, nil, judgeFault{err}
	}
	workspace, err := judge.OpenWorkspace()
	if err != nil {
		return nil, nil, judgeFault{errors.Join(err, runner.Close())}
	}
	close = func() error { return errors.Join(workspace.Close(), runner.Close()) }
	workspace.Root = root
	if err := equip(workspace, kit); err != nil {
		return nil, nil, judgeFault{errors.Join(err, close())}
	}
	return &attempt{c, runner, workspace, judge.NewPool(make([]string, workers)), newProgress(c.err, n*len(s.Cases))}, close, nil
}

// try tries the suite's checkers and interactors, and grades all reference submissions, every case of each, and those
// that are too slow once more with more time. The error is the context's when it was interrupted.
func try(ctx context.Context, c console, s *grader.Suite, table language.Table, all []trial.Reference, workers int) (made *trial.Trial, found judge.Rehearsal, err error) {
	entries, err := enterReferences(s, table, all)
	if err != nil {
		return nil, found, err
	}
	if err := apart(s, paths(entries)); err != nil {
		return nil, found, err
	}
	kit, err := tools(s, table)
	if err != nil || len(kit) == 0 && len(all) == 0 {
		return nil, found, err
	}
	a, closed, err := attempted(c, s, kit, len(all), workers)
	if err != nil {
		return nil, found, err
	}
	defer func() { err = errors.Join(err, closed()) }()
	defer a.progress.clear()
	if found, err = judge.Rehearse(ctx, a.runner, a.workspace, a.pool, s); err != nil || len(all) == 0 {
		return nil, found, err
	}
	tried, err := a.all(ctx, trial.Whole(s), all, entries)
	if err != nil {
		return nil, found, err
	}
	whole := trial.Of(s, tried)
	return &whole, found, nil
}

// judgeFault marks an error as no fault of the suite's.
type judgeFault struct{ error }

func (f judgeFault) Unwrap() error { return f.error }

// enterReferences looks at all of them before the first is run.
func enterReferences(s *grader.Suite, table language.Table, all []trial.Reference) ([]entry, error) {
	var entries []entry
	var problems []error
	for _, r := range all {
		e, err := enterOne(r.Path, s, table)
		e.submission.Name = r.Name
		entries, problems = append(entries, e), append(problems, err)
	}
	return entries, errors.Join(problems...)
}

func (a *attempt) all(ctx context.Context, s *grader.Suite, all []trial.Reference, entries []entry) ([]trial.Tried, error) {
	reports, err := a.grade(ctx, s, entries)
	if err != nil {
		return nil, err
	}
	var tried []trial.Tried
	for i, r := range all {
		one := trial.Tried{Reference: r, Report: reports[i]}
		if one.Longer, err = a.longer(ctx, s, entries[i], one); err != nil {
			return nil, err
		}
		tried = append(tried, one)
	}
	return tried, nil
}

// longer runs what ran out of time, as it was meant to, once more with more of it.
func (a *attempt) longer(ctx context.Context, s *grader.Suite, e entry, one trial.Tried) (map[string]grader.Result, error) {
	if !slices.Contains(one.Want, grader.TLE) {
		return nil, nil
	}
	patient := trial.Patient(s)
	patient.Cases = slices.DeleteFunc(patient.Cases, func(c grader.Case) bool {
		return !slices.ContainsFunc(one.Report.Results, func(r grader.Result) bool { return r.Case == c.Name && r.Verdict == grader.TLE })
	})
	if len(patient.Cases) == 0 {
		return nil, nil
	}
	a.progress.more(len(patient.Cases))
	reports, err := a.grade(ctx, patient, []entry{e})
	if err != nil {
		return nil, err
	}
	found := map[string]grader.Result{}
	for _, r := range reports[0].Results {
		found[r.Case] = r
	}
	return found, nil
}

// grade grades submissions and returns their reports in order.
func (a *attempt) grade(ctx context.Context, s *grader.Suite, entries []entry) ([]grader.Report, error) {
	var reports []grader.Report
	batch := judge.Batch{
		Suite: s, Runner: a.runner, Workspace: a.workspace, Pool: a.pool, Records: (&memory{}).records(),
		OnResult: a.progress.results,
		OnUnusable: func(name string, problem error) {
			a.progress.clear()
			fmt.Fprintf(a.err, "pocket-grade: %v%s\n", problem, affected(entries, name))
		},
		Show: func(_ int, r grader.Report) error {
			reports = append(reports, r)
			return nil
		},
	}
	var all []judge.Entry
	for _, e := range entries {
		all = append(all, e.judged())
	}
	err := batch.Grade(ctx, all)
	return reports, err
}

// memory keeps reports as long as they are needed, where the store would keep them for good.
type memory struct {
	mu      sync.Mutex
	reports []grader.Report // of submission ID at ID-1
}

func (m *memory) records() judge.Records {
	return judge.Records{
		Claim: func(int, grader.Submission, string) (judge.Claim, error) {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.reports = append(m.reports, grader.Report{})
			return judge.Claim{ID: int64(len(m.reports)), Standing: judge.Ours}, nil
		},
		Keep: func(_ int64, _ int, _ grader.Result, _ string, done func(error)) { done(nil) },
		Finish: func(id int64, r grader.Report) error {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.reports[id-1] = r
			return nil
		},
		Load: func(id int64) (grader.Report, error) {
			m.mu.Lock()
			defer m.mu.Unlock()
			return m.reports[id-1], nil
		},
	}
}
