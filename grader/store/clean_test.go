package store

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pocket/grader"
	"pocket/runtime/sqlite"
)

func TestRemoveRuns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "grade.db")
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	other, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	begin := func(db *Store, age time.Duration) int64 {
		t.Helper()
		started, err := db.Start(Run{Suite: "s", SuitePath: "/s", Started: now.Add(-age)}, Action{User: "ann"}, true)
		if err != nil {
			t.Fatal(err)
		}
		return started.Run.ID
	}
	ran, err := s.Begin(Run{Suite: "s", SuitePath: "/s", Started: now.Add(-72 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	big := grader.Report{Suite: "s", Submission: "a", Results: []grader.Result{{Case: "c", Stderr: strings.Repeat("x", 1<<20), Input: "5", InputBytes: 1}}}
	if err := s.Record(ran, big, "d"); err != nil {
		t.Fatal(err)
	}
	alive := begin(other, 48*time.Hour)
	young, err := s.Begin(Run{Suite: "s", SuitePath: "/s", Started: now.Add(-time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	var kept []int64
	remove := func(before time.Time, want ...int64) int64 {
		t.Helper()
		done, err := s.RemoveRuns(before, Action{User: "bob", Args: []string{"clean"}})
		if err != nil || !slices.Equal(done.Runs, want) || !slices.Equal(done.Kept, kept) {
			t.Errorf("removed %v, kept %v, %v; want %v and %v", done.Runs, done.Kept, err, want, kept)
		}
		return done.Freed
	}
	kept = []int64{alive}
	if freed := remove(now.Add(-24*time.Hour), ran); freed < 1<<20 {
		t.Errorf("%d bytes freed", freed)
	}
	if _, err := s.Reports(ran, ""); !errors.Is(err, ErrNotFound) {
		t.Errorf("what was removed is there: %v", err)
	}
	trail, err := s.Audit(ran)
	if err != nil || len(trail) != 1 || trail[0].Name != Removed || trail[0].User != "bob" {
		t.Errorf("audit: %v, %v", trail, err)
	}
	remove(now.Add(-24 * time.Hour)) // nothing twice, and not what is being graded
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	kept = nil

	// While a run is being regraded it is in use; the results of the regrade go with it.
	third, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := third.Start(Run{Suite: "s", SuitePath: "/s", TrialOf: alive}, Action{User: "ann"}, true); err != nil {
		t.Fatal(err)
	}
	kept = []int64{alive}
	remove(now, young)
	if err := third.Close(); err != nil {
		t.Fatal(err)
	}
	kept = nil
	remove(now, alive)
	if _, err := openAt(t, path).Start(Run{Suite: "s", SuitePath: "/s", TrialOf: alive}, Action{}, true); !errors.Is(err, ErrNotFound) {
		t.Errorf("a run that is gone is regraded: %v", err)
	}
	left := 0
	err = s.db.Read(func(tx *sqlite.Tx) error {
		return tx.Query(func(r *sqlite.Row) error { left = r.Int(); return nil }, "SELECT count(*) FROM givens")
	})
	if err != nil || left != 0 {
		t.Errorf("%d inputs are left, %v", left, err)
	}
	if err := errors.Join(s.Compact(), s.Close()); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() > 512<<10 {
		t.Errorf("the file is not smaller now: %v %v", info, err)
	}
}
