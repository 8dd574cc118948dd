package store

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pocket/grader"
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
	big := grader.Report{Suite: "s", Submission: "a", Results: []grader.Result{{Case: "c", Stderr: strings.Repeat("x", 1<<20)}}}
	if err := s.Record(ran, big, "d"); err != nil {
		t.Fatal(err)
	}
	alive := begin(other, 48*time.Hour)
	young, err := s.Begin(Run{Suite: "s", SuitePath: "/s", Started: now.Add(-time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	remove := func(before time.Time, want ...int64) int64 {
		t.Helper()
		removed, freed, err := s.RemoveRuns(before, Action{User: "bob", Args: []string{"clean"}})
		if err != nil || !slices.Equal(removed, want) {
			t.Errorf("removed %v, %v; want %v", removed, err, want)
		}
		return freed
	}
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
	remove(now, alive, young)
}
