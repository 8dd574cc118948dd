package store

import (
	"encoding/json"
	"errors"
	"testing"

	"pocket/grader"
)

func verdictsOf(t *testing.T, s *Store, run int64) (all string) {
	t.Helper()
	reports, err := s.Reports(run, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range reports {
		all += r.Submission + "=" + string(r.Verdict) + " "
	}
	return all
}

// graded records a submission of a run at a place.
func graded(t *testing.T, s *Store, run int64, place int, name string, v grader.Verdict) {
	t.Helper()
	w := s.NewWriter()
	c, err := w.Claim(run, Entry{Position: place, Submission: grader.Submission{Name: name}, Sources: "d"})
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	write(t, s, c.ID, map[int]grader.Result{0: {Case: "one", Verdict: v}}, &grader.Report{Submission: name, Verdict: v, Started: at, Finished: at})
}

func TestRegradesAreAppliedAndUndoneInOrder(t *testing.T) {
	s := open(t)
	run := start(t, s, Run{Key: "k", SuiteDigest: "old"}).Run.ID
	for place, name := range []string{"a", "b", "c"} {
		graded(t, s, run, place, name, grader.WA)
	}
	const before = "a=WA b=WA c=WA "
	states := []string{before}
	for _, want := range []struct {
		verdict grader.Verdict
		leave   []int
		all     string
	}{{grader.AC, nil, "a=WA b=AC c=AC "}, {grader.TLE, []int{2}, "a=WA b=TLE c=AC "}} {
		other := openAt(t, s.Path())
		state, err := other.State(run)
		if err != nil {
			t.Fatal(err)
		}
		trial := start(t, other, Run{TrialOf: run, Key: "trial " + string(want.verdict), SuiteDigest: "new"}).Run.ID
		graded(t, other, trial, 1, "b", want.verdict)
		graded(t, other, trial, 2, "c", want.verdict)
		if got := verdictsOf(t, s, run); got != states[len(states)-1] {
			t.Errorf("before it is applied: %s", got)
		}
		if latest, err := s.Latest(); err != nil || latest.ID != run {
			t.Errorf("a trial is listed: %+v, %v", latest, err)
		}
		if err := other.Apply(trial, state, want.leave, Action{User: "u", Changes: json.RawMessage(`[]`)}); err != nil {
			t.Fatal(err)
		}
		if err := other.Apply(trial, state, want.leave, Action{}); !errors.Is(err, ErrMoved) {
			t.Errorf("applied twice: %v", err)
		}
		if got := verdictsOf(t, s, run); got != want.all {
			t.Errorf("applied: %s, want %s", got, want.all)
		}
		states = append(states, want.all)
	}
	first, err := s.Audit(run)
	if err != nil || len(first) != 3 || first[1].Name != Regraded || first[1].User != "u" || string(first[1].Changes) != "[]" {
		t.Fatalf("%+v, %v", first, err)
	}
	if err := s.Undo(first[1], Action{}); !errors.Is(err, ErrMoved) {
		t.Errorf("undone out of order: %v", err)
	}
	for i := len(states) - 2; i >= 0; i-- {
		last, err := s.LastRegrade(run)
		if err == nil {
			err = s.Undo(last, Action{})
		}
		if got := verdictsOf(t, s, run); err != nil || got != states[i] {
			t.Errorf("undone: %s, want %s, %v", got, states[i], err)
		}
	}
	if _, err := s.LastRegrade(run); !errors.Is(err, ErrNothing) {
		t.Errorf("nothing is left to undo: %v", err)
	}
	if r, err := s.Run(run); err != nil || r.SuiteDigest != "old" {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestRegradeOfTheWholeRun: the run is then one of the new suite, until that is undone.
func TestRegradeOfTheWholeRun(t *testing.T) {
	s := open(t)
	run := start(t, s, Run{SuiteDigest: "old"}).Run.ID
	graded(t, s, run, 0, "a", grader.WA)
	other := openAt(t, s.Path())
	trial := start(t, other, Run{TrialOf: run, SuiteDigest: "new"}).Run.ID
	graded(t, other, trial, 0, "a", grader.AC)
	if err := other.Apply(trial, 0, nil, Action{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"new", "old"} {
		if r, err := s.Run(run); err != nil || r.SuiteDigest != want {
			t.Errorf("%+v, %v; want %s", r, err, want)
		}
		if last, err := s.LastRegrade(run); err == nil {
			if err := s.Undo(last, Action{}); err != nil {
				t.Error(err)
			}
		}
	}
	if err := other.Discard(run); err != nil || verdictsOf(t, s, run) != "a=WA " {
		t.Errorf("a run that is no trial is discarded, or %v", err)
	}
	if err := other.Discard(trial); err != nil || countRows(t, s, "runs") != 1 {
		t.Errorf("%d runs, %v", countRows(t, s, "runs"), err)
	}
}
