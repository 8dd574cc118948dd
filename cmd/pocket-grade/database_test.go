package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pocket/grader"
	"pocket/runtime/hint"
)

func TestDatabaseFor(t *testing.T) {
	state := t.TempDir()
	t.Setenv("XDG_STATE_HOME", state)
	dir := t.TempDir()
	if path, beside, err := databaseFor(dir); err != nil || !beside || path != filepath.Join(dir, databaseName) {
		t.Errorf("%s, %v, %v", path, beside, err)
	}
	// A folder that is not there stands for one that cannot be written, which root always can.
	path, beside, err := databaseFor(filepath.Join(dir, "gone"))
	if err != nil || beside || path != filepath.Join(state, "pocket-grade", databaseName) {
		t.Errorf("%s, %v, %v", path, beside, err)
	}
	if _, err := os.Stat(filepath.Dir(path)); err != nil {
		t.Error(err)
	}
	t.Setenv("XDG_STATE_HOME", "relative")
	t.Setenv("HOME", state)
	if path, err := stateDatabase(); err != nil || path != filepath.Join(state, ".local/state/pocket-grade", databaseName) {
		t.Errorf("%s, %v", path, err)
	}
}

func TestFindDatabase(t *testing.T) {
	state, dir := t.TempDir(), t.TempDir()
	t.Setenv("XDG_STATE_HOME", state)
	t.Chdir(dir)
	suite := filepath.Join(dir, "suite")
	mine := filepath.Join(state, "pocket-grade", databaseName)
	for _, path := range []string{filepath.Join(suite, "suite.yaml"), filepath.Join(suite, databaseName), mine} {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct{ db, suite, want string }{
		{"", "suite", "suite/" + databaseName},
		{"", "suite/suite.yaml", "suite/" + databaseName},
		{"", "", mine},
		{"", "other", mine},
		{"suite/" + databaseName, "other", "suite/" + databaseName},
		{"gone.db", "suite", ""},
	} {
		got, err := findDatabase(test.db, test.suite)
		if got != test.want || (err != nil) != (test.want == "") || err != nil && hint.Of(err) == "" {
			t.Errorf("db %q suite %q: %q, %v, want %q", test.db, test.suite, got, err, test.want)
		}
	}
}

func TestSubmissionsWithOneName(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, dir := range []string{"alice", "bob"} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(dir+"/main.py", nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range [][2][]string{
		{{"./alice/main.py", "bob/main.py"}, {"alice/main.py", "bob/main.py"}},
		{{"alice/main.py", "bob"}, {"main.py", "bob"}},
	} {
		entries, err := enter(test[0], &grader.Suite{})
		if err != nil || !slices.Equal(names(entries), test[1]) {
			t.Errorf("%q, %v, want %q", names(entries), err, test[1])
		}
	}
}

func TestStatus(t *testing.T) {
	ac, wa, je := grader.Report{Verdict: grader.AC}, grader.Report{Verdict: grader.WA}, grader.Report{Verdict: grader.JE}
	hidden := grader.Report{Verdict: grader.WA, Results: []grader.Result{{Verdict: grader.WA}, {Verdict: grader.JE}}}
	for _, test := range []struct {
		reports  []grader.Report
		exitZero bool
		want     int
	}{
		{[]grader.Report{ac, ac}, false, accepted},
		{[]grader.Report{ac, wa}, false, notAccepted},
		{[]grader.Report{ac, wa}, true, accepted},
		{[]grader.Report{je, wa}, false, judgeError},
		{[]grader.Report{je, ac}, true, judgeError},
		{[]grader.Report{hidden}, false, judgeError},
	} {
		s := session{reports: test.reports, options: runOptions{exitZero: test.exitZero}}
		if got := s.status(); got != test.want {
			t.Errorf("%+v: %d, want %d", test, got, test.want)
		}
	}
}
