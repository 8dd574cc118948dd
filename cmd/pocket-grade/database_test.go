package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"pocket/grader"
	"pocket/grader/language"
	"pocket/grader/suite"
	"pocket/runtime/hint"
)

func TestDatabaseFor(t *testing.T) {
	state := t.TempDir()
	t.Setenv("XDG_STATE_HOME", state)
	dir := t.TempDir()
	if path, why, err := databaseFor(dir, suite.Database, nil); err != nil || why != "" || path != filepath.Join(dir, suite.Database) {
		t.Errorf("%s, %q, %v", path, why, err)
	}
	// A folder that is not there stands for one that cannot be written, which root always can.
	path, why, err := databaseFor(filepath.Join(dir, "gone"), suite.Database, nil)
	if err != nil || why == "" || path != filepath.Join(state, "pocket-grade", suite.Database) {
		t.Errorf("%s, %q, %v", path, why, err)
	}
	if _, err := os.Stat(filepath.Dir(path)); err != nil {
		t.Error(err)
	}
	t.Setenv("XDG_STATE_HOME", "relative")
	t.Setenv("HOME", state)
	if path, err := stateDatabase(); err != nil || path != filepath.Join(state, ".local/state/pocket-grade", suite.Database) {
		t.Errorf("%s, %v", path, err)
	}
}

func TestFindDatabase(t *testing.T) {
	state, dir := t.TempDir(), t.TempDir()
	t.Setenv("XDG_STATE_HOME", state)
	t.Chdir(dir)
	folder := filepath.Join(dir, "suite")
	mine := filepath.Join(state, "pocket-grade", suite.Database)
	for _, path := range []string{filepath.Join(folder, "suite.yaml"), filepath.Join(folder, suite.Database), mine} {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct{ db, suite, want string }{
		{"", "suite", "suite/" + suite.Database},
		{"", "suite/suite.yaml", "suite/" + suite.Database},
		{"", "", mine},
		{"", "other", mine},
		{"suite/" + suite.Database, "other", "suite/" + suite.Database},
		{"gone.db", "suite", ""},
	} {
		got, err := findDatabase(test.db, test.suite)
		if got != test.want || (err != nil) != (test.want == "") || err != nil && hint.Of(err) == "" {
			t.Errorf("db %q suite %q: %q, %v, want %q", test.db, test.suite, got, err, test.want)
		}
	}
}

// TestWhatCannotBeRead wants a fault of ours, with what to do, where the machine keeps a file from being read, and the
// student's own mistakes to be the student's.
func TestWhatCannotBeRead(t *testing.T) {
	closed := &fs.PathError{Op: "open", Path: "/class/ann.py", Err: syscall.EACCES}
	if r := instead(closed); r.Verdict != grader.JE || r.Detail != "open /class/ann.py: permission denied; hint: make it readable for the user who grades" {
		t.Errorf("%s %q", r.Verdict, r.Detail)
	}
	if r := instead(hint.With(errors.New("it is empty"), "have it handed in again")); r.Verdict != grader.CE || r.Detail != "it is empty" {
		t.Errorf("%s %q", r.Verdict, r.Detail)
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
		entries, err := enter(test[0], &grader.Suite{}, language.Default())
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
		var v verdicts
		for _, r := range test.reports {
			v.add(r)
		}
		if got := v.status(test.exitZero); got != test.want {
			t.Errorf("%+v: %d, want %d", test, got, test.want)
		}
	}
}

func TestShownIn(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, folder := range []string{"suite/data", "suites", "other"} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{
		"link": "suite/data", "suite/out": "../other", "gone.db": "suite/data/gone.db", "twice.db": "gone.db", "loop.db": "loop.db",
	} {
		if err := os.Symlink(target, link); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"suite/one.db", "suites/one.db"} {
		if err := os.WriteFile(file, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	folders := []string{filepath.Join(dir, "nowhere"), filepath.Join(dir, "suite"), filepath.Join(dir, "suites/one.db")}
	for file, want := range map[string]string{
		"suite/one.db": "suite", "suite/new.db": "suite", "suite/data/new.db": "suite", "link/new.db": "suite",
		"gone.db": "suite", "twice.db": "suite", "other/../suite/new.db": "suite", filepath.Join(dir, "suite/one.db"): "suite",
		"suites/one.db": "suites/one.db", "suites/new.db": "", "other/new.db": "", "suite/out/new.db": "", "loop.db": "", "new.db": "",
	} {
		if want != "" {
			want = filepath.Join(dir, want)
		}
		if got := shownIn(folders, file); got != want {
			t.Errorf("%s: %q, want %q", file, got, want)
		}
	}
}

func TestShown(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"bin", "proc"} {
		if err := os.Mkdir(filepath.Join(root, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	s := &grader.Suite{RootFS: root, Cases: []grader.Case{
		{Volumes: []grader.Volume{{Host: "/a"}, {Host: "/b"}}}, {Volumes: []grader.Volume{{Host: "/a"}}}}}
	if got, want := shown(s), []string{"/a", "/b", filepath.Join(root, "bin")}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if s.RootFS = "debian"; len(shown(s)) != 2 {
		t.Errorf("%q", shown(s))
	}
	if s.RootFS = "host"; !slices.Contains(shown(s), "/usr") || !slices.Contains(shown(s), "/a") {
		t.Errorf("%q", shown(s))
	}
}
