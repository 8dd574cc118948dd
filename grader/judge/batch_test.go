package judge

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"pocket/grader"
)

// shelfOf is the records of a run in memory.
type shelfOf struct {
	mu       sync.Mutex
	sources  map[int]string
	kept     map[int64]map[int]grader.Result // by submission, which is its place + 1
	reports  map[int64]grader.Report
	taken    map[int]int // how often a submission is found to be another's
	contents map[string]grader.Result
	fail     error // of each Keep
}

func newRecords() *shelfOf {
	return &shelfOf{sources: map[int]string{}, kept: map[int64]map[int]grader.Result{}, reports: map[int64]grader.Report{},
		taken: map[int]int{}, contents: map[string]grader.Result{}}
}

func (s *shelfOf) records() Records {
	return Records{
		Claim: func(place int, _ grader.Submission, sources string) (Claim, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			id := int64(place + 1)
			if s.taken[place] > 0 {
				s.taken[place]--
				return Claim{Standing: Taken}, nil
			}
			if _, done := s.reports[id]; done {
				return Claim{ID: id, Standing: Graded}, nil
			}
			s.sources[place] = sources
			if s.kept[id] == nil {
				s.kept[id] = map[int]grader.Result{}
			}
			return Claim{ID: id, Kept: maps.Clone(s.kept[id])}, nil
		},
		Keep: func(id int64, ordinal int, r grader.Result, content string, done func(error)) {
			s.mu.Lock()
			if s.fail == nil {
				s.kept[id][ordinal] = r
				if content != "" {
					s.contents[content] = r
				}
			}
			s.mu.Unlock()
			go done(s.fail)
		},
		Find: func(contents []string) (map[string]grader.Result, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			found := map[string]grader.Result{}
			for _, content := range contents {
				if r, ok := s.contents[content]; ok {
					found[content] = r
				}
			}
			return found, nil
		},
		Finish: func(id int64, r grader.Report) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.reports[id] = r
			return nil
		},
		Load: func(id int64) (grader.Report, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.reports[id], nil
		},
	}
}

// counted is a runner that counts the runs of each program's text on each input.
type counted struct {
	mu   sync.Mutex
	runs map[string]int
	run  fake

	version string // of the toolchain
}

func (c *counted) Run(ctx context.Context, job grader.Job) grader.Outcome {
	if len(job.Mounts) == 0 {
		return grader.Outcome{Stdout: []byte(c.version)}
	}
	text, _ := os.ReadFile(filepath.Join(job.Mounts[0].Host, "main.py"))
	c.mu.Lock()
	if c.runs == nil {
		c.runs = map[string]int{}
	}
	c.runs[string(text)+" "+strings.TrimSpace(job.Stdin.Inline)]++
	c.mu.Unlock()
	return c.run(ctx, job)
}

func (c *counted) Interact(context.Context, grader.Interaction) grader.Exchange {
	panic("nobody interacts here")
}

// class makes an entry of each text, all seen as main.py.
func class(t *testing.T, texts ...string) []Entry {
	t.Helper()
	var entries []Entry
	for i, text := range texts {
		path := filepath.Join(t.TempDir(), fmt.Sprintf("s%d.py", i))
		write(t, path, text)
		sub, err := NewSubmission(path)
		if err != nil {
			t.Fatal(err)
		}
		p := Program{Toolchain: &Toolchain{Language: "python3", Identify: []Command{{Args: []string{"python3", "--version"}}}}, Run: func(c grader.Case) Command {
			return Command{Args: append([]string{"python3", "/submission/main.py"}, c.Args...)}
		}}
		entries = append(entries, Entry{Submission: sub, As: "main.py", Program: p})
	}
	return entries
}

// gradeClass grades entries and returns what was shown.
func gradeClass(t *testing.T, ctx context.Context, b Batch, entries []Entry) ([]grader.Report, error) {
	t.Helper()
	w, err := OpenWorkspace()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if left, err := os.ReadDir(w.dir); err != nil || len(left) > 1 { // the mark
			t.Errorf("left in the workspace: %v, %v", left, err)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}()
	var shown []grader.Report
	b.Workspace = w
	if b.Pool == nil {
		b.Pool = NewPool(make([]string, 3))
	}
	if b.Show == nil {
		b.Show = func(place int, r grader.Report) error {
			if place != len(shown) {
				t.Errorf("submission %d is shown at place %d", place, len(shown))
			}
			shown = append(shown, r)
			return nil
		}
	}
	err = b.Grade(ctx, entries)
	return shown, err
}

func verdictsOf(reports []grader.Report) string {
	var all []string
	for _, r := range reports {
		all = append(all, string(r.Verdict))
	}
	return strings.Join(all, " ")
}

func TestBatchInOrder(t *testing.T) {
	const n = 12
	var texts []string
	for i := range n {
		texts = append(texts, fmt.Sprint("text ", i))
	}
	kept := newRecords()
	var told atomic.Int64
	runner := &counted{run: echo}
	b := Batch{Suite: numbered(5), Runner: runner, Records: kept.records(),
		OnResult: func(all ...grader.Result) { told.Add(int64(len(all))) }}
	shown, err := gradeClass(t, context.Background(), b, class(t, texts...))
	if err != nil || len(shown) != n || told.Load() != 5*n || len(runner.runs) != 5*n {
		t.Fatalf("%d shown, %d cases told, %d run, %v", len(shown), told.Load(), len(runner.runs), err)
	}
	for i, r := range shown {
		if r.Verdict != grader.AC || r.Score != 5 || r.Submission != fmt.Sprintf("s%d.py", i) || !reflect.DeepEqual(r, kept.reports[int64(i+1)]) {
			t.Errorf("%+v\n%+v", r, kept.reports[int64(i+1)])
		}
	}
}

func TestBatchGoesOn(t *testing.T) {
	kept := newRecords()
	runner := &counted{}
	ctx, cancel := context.WithCancel(context.Background())
	runner.run = func(c context.Context, job grader.Job) grader.Outcome {
		if job.Stdin.Inline == "3\n" { // in whatever submission: what ran until now is kept
			cancel()
			return grader.Outcome{Interrupted: true, Err: c.Err()}
		}
		return echo(c, job)
	}
	entries := class(t, "a", "b", "c", "d")
	b := Batch{Suite: numbered(6), Runner: runner, Records: kept.records(), Pool: NewPool([]string{"", ""})}
	if _, err := gradeClass(t, ctx, b, entries); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v", err)
	}
	before := 0
	for id, results := range kept.kept {
		before += len(results)
		for ordinal := range results {
			if ordinal == 3 {
				t.Errorf("submission %d has the case that was interrupted", id)
			}
		}
	}
	runner.run = echo
	interrupted := maps.Clone(runner.runs)
	shown, err := gradeClass(t, context.Background(), b, entries)
	if err != nil || verdictsOf(shown) != "AC AC AC AC" || before == 0 {
		t.Fatalf("%s, %d cases before, %v", verdictsOf(shown), before, err)
	}
	for id, results := range kept.kept {
		for i := range 6 {
			key := fmt.Sprintf("%c %d", "abcd"[id-1], i)
			if most := 1 + interrupted[key]; runner.runs[key] > most || results[i].Verdict != grader.AC {
				t.Errorf("%s ran %d times, %+v", key, runner.runs[key], results[i])
			}
			if i < 3 && runner.runs[key] != 1 {
				t.Errorf("%s ran %d times", key, runner.runs[key])
			}
		}
	}
}

func TestBatchRunsIdenticalSourcesOnce(t *testing.T) {
	runner := &counted{run: echo}
	kept := newRecords()
	s := numbered(3)
	s.Cases[2].Answer = grader.Text{Inline: "other\n"}
	b := Batch{Suite: s, Runner: runner, Records: kept.records()}
	shown, err := gradeClass(t, context.Background(), b, class(t, "same", "other", "same", "same"))
	if err != nil || verdictsOf(shown) != "WA WA WA WA" {
		t.Fatalf("%s, %v", verdictsOf(shown), err)
	}
	for key, n := range runner.runs {
		if n != 1 {
			t.Errorf("%s ran %d times", key, n)
		}
	}
	cached := 0
	for i, r := range shown {
		if r.Submission != fmt.Sprintf("s%d.py", i) || r.Score != 2 || len(r.Results) != 3 || r.Detail != shown[0].Detail {
			t.Errorf("%+v", r)
		}
		if r.Results[0].Cached {
			cached++
		}
	}
	if cached != 2 {
		t.Errorf("%d submissions took another's results, want 2", cached)
	}
}

// TestBatchOneThatBreaksEverything: what goes wrong with one submission is its JE and touches no other.
func TestBatchOneThatBreaksEverything(t *testing.T) {
	kept := newRecords()
	runner := &counted{run: func(ctx context.Context, job grader.Job) grader.Outcome {
		if text, _ := os.ReadFile(filepath.Join(job.Mounts[0].Host, "main.py")); string(text) == "panic" {
			panic("broken " + job.Stdin.Inline)
		}
		return echo(ctx, job)
	}}
	entries := class(t, "a", "panic", "gone", "b", "unrunnable", "c", "late")
	if err := os.Remove(entries[2].Submission.Path); err != nil {
		t.Fatal(err)
	}
	entries[4].Program.Run = func(grader.Case) Command { panic("no command") }
	entries[5].Instead = &grader.Report{Verdict: grader.CE, Detail: "the zip cannot be unpacked"}
	entries[6].Instead = &grader.Report{Verdict: grader.SKIP, Missing: true}
	b := Batch{Suite: numbered(2), Runner: runner, Records: kept.records()}
	shown, err := gradeClass(t, context.Background(), b, entries)
	if err != nil || verdictsOf(shown) != "AC JE JE AC JE CE SKIP" {
		t.Fatalf("%s, %v", verdictsOf(shown), err)
	}
	for i, want := range map[int]string{1: "pocket-grade broke: broken 0", 2: "no such file", 4: "pocket-grade broke: no command", 5: "unpacked"} {
		if r := shown[i]; !strings.Contains(r.Detail, want) || r.Points != 2 || r.Score != 0 || len(r.Results) != 2 {
			t.Errorf("%+v, want %q", r, want)
		}
	}
	if !shown[6].Missing || shown[6].Results[0].Verdict != grader.SKIP {
		t.Errorf("%+v", shown[6])
	}
}

func TestBatchStopsWhenNothingCanBeRecorded(t *testing.T) {
	full := errors.New("no space left on device")
	kept := newRecords()
	kept.fail = full
	b := Batch{Suite: numbered(2), Runner: fake(echo), Records: kept.records()}
	shown, err := gradeClass(t, context.Background(), b, class(t, "a", "b", "c", "d", "e", "f", "g", "h", "i"))
	if !errors.Is(err, full) || len(shown) != 0 || len(kept.reports) != 0 {
		t.Errorf("%d shown, %d reports, %v", len(shown), len(kept.reports), err)
	}
}

func TestBatchStopsWhenNobodyReads(t *testing.T) {
	gone := errors.New("broken pipe")
	kept := newRecords()
	b := Batch{Suite: numbered(2), Runner: fake(echo), Records: kept.records(), Show: func(int, grader.Report) error { return gone }}
	if _, err := gradeClass(t, context.Background(), b, class(t, "a", "b", "c")); !errors.Is(err, gone) {
		t.Errorf("error %v", err)
	}
}

func TestBatchWaitsForAnotherGrader(t *testing.T) {
	kept := newRecords()
	kept.taken[0], kept.taken[2] = 1, 2
	runner := &counted{run: echo}
	b := Batch{Suite: numbered(2), Runner: runner, Records: kept.records()}
	b.Records.Find = nil
	other := grader.Report{Submission: "by the other", Verdict: grader.TLE}
	entries := class(t, "a", "b", "c")
	claim := b.Records.Claim
	b.Records.Claim = func(place int, sub grader.Submission, sources string) (Claim, error) {
		c, err := claim(place, sub, sources)
		kept.mu.Lock()
		defer kept.mu.Unlock()
		if place == 2 && c.Standing == Taken && kept.taken[2] == 0 {
			kept.reports[3] = other
		}
		return c, err
	}
	shown, err := gradeClass(t, context.Background(), b, entries)
	if err != nil || verdictsOf(shown) != "AC AC TLE" || shown[2].Submission != other.Submission {
		t.Fatalf("%s, %v", verdictsOf(shown), err)
	}
	if keys := slices.Sorted(maps.Keys(runner.runs)); !slices.Equal(keys, []string{"a 0", "a 1", "b 0", "b 1"}) {
		t.Errorf("ran %q", keys)
	}
}

// TestBatchOpens: what is made ready when its turn comes is graded as if it had been, seen under its own name and path,
// and taken away again, whatever becomes of it.
func TestBatchOpens(t *testing.T) {
	var mu sync.Mutex
	opened, open, most := 0, 0, 0
	var entries []Entry
	for i, ready := range class(t, "a", "b", "c", "d", "e", "f", "g", "h") {
		called := grader.Submission{Name: fmt.Sprint("student ", i), Path: fmt.Sprint("/class.zip/", i), Student: grader.Student{ID: fmt.Sprint(i)}}
		entries = append(entries, Entry{Submission: called, Open: func() (Entry, func()) {
			mu.Lock()
			defer mu.Unlock()
			opened, open = opened+1, open+1
			most = max(most, open)
			if i == 3 {
				return Entry{Submission: called, Instead: &grader.Report{Verdict: grader.CE, Detail: "broken"}}, func() { mu.Lock(); open--; mu.Unlock() }
			}
			now := ready
			now.Submission.At = now.Submission.Path
			now.Submission.Name, now.Submission.Path, now.Submission.Student = called.Name, called.Path, called.Student
			return now, func() { mu.Lock(); open--; mu.Unlock() }
		}})
	}
	kept := newRecords()
	runner := &counted{run: echo}
	b := Batch{Suite: numbered(2), Runner: runner, Records: kept.records(), Pool: NewPool(make([]string, 1))}
	shown, err := gradeClass(t, context.Background(), b, entries)
	if err != nil || verdictsOf(shown) != "AC AC AC CE AC AC AC AC" {
		t.Fatalf("%s, %v", verdictsOf(shown), err)
	}
	if opened != 8 || open != 0 || most > 3 {
		t.Errorf("%d opened, %d still open, %d at once", opened, open, most)
	}
	for i, r := range shown {
		if r.Submission != fmt.Sprint("student ", i) || r.Path != fmt.Sprint("/class.zip/", i) || r.Student.ID != fmt.Sprint(i) {
			t.Errorf("%q %q %v", r.Submission, r.Path, r.Student)
		}
	}
	if runner.runs["b 0"] != 1 {
		t.Errorf("runs: %v", runner.runs)
	}
}

// TestBatchTakesOverWhatIsTheSame: a second run runs what depends on something that changed, and nothing else.
func TestBatchTakesOverWhatIsTheSame(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*Batch, *counted, []Entry)
		runs   int // of 8
		score  float64
	}{
		"nothing":   {func(*Batch, *counted, []Entry) {}, 1, 3},
		"points":    {func(b *Batch, _ *counted, _ []Entry) { b.Suite.Cases[0].Points = 3 }, 1, 5},
		"names":     {func(b *Batch, _ *counted, _ []Entry) { b.Suite.Cases[0].Name = "other" }, 1, 3},
		"input":     {func(b *Batch, _ *counted, _ []Entry) { b.Suite.Cases[0].Input.Inline = "7\n" }, 3, 2},
		"limits":    {func(b *Batch, _ *counted, _ []Entry) { b.Suite.Cases[0].Limits.Processes = 7 }, 3, 3},
		"compiler":  {func(_ *Batch, r *counted, _ []Entry) { r.version = "3.12" }, 8, 3},
		"root":      {func(b *Batch, _ *counted, _ []Entry) { b.Root = "other" }, 8, 3},
		"no root":   {func(b *Batch, _ *counted, _ []Entry) { b.Root = "" }, 8, 3},
		"not asked": {func(b *Batch, _ *counted, _ []Entry) { b.Records.Find = nil }, 8, 3},
		"no version": {func(_ *Batch, _ *counted, e []Entry) {
			e[0].Program.Toolchain, e[1].Program.Toolchain = nil, nil
		}, 8, 3},
		"sources": {func(_ *Batch, _ *counted, e []Entry) {
			if err := os.WriteFile(e[0].Submission.Path, []byte("c"), 0o644); err != nil {
				panic(err)
			}
		}, 5, 3},
	} {
		t.Run(name, func(t *testing.T) {
			kept := newRecords()
			late := fake(func(ctx context.Context, job grader.Job) grader.Outcome {
				out := echo(ctx, job)
				if text, _ := os.ReadFile(filepath.Join(job.Mounts[0].Host, "main.py")); string(text) == "b" && job.Stdin.Inline == "3\n" {
					out.Limit = grader.WallLimit
				}
				return out
			})
			entries := class(t, "a", "b")
			first := &counted{run: late, version: "3.11"}
			s := numbered(4)
			if shown, err := gradeClass(t, context.Background(), Batch{Suite: s, Runner: first, Records: kept.records(), Root: "r"}, entries); err != nil ||
				verdictsOf(shown) != "AC TLE" || len(first.runs) != 8 {
				t.Fatalf("%s, %v", verdictsOf(shown), err)
			}
			again := newRecords()
			again.contents = kept.contents
			second := &counted{run: late, version: "3.11"}
			b := Batch{Suite: s, Runner: second, Records: again.records(), Root: "r"}
			test.change(&b, second, entries)
			shown, err := gradeClass(t, context.Background(), b, entries)
			if err != nil || len(shown) != 2 || shown[1].Verdict == grader.AC || shown[1].Score != test.score {
				t.Fatalf("%s, %+v, %v", verdictsOf(shown), shown, err)
			}
			if len(second.runs) != test.runs {
				t.Errorf("%d cases ran, want %d: %v", len(second.runs), test.runs, second.runs)
			}
			cached := 0
			for _, r := range append(slices.Clone(shown[0].Results), shown[1].Results...) {
				if r.Cached {
					cached++
				}
			}
			for place, r := range shown {
				for i, result := range r.Results {
					if result.Case != s.Cases[i].Name || result.Points != s.Cases[i].Points || !reflect.DeepEqual(again.kept[int64(place+1)][i], result) {
						t.Errorf("%+v", result)
					}
				}
			}
			if cached != 8-test.runs {
				t.Errorf("%d results are said to be taken over, want %d", cached, 8-test.runs)
			}
		})
	}
}
