package judge

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"pocket/grader"
	"pocket/runtime/resource"
)

// workshop is a Runner with a compiler. What was compiled prints its input, and the sample "ok".
type workshop struct {
	version string
	missing bool // the compiler
	broken  bool // what is compiled
	refuses bool // to compile what is not the sample

	mu     sync.Mutex
	counts map[string]int
	seen   []string // what cases found at /build/main
}

func (w *workshop) Interact(context.Context, grader.Interaction) grader.Exchange {
	return grader.Exchange{}
}

func (w *workshop) Run(_ context.Context, job grader.Job) grader.Outcome {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.counts == nil {
		w.counts = map[string]int{}
	}
	sample := len(job.Mounts) > 0 && strings.Contains(job.Mounts[0].Host, "/sample-")
	name := job.Args[0]
	if sample {
		name = "sample " + name
	}
	w.counts[name]++
	switch {
	case job.Args[0] == "/build/main":
		text, err := os.ReadFile(filepath.Join(job.Build, "main"))
		w.seen = append(w.seen, string(text))
		if sample {
			return grader.Outcome{Err: err, Stdout: []byte("ok\n")}
		}
		return grader.Outcome{Err: err, Stdout: []byte(job.Stdin.Inline)}
	case w.missing:
		return grader.Outcome{NotFound: true, Err: errors.New("exec " + job.Args[0] + ": no such file or directory")}
	case job.Args[0] == "identify":
		return grader.Outcome{Stdout: []byte(w.version + "\nmore\n")}
	case w.broken, w.refuses && !sample:
		return grader.Outcome{ExitCode: 1, Stderr: []byte("stdio.h: no such file\n")}
	}
	return grader.Outcome{Err: os.WriteFile(filepath.Join(job.Save, "main"), []byte("program of "+w.version), 0o755)}
}

func (w *workshop) count(name string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.counts[name]
}

// crafted is a program with a toolchain.
func crafted() Program {
	compile := &Command{Args: []string{"compile"}}
	return Program{Compile: compile, Run: binary, Package: "gcc libc6-dev", Toolchain: &Toolchain{
		Language: "c", Title: "C", Package: "gcc libc6-dev", Identify: []Command{{Args: []string{"identify"}}},
		Sample: &Sample{File: "try.c", Text: "int main", Program: Program{Compile: compile, Run: binary}},
	}}
}

// craft grades a submission with these sources in a workspace of its own.
func craft(t *testing.T, runner grader.Runner, root, text string) grader.Report {
	t.Helper()
	s := numbered(2)
	sub := stage(t, "a.c", text)
	sub.workspace.Root = root
	r, err := Run(t.Context(), runner, s, sub, crafted(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestToolchainIsTriedOnce(t *testing.T) {
	ownCaches(t)
	runner := &workshop{version: "gcc 12"}
	for range 2 {
		if r := craft(t, runner, "host", "a"); r.Verdict != grader.AC {
			t.Errorf("%+v", r)
		}
	}
	if n := runner.count("sample /build/main"); n != 1 || runner.count("identify") != 2 {
		t.Errorf("tried %d times, asked %d times", n, runner.count("identify"))
	}
	for _, other := range []struct{ version, root string }{{"gcc 13", "host"}, {"gcc 13", "debian"}} {
		before := runner.count("sample /build/main")
		runner.version = other.version
		craft(t, runner, other.root, "a")
		if runner.count("sample /build/main") != before+1 {
			t.Errorf("not tried with %+v", other)
		}
	}
}

// TestNothingIsKeptOfAnUnknownRoot: by its name alone a root file system cannot be known again.
func TestNothingIsKeptOfAnUnknownRoot(t *testing.T) {
	ownCaches(t)
	runner := &workshop{version: "gcc 12"}
	for range 2 {
		craft(t, runner, "", "a")
	}
	if n, compiled := runner.count("sample /build/main"), runner.count("compile"); n != 2 || compiled != 2 {
		t.Errorf("tried %d times, compiled %d times", n, compiled)
	}
}

func TestToolchainThatCannotBeUsed(t *testing.T) {
	for name, test := range map[string]struct {
		runner *workshop
		want   string
	}{
		"missing": {&workshop{missing: true}, "identify"},
		"broken":  {&workshop{version: "gcc 12", broken: true}, "a sample does not compile: compile: exit code 1: stdio.h: no such file"},
	} {
		ownCaches(t)
		r := craft(t, test.runner, "host", "a")
		if r.Verdict != grader.JE || !strings.Contains(r.Detail, test.want) || !strings.Contains(r.Detail, "install the Debian packages gcc libc6-dev") {
			t.Errorf("%s: %s %s", name, r.Verdict, r.Detail)
		}
		if len(r.Results) != 2 || r.Results[0].Verdict != grader.SKIP || r.Points != 2 || r.Score != 0 {
			t.Errorf("%s: %+v", name, r)
		}
		if test.runner.count("/build/main") != 0 {
			t.Errorf("%s: cases were run", name)
		}
	}
}

// TestAllThatDoesNotCompile: what was tried by an earlier invocation is tried again before a student is told
// that the program does not compile.
func TestAllThatDoesNotCompile(t *testing.T) {
	ownCaches(t)
	craft(t, &workshop{version: "gcc 12"}, "host", "a")
	runner := &workshop{version: "gcc 12", refuses: true}
	if r := craft(t, runner, "host", "mistake"); r.Verdict != grader.CE || runner.count("sample compile") != 1 {
		t.Errorf("%s %s, tried %d times", r.Verdict, r.Detail, runner.count("sample compile"))
	}
	if r := craft(t, &workshop{version: "gcc 12", broken: true}, "host", "other mistake"); r.Verdict != grader.JE {
		t.Errorf("%s %s", r.Verdict, r.Detail)
	}
	runner = &workshop{version: "gcc 12"}
	if r := craft(t, runner, "host", "third"); r.Verdict != grader.AC || runner.count("sample compile") != 1 {
		t.Errorf("%s %s: what was broken is remembered as good", r.Verdict, r.Detail)
	}
}

func TestBuildsAreKept(t *testing.T) {
	ownCaches(t)
	runner := &workshop{version: "gcc 12"}
	grade := func(rootFS, text string, compiled int) {
		t.Helper()
		before := runner.count("compile")
		r := craft(t, runner, rootFS, text)
		if n := runner.count("compile") - before; r.Verdict != grader.AC || n != compiled || r.Compile.Cached != (compiled == 0) {
			t.Errorf("%s %s, compiled %d times, want %d; cached %t", r.Verdict, r.Detail, n, compiled, r.Compile.Cached)
		}
		if last := runner.seen[len(runner.seen)-1]; last != "program of "+runner.version {
			t.Errorf("ran %q", last)
		}
	}
	grade("host", "a", 1)
	grade("host", "a", 0)
	grade("host", "b", 1)
	grade("debian", "a", 1)
	runner.version = "gcc 13"
	grade("host", "a", 1)
	s, err := userShelf("builds")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range listed(t, string(s)) {
		file := filepath.Join(string(s), name, keptFiles, "main")
		if err := os.WriteFile(file, []byte("damaged"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	grade("host", "a", 1)
}

func TestWhatDoesNotCompileIsNotKept(t *testing.T) {
	ownCaches(t)
	runner := &workshop{version: "gcc 12", refuses: true}
	craft(t, runner, "host", "a")
	craft(t, runner, "host", "a")
	if runner.count("compile") != 2 {
		t.Errorf("compiled %d times", runner.count("compile"))
	}
}

func TestTidyBuilds(t *testing.T) {
	ownCaches(t)
	runner := &workshop{version: "gcc 12"}
	s, err := userShelf("builds")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"a", "b", "c"} {
		known := map[string]bool{}
		for _, name := range listed(t, string(s)) {
			known[name] = true
		}
		craft(t, runner, "host", text)
		for _, name := range listed(t, string(s)) {
			if !known[name] {
				when := time.Unix(int64(1e9+len(known)), 0)
				if err := os.Chtimes(filepath.Join(string(s), name), when, when); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	tidyBuilds(2, resource.GiB)
	if left := listed(t, string(s)); len(left) != 2 {
		t.Fatalf("left %q", left)
	}
	tidyBuilds(10, resource.Size(len("program of gcc 12")))
	if left := listed(t, string(s)); len(left) != 1 {
		t.Fatalf("left %q", left)
	}
	before := runner.count("compile")
	if craft(t, runner, "host", "c"); runner.count("compile") != before {
		t.Error("the one used last was not kept")
	}
}

// TestBatchExaminesFirst: what cannot be used is told of before anything runs, and only its submissions are JE.
func TestBatchExaminesFirst(t *testing.T) {
	ownCaches(t)
	runner := &workshop{version: "gcc 12"}
	w, err := OpenWorkspace()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	good, bad := crafted(), crafted()
	bad.Toolchain.Language, bad.Toolchain.Identify = "d", []Command{{Args: []string{"no-such"}}}
	bad.Toolchain.Sample.Program.Compile = &Command{Args: []string{"refused"}}
	var finished sync.Map
	told := 0
	verdicts := map[int]grader.Verdict{}
	var entries []Entry
	for i, p := range []Program{good, bad, bad} {
		sub := stageIn(t, w, "a.c", string(rune('a'+i))).Submission
		sub.Language = p.Toolchain.Language
		entries = append(entries, Entry{Submission: sub, Program: p})
	}
	batch := Batch{
		Suite: numbered(2), Runner: bare{runner}, Workspace: w, Pool: NewPool(make([]string, 1)),
		Records: Records{
			Claim: func(place int, _ grader.Submission, _ string) (Claim, error) { return Claim{ID: int64(place) + 1}, nil },
			Keep:  func(_ int64, _ int, _ grader.Result, _ string, done func(error)) { done(nil) },
			Finish: func(id int64, r grader.Report) error {
				finished.Store(id, r)
				return nil
			},
			Load: func(id int64) (grader.Report, error) {
				r, _ := finished.Load(id)
				return r.(grader.Report), nil
			},
		},
		OnUnusable: func(language string, problem error) {
			told++
			if language != "d" || !strings.Contains(problem.Error(), "C cannot be used: ") || runner.count("/build/main") > 0 {
				t.Errorf("%s: %v, after %d cases", language, problem, runner.count("/build/main"))
			}
		},
		Show: func(place int, r grader.Report) error {
			verdicts[place] = r.Verdict
			return nil
		},
	}
	if err := batch.Grade(t.Context(), entries); err != nil {
		t.Fatal(err)
	}
	if told != 1 || verdicts[0] != grader.AC || verdicts[1] != grader.JE || verdicts[2] != grader.JE {
		t.Errorf("told %d times, verdicts %v", told, verdicts)
	}
}

// bare is a workshop in which the program no-such is missing.
type bare struct{ *workshop }

func (b bare) Run(ctx context.Context, job grader.Job) grader.Outcome {
	if job.Args[0] == "no-such" {
		return grader.Outcome{NotFound: true, Err: errors.New("exec no-such: no such file or directory")}
	}
	return b.workshop.Run(ctx, job)
}
