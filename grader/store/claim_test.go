package store

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"pocket/grader"
	"pocket/runtime/sqlite"
)

func start(t *testing.T, s *Store, r Run) Started {
	t.Helper()
	started, err := s.Start(r, Action{User: "u", Args: []string{"run", "x"}}, false)
	if err != nil {
		t.Fatal(err)
	}
	return started
}

func claim(t *testing.T, s *Store, run int64, place int, sources string) Claim {
	t.Helper()
	sub := grader.Submission{Name: "a.py", Path: "/a.py", Language: "python3", Student: grader.Student{ID: "7", Name: "Ann", Email: "a@b"}}
	w := s.NewWriter()
	defer w.Close()
	c, err := w.Claim(run, Entry{Position: place, Suite: "squares", Submission: sub, Sources: sources})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// write keeps results of a submission and waits until they are durable.
func write(t *testing.T, s *Store, submission int64, results map[int]grader.Result, report *grader.Report) {
	t.Helper()
	w := s.NewWriter()
	defer w.Close()
	for ordinal, r := range results {
		w.Keep(submission, ordinal, r, "content of "+r.Case, func(err error) {
			if err != nil {
				t.Error(err)
			}
		})
	}
	if report != nil {
		if err := w.Finish(submission, *report); err != nil {
			t.Error(err)
		}
	}
}

func TestStartGoesOn(t *testing.T) {
	s := open(t)
	first := start(t, s, Run{Suite: "squares", Key: "k", Total: 2, SuiteDigest: "d"})
	if first.Resumed || first.Others != 0 || first.Run.ID != 1 || first.Run.Total != 2 || first.Run.SuiteDigest != "d" {
		t.Errorf("first: %+v", first)
	}
	for _, test := range []struct {
		key     string
		fresh   bool
		run     int64
		resumed bool
		others  int
	}{{"k", false, 1, true, 1}, {"other", false, 2, false, 0}, {"k", true, 3, false, 0}, {"", false, 4, false, 0}, {"", false, 5, false, 0}} {
		other := openAt(t, s.Path())
		got, err := other.Start(Run{Key: test.key}, Action{}, test.fresh)
		if err != nil || got.Run.ID != test.run || got.Resumed != test.resumed || got.Others != test.others {
			t.Errorf("%+v: %+v, %v", test, got, err)
		}
		if err := other.presence.leave(); err != nil {
			t.Error(err)
		}
	}
	for _, run := range []int64{1, 3} {
		if err := s.FinishRun(run, at); err != nil {
			t.Fatal(err)
		}
	}
	if got := start(t, openAt(t, s.Path()), Run{Key: "k"}); got.Resumed {
		t.Errorf("a finished run is gone on with: %+v", got)
	}
	trail, err := s.Audit(1)
	if err != nil || len(trail) != 2 || trail[0].Name != Began || trail[1].Name != Continued || trail[0].User != "u" ||
		trail[0].PID != os.Getpid() || trail[0].At.IsZero() || !reflect.DeepEqual(trail[0].Args, []string{"run", "x"}) {
		t.Errorf("%+v, %v", trail, err)
	}
	if all, err := s.Audit(0); err != nil || len(all) != 7 {
		t.Errorf("%d actions, %v", len(all), err)
	}
}

func TestClaim(t *testing.T) {
	s, other := open(t), (*Store)(nil)
	run := start(t, s, Run{Key: "k"}).Run.ID
	mine := claim(t, s, run, 0, "d")
	if mine.ID == 0 || mine.Standing != Ours || len(mine.Kept) != 0 {
		t.Fatalf("%+v", mine)
	}
	results := map[int]grader.Result{Compilation: *full.Compile, 1: full.Results[1]}
	write(t, s, mine.ID, results, nil)

	other = openAt(t, s.Path())
	start(t, other, Run{Key: "k"})
	if c := claim(t, other, run, 0, "d"); c.Standing != Taken || c.ID != 0 {
		t.Errorf("what another grader claimed: %+v", c)
	}
	if reports, err := other.Reports(run, ""); err != nil || reports != nil {
		t.Errorf("half a submission is shown: %+v, %v", reports, err)
	}
	if r, err := s.Run(run); err != nil || r.Submissions != 0 {
		t.Errorf("half a submission is counted: %+v, %v", r, err)
	}
	// A grader that is gone leaves what it has recorded.
	if err := s.presence.leave(); err != nil { // as its death does
		t.Fatal(err)
	}
	c := claim(t, other, run, 0, "d")
	if c.ID != mine.ID || c.Standing != Ours || !reflect.DeepEqual(c.Kept, results) {
		t.Errorf("taken over: %+v", c)
	}
	report := grader.Report{Submission: "a.py", Verdict: grader.WA, Groups: []grader.GroupResult{{Group: "g", Verdict: grader.AC, Points: 2, Score: 1}},
		Points: 2, Score: 1, Started: at, Finished: at}
	write(t, other, c.ID, nil, &report)
	if c := claim(t, other, run, 0, "d"); c.Standing != Done || c.ID != mine.ID {
		t.Errorf("graded: %+v", c)
	}
	got, err := other.Report(mine.ID)
	if err != nil || got.Verdict != grader.WA || got.Student.Name != "Ann" || len(got.Results) != 1 || !reflect.DeepEqual(got.Groups, report.Groups) {
		t.Errorf("%+v, %v", got, err)
	}
	// Other sources: all is forgotten.
	if c := claim(t, other, run, 0, "changed"); c.Standing != Ours || len(c.Kept) != 0 || c.ID != mine.ID {
		t.Errorf("changed: %+v", c)
	}
	if _, err := other.Report(mine.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("the report of other sources is still there: %v", err)
	}
}

func TestClaimsOfManyGraders(t *testing.T) {
	s := open(t)
	run := start(t, s, Run{Key: "k"}).Run.ID
	var mu sync.Mutex
	claimed := map[int]int{}
	var all sync.WaitGroup
	for range 4 {
		other := openAt(t, s.Path())
		start(t, other, Run{Key: "k"})
		all.Go(func() {
			w := other.NewWriter()
			defer w.Close()
			for place := range 20 {
				c, err := w.Claim(run, Entry{Position: place, Sources: "d"})
				if err != nil {
					t.Error(err)
				} else if c.Standing == Ours {
					mu.Lock()
					claimed[place]++
					mu.Unlock()
					w.Keep(c.ID, 0, full.Results[0], "", func(error) {})
					if err := w.Finish(c.ID, full); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	all.Wait()
	for place := range 20 {
		if claimed[place] != 1 {
			t.Errorf("submission %d was claimed %d times", place, claimed[place])
		}
	}
}

func TestPresenceLeavesNothing(t *testing.T) {
	s := open(t)
	start(t, s, Run{})
	other := openAt(t, s.Path())
	start(t, other, Run{})
	if !s.presence.alive(other.grader) || !other.presence.alive(s.grader) || s.presence.alive(99) || s.presence.alive(s.grader) {
		t.Error("who is alive is not seen")
	}
	for _, one := range []*Store{s, other} {
		if err := one.presence.leave(); err != nil {
			t.Fatal(err)
		}
	}
	if left, _ := filepath.Glob(s.Path() + "-graders"); len(left) != 0 {
		t.Errorf("left: %q", left)
	}
}

func TestFind(t *testing.T) {
	s := open(t)
	run := start(t, s, Run{}).Run.ID
	c := claim(t, s, run, 0, "d")
	write(t, s, c.ID, map[int]grader.Result{0: full.Results[0], 1: full.Results[1]}, nil)
	got, err := s.Find([]string{"content of two", "content of none", ""})
	if err != nil || len(got) != 1 || !reflect.DeepEqual(got["content of two"], full.Results[1]) {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestWriterOneThatCannotBeRecorded: of results that share a transaction, one that is refused costs no other.
func TestWriterOneThatCannotBeRecorded(t *testing.T) {
	s := open(t)
	run := start(t, s, Run{}).Run.ID
	c := claim(t, s, run, 0, "d")
	w := s.NewWriter()
	var mu sync.Mutex
	failed := map[int]error{}
	for i := range 40 {
		r := grader.Result{Case: "x"}
		if i == 7 {
			r.Points = math.NaN()
		}
		w.Keep(c.ID, i, r, "", func(err error) {
			mu.Lock()
			defer mu.Unlock()
			failed[i] = err
		})
	}
	w.Close()
	for i := range 40 {
		if err, told := failed[i]; !told || (err != nil) != (i == 7) {
			t.Errorf("%d: told %v, %v", i, told, err)
		}
	}
	if failed[7] == nil || !strings.Contains(failed[7].Error(), "record the result of x") || countRows(t, s, "results") != 39 {
		t.Errorf("%v, %d rows", failed[7], countRows(t, s, "results"))
	}
}

// TestOlderStores: what the first schema holds comes back as it was.
func TestOlderStores(t *testing.T) {
	path := filepath.Join(t.TempDir(), "old.db")
	old, err := sqlite.Open(path, migrations[:1])
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		`INSERT INTO runs VALUES (1, 's', '/s', x'', 1, 2)`,
		`INSERT INTO submissions VALUES (5, 1, 'a', '/a', 's', 'c', 'd', 'WA', 'x', 2, 1, 1, 2), (6, 1, 'b', '/b', 's', 'c', 'd', 'AC', '', 2, 2, 1, 2)`,
		`INSERT INTO results VALUES (8, 5, 0, 'one', 'AC', '', '', '', 1, 1, 0, '', 3, 1, 2, 3, 'c', 'm'), (9, 6, 0, 'one', 'AC', '', '', '', 1, 1, 0, '', 3, 1, 2, 3, 'c', 'm')`,
		`INSERT INTO enforcement VALUES (8, 1, 'cpu', '1s', '1s', 'monitor', ''), (8, 0, 'memory', '64MiB', '67108864', 'cgroup v1', 'r')`,
	} {
		err := old.Write(func(tx *sqlite.Tx) error { _, err := tx.Exec(sql); return err })
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	s := openAt(t, path)
	reports, err := s.Reports(1, "")
	if err != nil || len(reports) != 2 || reports[0].Submission != "a" || !reflect.DeepEqual(reports[0].Results[0].Enforcement, enforcement) {
		t.Fatalf("%+v, %v", reports, err)
	}
	if e := reports[1].Results[0].Enforcement; e != nil || reports[1].Submission != "b" {
		t.Errorf("%+v", reports[1])
	}
}

// TestRunsUnderWay: who grades a run is seen by those who list it, for as long as the grader lives.
func TestRunsUnderWay(t *testing.T) {
	s := open(t)
	other, err := Open(s.Path())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	graders := func() (all []int) {
		t.Helper()
		runs, err := other.Runs()
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range runs {
			all = append(all, r.Graders)
		}
		return all
	}
	if _, err := s.Begin(Run{Suite: "squares"}); err != nil {
		t.Fatal(err)
	}
	if got := graders(); !reflect.DeepEqual(got, []int{0}) {
		t.Errorf("nobody grades: %v", got)
	}
	run := start(t, s, Run{Suite: "squares", Key: "k"}).Run
	if got := graders(); !reflect.DeepEqual(got, []int{1, 0}) {
		t.Errorf("one grades: %v", got)
	}
	if err := s.FinishRun(run.ID, run.Started); err != nil {
		t.Fatal(err)
	}
	if got := graders(); !reflect.DeepEqual(got, []int{0, 0}) {
		t.Errorf("finished: %v", got)
	}
	unfinished, err := Open(s.Path())
	if err != nil {
		t.Fatal(err)
	}
	start(t, unfinished, Run{Suite: "squares", Key: "other"})
	if got := graders(); !reflect.DeepEqual(got, []int{1, 0, 0}) {
		t.Errorf("another grades: %v", got)
	}
	if err := unfinished.Close(); err != nil {
		t.Fatal(err)
	}
	if got := graders(); !reflect.DeepEqual(got, []int{0, 0, 0}) {
		t.Errorf("it has ended: %v", got)
	}
}
