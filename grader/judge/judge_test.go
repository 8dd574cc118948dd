package judge

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"pocket/grader"
	"pocket/runtime/resource"
)

// fake is a Runner that is a function.
type fake func(ctx context.Context, job grader.Job) grader.Outcome

func (f fake) Run(ctx context.Context, job grader.Job) grader.Outcome { return f(ctx, job) }

func (f fake) Interact(ctx context.Context, both grader.Interaction) grader.Exchange {
	return grader.Exchange{Submission: f(ctx, both.Submission), Interactor: f(ctx, both.Interactor)}
}

// echo prints its standard input.
func echo(_ context.Context, job grader.Job) grader.Outcome {
	return grader.Outcome{Stdout: []byte(job.Stdin.Inline)}
}

// stage makes a submission of one file and its copy in a new workspace.
func stage(t *testing.T, name, text string) *Staged {
	t.Helper()
	w, err := OpenWorkspace()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return stageIn(t, w, name, text)
}

func stageIn(t *testing.T, w *Workspace, name, text string) *Staged {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	sub, err := NewSubmission(path)
	if err != nil {
		t.Fatal(err)
	}
	staged, err := w.Stage(sub)
	if err != nil {
		t.Fatal(err)
	}
	return staged
}

// numbered is a suite whose case i wants i printed, which echo does.
func numbered(n int) *grader.Suite {
	s := &grader.Suite{Name: "numbers"}
	for i := range n {
		text := grader.Text{Inline: fmt.Sprintln(i)}
		s.Cases = append(s.Cases, grader.Case{Name: fmt.Sprintf("case-%d", i), Input: text, Answer: text, Points: 1})
	}
	return s
}

func TestRunInSuiteOrder(t *testing.T) {
	const n = 8
	ended := make([]chan struct{}, n+1)
	for i := range ended {
		ended[i] = make(chan struct{})
	}
	close(ended[n])
	// Each case ends only after the next one: they all run at once and end backwards.
	runner := fake(func(ctx context.Context, job grader.Job) grader.Outcome {
		var i int
		fmt.Sscan(job.Stdin.Inline, &i)
		<-ended[i+1]
		defer close(ended[i])
		return echo(ctx, job)
	})
	var order []int
	options := Options{Workers: n, OnResult: func(i int, r grader.Result) { order = append(order, i) }}
	report, err := Run(context.Background(), runner, numbered(n), stage(t, "a.py", ""), Program{Run: interpreted}, options)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range report.Results {
		if want := fmt.Sprintf("case-%d", i); r.Case != want || r.Verdict != grader.AC {
			t.Errorf("result %d is %s %s %s", i, r.Case, r.Verdict, r.Detail)
		}
	}
	if report.Verdict != grader.AC || report.Score != n || report.Points != n || len(order) != n {
		t.Errorf("%s, %v of %v, %d results told", report.Verdict, report.Score, report.Points, len(order))
	}
	if report.Started.IsZero() || report.Finished.Before(report.Started) {
		t.Errorf("from %v to %v", report.Started, report.Finished)
	}
}

func TestRunBoundsWorkers(t *testing.T) {
	var running, most atomic.Int64
	runner := fake(func(ctx context.Context, job grader.Job) grader.Outcome {
		now := running.Add(1)
		defer running.Add(-1)
		for old := most.Load(); now > old && !most.CompareAndSwap(old, now); old = most.Load() {
		}
		return echo(ctx, job)
	})
	_, err := Run(context.Background(), runner, numbered(50), stage(t, "a.py", ""), Program{Run: interpreted}, Options{Workers: 3})
	if err != nil || most.Load() > 3 || most.Load() < 1 {
		t.Errorf("%d cases at once, error %v", most.Load(), err)
	}
}

func TestRunInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	var started atomic.Int64
	runner := fake(func(ctx context.Context, job grader.Job) grader.Outcome {
		if started.Add(1) == 3 {
			cancel()
			return grader.Outcome{Interrupted: true, Err: ctx.Err()}
		}
		return echo(ctx, job)
	})
	told := 0
	options := Options{Workers: 1, OnResult: func(int, grader.Result) { told++ }}
	_, err := Run(ctx, runner, numbered(9), stage(t, "a.py", ""), Program{Run: interpreted}, options)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if started.Load() != 3 || told != 2 {
		t.Errorf("%d cases started and %d told, want 3 and 2", started.Load(), told)
	}
}

func TestRunJob(t *testing.T) {
	var got grader.Job
	runner := fake(func(ctx context.Context, job grader.Job) grader.Outcome {
		got = job
		return echo(ctx, job)
	})
	s := numbered(1)
	c := &s.Cases[0]
	c.Args, c.Env = []string{"--fast"}, []string{"B=3", "C=4"}
	host := filepath.Join(t.TempDir(), "secret-case")
	if err := errors.Join(os.Mkdir(host, 0o755), os.WriteFile(filepath.Join(host, "a.ans"), nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	c.Volumes = []grader.Volume{{Host: host, Target: "/mnt", Masks: []string{"a.ans"}}}
	c.Limits = resource.Limits{Memory: resource.MiB, Processes: 4}
	p := Program{Run: interpreted, Extra: resource.Limits{Memory: resource.MiB, Processes: 2}}
	staged := stage(t, "a.py", "")
	if _, err := Run(context.Background(), runner, s, staged, p, Options{}); err != nil {
		t.Fatal(err)
	}
	if want := []string{"python3", "/submission/a.py", "--fast"}; !slices.Equal(got.Args, want) {
		t.Errorf("args %q", got.Args)
	}
	if want := []string{"A=1", "B=3", "C=4"}; !slices.Equal(got.Env, want) {
		t.Errorf("env %q, want %q", got.Env, want)
	}
	if got.Limits.Memory != 2*resource.MiB || got.Limits.Processes != 6 || got.Compile || got.Build != "" {
		t.Errorf("job %+v", got)
	}
	if len(got.Mounts) != 2 || got.Mounts[0].Host != staged.Dir || got.Mounts[0].Target != "/submission" ||
		got.Mounts[1].Target != "/mnt" || strings.Contains(got.Mounts[1].Host, "secret") {
		t.Errorf("mounts %+v", got.Mounts)
	}
}

// compiling is a program that is compiled; ran counts its compilations.
func compiling(ran *atomic.Int64, compiler grader.Outcome) (Program, fake) {
	p := Program{Compile: &Command{Args: []string{"gcc"}}, Run: binary, Package: "gcc"}
	return p, func(ctx context.Context, job grader.Job) grader.Outcome {
		if !job.Compile {
			if _, err := os.Stat(filepath.Join(job.Build, "main")); err != nil {
				return grader.Outcome{NotFound: true, Err: err}
			}
			return echo(ctx, job)
		}
		ran.Add(1)
		if err := os.WriteFile(filepath.Join(job.Save, "main"), nil, 0o755); err != nil {
			return grader.Outcome{Err: err}
		}
		return compiler
	}
}

func TestCompileOnce(t *testing.T) {
	var ran atomic.Int64
	p, runner := compiling(&ran, grader.Outcome{})
	first := stage(t, "a.c", "int main;")
	for _, test := range []struct {
		sub  *Staged
		want int64
	}{
		{first, 1}, {first, 1}, {stageIn(t, first.workspace, "a.c", "int main;"), 1},
		{stageIn(t, first.workspace, "a.c", "int main; "), 2}, {stageIn(t, first.workspace, "b.c", "int main;"), 3},
	} {
		report, err := Run(context.Background(), runner, numbered(2), test.sub, p, Options{})
		if err != nil || report.Verdict != grader.AC || report.Compile == nil || report.Compile.Verdict != grader.AC {
			t.Errorf("%+v, %v", report, err)
		}
		if ran.Load() != test.want {
			t.Errorf("%d compilations, want %d", ran.Load(), test.want)
		}
	}
}

func TestNotCompiled(t *testing.T) {
	for want, outcome := range map[grader.Verdict]grader.Outcome{
		grader.CE: {ExitCode: 1, Stderr: []byte("a.c:1:1: error\n"), Stdout: []byte("more\n")},
		grader.JE: {NotFound: true, Err: errors.New("exec gcc: no")},
	} {
		var ran atomic.Int64
		p, runner := compiling(&ran, outcome)
		sub := stage(t, "a.c", "")
		report, err := Run(context.Background(), runner, numbered(2), sub, p, Options{})
		if err != nil || report.Verdict != want || report.Detail == "" || report.Score != 0 || report.Points != 2 {
			t.Errorf("%+v, %v", report, err)
		}
		for _, r := range report.Results {
			if r.Verdict != grader.SKIP || r.Detail == "" || r.Case == "" {
				t.Errorf("%+v", r)
			}
		}
		if want == grader.CE && report.Compile.Stderr != "a.c:1:1: error\nmore\n" {
			t.Errorf("messages %q", report.Compile.Stderr)
		}
		if _, err := Run(context.Background(), runner, numbered(2), sub, p, Options{}); err != nil {
			t.Error(err)
		}
		// A submission's mistake is remembered, a fault of ours is not.
		if wantRuns := map[grader.Verdict]int64{grader.CE: 1, grader.JE: 2}[want]; ran.Load() != wantRuns {
			t.Errorf("%s: %d compilations, want %d", want, ran.Load(), wantRuns)
		}
	}
}

func TestCompileInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	runner := fake(func(ctx context.Context, job grader.Job) grader.Outcome {
		cancel()
		return grader.Outcome{Interrupted: true, Err: ctx.Err()}
	})
	p := Program{Compile: &Command{Args: []string{"gcc"}}, Run: binary}
	if _, err := Run(ctx, runner, numbered(1), stage(t, "a.c", ""), p, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestFirstVerdictThatIsNotAC(t *testing.T) {
	s := numbered(4)
	s.Cases[1].Answer = grader.Text{Inline: "other\n"}
	s.Cases[2].Answer = grader.Text{Path: filepath.Join(t.TempDir(), "gone")}
	s.Cases[3].Points = 2.5
	report, err := Run(context.Background(), fake(echo), s, stage(t, "a.py", ""), Program{Run: interpreted}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if report.Verdict != grader.WA || !strings.HasPrefix(report.Detail, "case-1: line 1") || report.Score != 3.5 || report.Points != 5.5 {
		t.Errorf("%s %q %v of %v", report.Verdict, report.Detail, report.Score, report.Points)
	}
	if r := report.Results[2]; r.Verdict != grader.JE || !strings.Contains(r.Detail, "reading the answer") {
		t.Errorf("%+v", r)
	}
}

func TestSelect(t *testing.T) {
	s := numbered(12)
	for patterns, want := range map[string]int{
		"": 12, "case-1*": 3, "case-3": 1, "case-[45]": 2, "x": 0, "[": 0, "case-3 case-5": 2, "case-[45] case-5": 2, "case-3 x": 0,
	} {
		cases, err := Select(s, strings.Fields(patterns))
		if len(cases) != want || (err != nil) != (want == 0) {
			t.Errorf("%q: %d cases, error %v, want %d", patterns, len(cases), err, want)
		}
	}
}
