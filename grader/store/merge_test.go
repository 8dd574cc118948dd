package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"testing"

	"pocket/grader"
)

// shardOf makes a store with the run of one of two shards: three submissions, or with one of them missing two.
func shardOf(t *testing.T, number, places int) Part {
	t.Helper()
	s := openAt(t, filepath.Join(t.TempDir(), fmt.Sprintf("%d.db", number)))
	shard := Shard{Number: number, Of: 2, Class: "c", Manner: "m"}
	run := start(t, s, Run{Suite: "squares", SuitePath: "/s", Key: fmt.Sprint("k", number), SuiteDigest: "d", Shard: shard,
		Total: places, Args: []string{"class"}, Dir: "/d", Started: at}).Run.ID
	for place := range places {
		r := full
		r.Submission = fmt.Sprintf("s%d", 2*place+number)
		sub := grader.Submission{Name: r.Submission, Path: r.Path, Language: r.Language, Student: r.Student}
		w := s.NewWriter()
		c, err := w.Claim(run, Entry{Position: 2*place + number - 1, Suite: r.Suite, Submission: sub, Sources: "sources of " + r.Submission})
		w.Close()
		if err != nil {
			t.Fatal(err)
		}
		write(t, s, c.ID, map[int]grader.Result{Compilation: *r.Compile, 0: r.Results[0], 1: r.Results[1]}, &r)
	}
	if err := s.FinishRun(run, at.Add(1)); err != nil {
		t.Fatal(err)
	}
	return partOf(t, s, run)
}

func partOf(t *testing.T, s *Store, run int64) Part {
	t.Helper()
	r, err := s.Run(run)
	if err != nil {
		t.Fatal(err)
	}
	print, err := s.Print(run)
	if err != nil {
		t.Fatal(err)
	}
	return Part{Path: s.Path(), Run: r, Print: print}
}

func TestMergeTakesEverything(t *testing.T) {
	parts := []Part{shardOf(t, 1, 3), shardOf(t, 2, 2)}
	s := open(t)
	begin(t, s, Run{Suite: "other"})
	copied := 0
	run, merged, err := s.Merge(t.Context(), parts, Action{User: "m", Args: []string{"merge"}}, func() { copied++ })
	if err != nil || !merged || run != 2 || copied != 5 {
		t.Fatalf("run %d, merged %t, %d copied, %v", run, merged, copied, err)
	}
	reports, err := s.Reports(run, "")
	if err != nil || len(reports) != 5 {
		t.Fatalf("%d reports, %v", len(reports), err)
	}
	for i, got := range reports {
		want := full
		want.Submission = fmt.Sprintf("s%d", i+1)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	}
	whole, err := s.Run(run)
	want := Run{ID: 2, Suite: "squares", SuitePath: "/s", Args: []string{"class"}, Started: at, Finished: at.Add(1), Missing: 5, Total: 5,
		SuiteDigest: "d", Dir: "/d"}
	if err != nil || !reflect.DeepEqual(whole, want) {
		t.Errorf("%+v, %v", whole, err)
	}
	if found, err := s.Find([]string{"content of two"}); err != nil || len(found) != 1 {
		t.Errorf("found by content: %+v, %v", found, err)
	}
	trail, err := s.Audit(run)
	if err != nil || len(trail) != 3 || trail[0].Name != Began || trail[1].User != "u" || trail[2].Name != Merged || trail[2].User != "m" {
		t.Errorf("%+v, %v", trail, err)
	}
	again, merged, err := s.Merge(t.Context(), parts, Action{}, func() { t.Error("copied again") })
	if err != nil || merged || again != run || countRows(t, s, "runs") != 2 || countRows(t, s, "audit") != 3 {
		t.Errorf("again: run %d, merged %t, %v", again, merged, err)
	}
}

func TestMergeIsAllOrNothing(t *testing.T) {
	one, two := shardOf(t, 1, 3), shardOf(t, 2, 3)
	clash := one
	clash.Print = two.Print
	gone := two
	gone.Path = filepath.Join(t.TempDir(), "no", "such.db")
	for name, second := range map[string]Part{"a shard twice": one, "another state": clash, "gone": gone} {
		s := open(t)
		_, _, err := s.Merge(t.Context(), []Part{one, second}, Action{}, func() {})
		if err == nil || name == "another state" && !errors.Is(err, ErrChanged) {
			t.Errorf("%s: %v", name, err)
		}
		wantNothing(t, s)
	}
	for stop := 1; stop <= 6; stop++ {
		s := open(t)
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		_, _, err := s.Merge(ctx, []Part{one, two}, Action{}, func() {
			if n++; n == stop {
				cancel()
			}
		})
		if stop < 6 {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("cancelled at %d: %v", stop, err)
			}
			wantNothing(t, s)
		}
		cancel()
		if _, merged, err := s.Merge(t.Context(), []Part{one, two}, Action{}, func() {}); err != nil || merged == (stop == 6) {
			t.Errorf("after %d: merged %t, %v", stop, merged, err)
		}
	}
}

func wantNothing(t *testing.T, s *Store) {
	t.Helper()
	for _, table := range []string{"runs", "submissions", "results", "audit", "enforcements"} {
		if n := countRows(t, s, table); n != 0 {
			t.Errorf("%d rows in %s", n, table)
		}
	}
}

func TestPrintChangesWithARegrade(t *testing.T) {
	s := open(t)
	run := start(t, s, Run{Key: "k"}).Run.ID
	graded(t, s, run, 0, "a", grader.WA)
	before := partOf(t, s, run).Print
	other := openAt(t, s.Path())
	trial := start(t, other, Run{TrialOf: run, Key: "t"}).Run.ID
	graded(t, other, trial, 0, "a", grader.AC)
	if got := partOf(t, s, run).Print; got != before {
		t.Error("a regrade that was not applied changes it")
	}
	state, err := other.State(run)
	if err == nil {
		err = other.Apply(trial, state, nil, Action{})
	}
	if err != nil {
		t.Fatal(err)
	}
	if got := partOf(t, s, run).Print; got == before {
		t.Error("a regrade that was applied does not change it")
	}
}
