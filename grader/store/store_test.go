package store

import (
	"bufio"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"pocket/grader"
	"pocket/runtime/hint"
	"pocket/runtime/resource"
	"pocket/runtime/sqlite"
)

// The test binary is also the grader that TestKilledRunKeepsWholeSubmissions kills.
func TestMain(m *testing.M) {
	path := os.Getenv("STORE_TEST_DB")
	if path == "" {
		os.Exit(m.Run())
	}
	if err := recordForEver(path); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func recordForEver(path string) error {
	s, err := Open(path)
	if err != nil {
		return err
	}
	run, err := s.Begin(Run{Suite: "squares"})
	if err != nil {
		return err
	}
	for {
		if err := s.Record(run, full, "d"); err != nil {
			return err
		}
		fmt.Println("recorded")
	}
}

func open(t *testing.T) *Store {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "pocket-grade.db"))
}

func openAt(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(s.Check(), s.Close()); err != nil {
			t.Error(err)
		}
	})
	return s
}

func begin(t *testing.T, s *Store, r Run) int64 {
	t.Helper()
	id, err := s.Begin(r)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func keep(t *testing.T, s *Store, run int64, reports ...grader.Report) {
	t.Helper()
	for _, r := range reports {
		if err := s.Record(run, r, "digest of "+r.Submission); err != nil {
			t.Fatal(err)
		}
	}
}

var at = time.Date(2025, 3, 1, 10, 20, 30, 987654321, time.UTC)

// full is a report in which no field is zero.
var full = grader.Report{
	Student: grader.Student{ID: "7", Name: "Alice", Email: "a@example.org"}, Missing: true,
	Groups: []grader.GroupResult{{Group: "g", Verdict: grader.WA, Points: 2, Score: 1}},
	Suite:  "squares", Submission: "alice.c", Path: "/in/alice.c", Language: "c", Verdict: grader.WA, Detail: "case two",
	Compile: &grader.Result{Case: "compile", Verdict: grader.AC, Stderr: "warning: \xff\x00 byte\n", Usage: usage(1), Enforcement: enforcement},
	Results: []grader.Result{
		{Case: "one", Verdict: grader.AC, Points: 1, Score: 1, Usage: usage(2), Enforcement: enforcement[:1]},
		{Case: "two", Verdict: grader.WA, Detail: "line 1", Difference: "-25\n+24·\n", Stderr: "e", Points: 0.1, Score: 0.05, ExitCode: 3,
			Signal: "SIGSEGV", OutputBytes: 1 << 40, Usage: usage(3), Group: "g", Visibility: grader.Hidden, Feedback: "f", Judge: "j",
			Exchange: "< a\n> b\n", WouldPass: "if", Input: "5\x00\xff\n", InputBytes: 1 << 33, Args: []string{"-x", ""}, Borderline: true, Flaky: true, Cached: true,
			Samples: []grader.Execution{{Verdict: grader.TLE, Usage: usage(4), Alone: true}, {Verdict: grader.WA, Usage: usage(3)}}},
	},
	Points: 1.1, Score: 1.05, Started: at, Finished: at.Add(1234567),
}

var enforcement = []resource.Enforcement{
	{Limit: "memory", Requested: "64MiB", Enforced: "67108864", By: resource.ByCgroup1, Remark: "r"},
	{Limit: "cpu", Requested: "1s", Enforced: "1s", By: resource.ByMonitor},
}

func usage(n int64) resource.Usage {
	return resource.Usage{CPU: time.Duration(n), Wall: time.Duration(10 * n), Memory: resource.Size(100 * n), CPUSource: "cpuacct", MemorySource: "poll"}
}

func TestReportsComeBackIdentical(t *testing.T) {
	s := open(t)
	run := begin(t, s, Run{Suite: "squares"})
	want := []grader.Report{
		full,
		{Submission: "bob.py", Verdict: grader.JE, Detail: "python3 is not installed", Started: at, Finished: at},
		{Submission: "carol.c", Verdict: grader.CE, Compile: &grader.Result{Verdict: grader.CE, Stderr: "error"}, Started: at, Finished: at},
	}
	keep(t, s, run, want...)
	got, err := openAt(t, s.Path()).Reports(run, "")
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
	}
}

func TestReportsOfOneSubmission(t *testing.T) {
	s := open(t)
	first, second := begin(t, s, Run{}), begin(t, s, Run{})
	a, b := grader.Report{Submission: "a", Path: "/x/a"}, grader.Report{Submission: "a", Path: "/y/a"}
	keep(t, s, first, a, b, full)
	keep(t, s, second, full)
	for filter, want := range map[string][]grader.Report{
		"": {a, b, full}, "a": {a, b}, "/y/a": {b}, "alice.c": {full}, "none": nil, "%": nil,
	} {
		if got, err := s.Reports(first, filter); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %+v, %v; want %+v", filter, got, err, want)
		}
	}
	if _, err := s.Reports(second+1, ""); !errors.Is(err, ErrNotFound) {
		t.Errorf("unknown run: %v", err)
	}
}

func TestRuns(t *testing.T) {
	s := open(t)
	if _, err := s.Latest(); !errors.Is(err, ErrNotFound) || !strings.Contains(hint.Of(err), "pocket-grade run") {
		t.Errorf("latest of none: %v, hint %q", err, hint.Of(err))
	}
	want := Run{Suite: "squares", SuitePath: "/s", Args: []string{"run", "", "s p"}, Started: at}
	want.ID = begin(t, s, want)
	keep(t, s, want.ID, full, grader.Report{Submission: "ok", Verdict: grader.AC})
	want.Submissions, want.Missing, want.Accepted = 1, 1, 1
	if got, err := s.Run(want.ID); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	if err := s.FinishRun(want.ID, at.Add(5)); err != nil {
		t.Fatal(err)
	}
	want.Finished = at.Add(5)
	second := begin(t, s, Run{Suite: "mean"})
	runs, err := s.Runs()
	if err != nil || len(runs) != 2 || runs[0].ID != second || !reflect.DeepEqual(runs[1], want) {
		t.Errorf("runs %+v, %v", runs, err)
	}
	if latest, err := s.Latest(); err != nil || latest.ID != second || latest.Started.IsZero() || !latest.Finished.IsZero() {
		t.Errorf("latest %+v, %v", latest, err)
	}
	if _, err := s.Run(second + 1); !errors.Is(err, ErrNotFound) || hint.Of(err) == "" {
		t.Errorf("unknown run: %v", err)
	}
	if err := s.FinishRun(second+1, at); !errors.Is(err, ErrNotFound) {
		t.Errorf("end of an unknown run: %v", err)
	}
}

func TestRecordIsAllOrNothing(t *testing.T) {
	s := open(t)
	run := begin(t, s, Run{})
	broken := full
	broken.Results = append(full.Results[:2:2], grader.Result{Case: "three", Points: math.NaN()})
	if err := s.Record(run, broken, ""); err == nil || !strings.Contains(err.Error(), "record the results of alice.c") {
		t.Errorf("got %v", err)
	}
	if err := s.Record(run+1, full, ""); !errors.Is(err, ErrNotFound) {
		t.Errorf("unknown run: %v", err)
	}
	for _, table := range []string{"submissions", "results", "enforcements"} {
		if n := countRows(t, s, table); n != 0 {
			t.Errorf("%d rows in %s", n, table)
		}
	}
}

func countRows(t *testing.T, s *Store, table string) int {
	t.Helper()
	n := 0
	err := s.db.Read(func(tx *sqlite.Tx) error {
		return tx.Query(func(r *sqlite.Row) error { n = r.Int(); return nil }, "SELECT count(*) FROM "+table)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestKilledRunKeepsWholeSubmissions(t *testing.T) {
	s := open(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), "STORE_TEST_DB="+s.Path())
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines, shown := bufio.NewScanner(stdout), 0
	for shown < 3 && lines.Scan() {
		shown++
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() {
		shown++
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the grader ended by itself")
	}
	run, err := s.Latest()
	if err != nil {
		t.Fatal(err)
	}
	reports, err := s.Reports(run.ID, "")
	if err != nil || shown < 3 || len(reports) < shown || !run.Finished.IsZero() {
		t.Errorf("%d verdicts shown, %d recorded, %v", shown, len(reports), err)
	}
	for _, r := range reports {
		if !reflect.DeepEqual(r, full) {
			t.Errorf("half a submission: %+v", r)
		}
	}
}

func TestSourcesAreKept(t *testing.T) {
	s := open(t)
	keep(t, s, begin(t, s, Run{}), full)
	got := ""
	err := s.db.Read(func(tx *sqlite.Tx) error {
		return tx.Query(func(r *sqlite.Row) error { got = r.Text(); return nil }, "SELECT sources FROM submissions")
	})
	if err != nil || got != "digest of alice.c" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestEachStopsWhereNobodyReadsOn(t *testing.T) {
	s := open(t)
	run := begin(t, s, Run{})
	keep(t, s, run, full, full)
	n := 0
	for r, err := range s.Each(run, "") {
		if n++; err != nil || !reflect.DeepEqual(r, full) {
			t.Errorf("got %+v, %v", r, err)
		}
		break
	}
	if n != 1 {
		t.Errorf("%d reports", n)
	}
	for _, err := range s.Each(run+1, "") {
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("unknown run: %v", err)
		}
	}
}
