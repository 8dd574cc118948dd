// Package judge runs a submission against a suite: compile, cases in parallel, classify, score.
package judge

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"pocket/grader"
	"pocket/runtime/failpoint"
	"pocket/runtime/hint"
	"pocket/runtime/resource"
)

// Command is a program with its arguments and its environment ("NAME=value").
type Command struct{ Args, Env []string }

// Program says how one submission is compiled and run; it comes from the table of languages.
type Program struct {
	// Compile is nil when nothing is compiled.
	Compile *Command
	// CompileLimits stand before the package's CompileLimits where they are not zero.
	CompileLimits resource.Limits
	// Run is the command for a case, without regard to the case's Env.
	Run func(c grader.Case) Command
	// Cache is nil when nothing is kept between compilations.
	Cache *Cache
	// Extra is added to a case's Memory and Processes where those are limited: what an interpreter
	// needs for itself.
	Extra resource.Limits
	// OutOfMemory are texts of which one stands on standard error when a program that fails does so for
	// want of memory.
	OutOfMemory []string
	// Compiler is what messages call the compiler; "" for the name of the program that Compile runs.
	Compiler string
	// Package is what must be installed where the compiler or interpreter is missing.
	Package string
	// Toolchain is examined before anything is compiled or run; nil: it is taken as it is, and no result is taken
	// over by later runs.
	Toolchain *Toolchain
}

// Options of Run; the zero value is useful.
type Options struct {
	Workers int // cases at once where there is no Pool; 0 means one for each core
	// Pool is the workers that this submission shares with others; Turn is its place among them.
	Pool *Pool
	Turn int
	// Repeat is how often each case is run, 0 is once: verdicts that differ make it flaky.
	Repeat int
	// Known are results that are there already, by the case's place in the suite: these are not run.
	Known map[int]grader.Result
	// Changed, when not nil, says whether a case's files are others than when grading began: then its result is JE.
	Changed func(index int) bool
	// OnCompile is called with what became of the compilation, before the first case is run.
	OnCompile func(r grader.Result)
	// OnResult is called after each case that was run with its place in the suite, in the order in which
	// cases end, never twice at once.
	OnResult func(index int, r grader.Result)
}

// Select returns the suite's cases whose names match one of the patterns (path.Match); without any it takes all.
// That no case matches one of them is an error.
func Select(suite *grader.Suite, patterns []string) ([]grader.Case, error) {
	if len(patterns) == 0 {
		return suite.Cases, nil
	}
	chosen := make([]bool, len(suite.Cases))
	for _, pattern := range patterns {
		some := false
		for i, c := range suite.Cases {
			match, err := path.Match(pattern, c.Name)
			if err != nil {
				return nil, fmt.Errorf("pattern %q: %w", pattern, err)
			}
			chosen[i], some = chosen[i] || match, some || match
		}
		if !some {
			return nil, unmatched(suite, pattern)
		}
	}
	var cases []grader.Case
	for i, c := range suite.Cases {
		if chosen[i] {
			cases = append(cases, c)
		}
	}
	return cases, nil
}

func unmatched(suite *grader.Suite, pattern string) error {
	var names []string
	for _, c := range suite.Cases[:min(len(suite.Cases), 8)] {
		names = append(names, c.Name)
	}
	err := fmt.Errorf("no case of %s matches %q", suite.Name, pattern)
	return hint.With(err, "its cases are %s", strings.Join(names, ", "))
}

// Run grades one submission. The results are in the suite's order however many workers there are. The
// error is the context's when grading was interrupted: the report is then incomplete and must not be
// recorded. Whatever else goes wrong is a JE in the report.
func Run(ctx context.Context, runner grader.Runner, suite *grader.Suite, sub *Staged, p Program, o Options) (grader.Report, error) {
	report := grader.Report{
		Suite: suite.Name, Submission: sub.Submission.Name, Path: sub.Submission.Path,
		Language: sub.Submission.Language, Student: sub.Submission.Student, Started: now(),
	}
	at := bench{runner: runner, pool: o.pool(), turn: o.Turn}
	found, err := at.examine(ctx, sub.workspace, p.Toolchain, false)
	if err != nil {
		return report, fmt.Errorf("grading %s: %w", sub.Submission.Name, err)
	}
	if found.Problem != "" {
		return unusable(report, suite.Cases, found.Problem), nil
	}
	var b build
	if p.Compile != nil {
		var err error
		if b, err = at.compile(ctx, sub, p); err != nil {
			return report, fmt.Errorf("compiling %s: %w", sub.Submission.Name, err)
		}
		report.Compile = &b.result
		if o.OnCompile != nil {
			o.OnCompile(b.result)
		}
	}
	if report.Compile == nil || report.Compile.Verdict == grader.AC {
		var err error
		g := grading{bench: at, sub: sub, program: p, build: b.dir, repeat: o.Repeat, lost: new(atomic.Int64)}
		if report.Results, err = g.cases(ctx, suite, o); err != nil {
			return report, fmt.Errorf("grading %s: %w", sub.Submission.Name, err)
		}
	} else {
		report.Results = skipped(suite.Cases, report.Compile.Verdict)
	}
	score(suite, &report)
	report.Finished = now()
	return report, nil
}

// unusable is the report of a submission whose language cannot be used: that is no student's fault.
func unusable(report grader.Report, cases []grader.Case, problem string) grader.Report {
	report.Results = skipped(cases, "")
	for _, r := range report.Results {
		report.Points += r.Points
	}
	report.Verdict, report.Detail, report.Finished = grader.JE, problem, now()
	return report
}

// now is without the monotonic clock, which would not survive being stored.
func now() time.Time { return time.Now().UTC().Round(0) }

func (s *Staged) volume() grader.Volume { return grader.Volume{Host: s.Dir, Target: "/submission"} }

// widen adds what the language needs to the limits that are set.
func widen(l, extra resource.Limits) resource.Limits {
	if l.Memory > 0 {
		l.Memory += extra.Memory
	}
	if l.Processes > 0 {
		l.Processes += extra.Processes
	}
	return l
}

// merge returns base with each variable of over in place of one with the same name: of two, some
// programs would see the first.
func merge(base, over []string) []string {
	var env []string
	for _, pair := range slices.Concat(base, over) {
		name, _, _ := strings.Cut(pair, "=")
		env = slices.DeleteFunc(env, func(old string) bool { return strings.HasPrefix(old, name+"=") })
		env = append(env, pair)
	}
	return env
}

// pool is the pool that the options name, or one of its own.
func (o Options) pool() *Pool {
	if o.Pool != nil {
		return o.Pool
	}
	workers := o.Workers
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	return NewPool(make([]string, workers))
}

func read(t grader.Text) ([]byte, error) {
	if err := failpoint.At("judge.read"); err != nil {
		return nil, err
	}
	if t.Path == "" {
		return []byte(t.Inline), nil
	}
	return os.ReadFile(t.Path)
}

// interrupted is the error of a job that was interrupted.
func interrupted(ctx context.Context, out grader.Outcome) error {
	for _, err := range []error{ctx.Err(), out.Err} {
		if err != nil {
			return err
		}
	}
	return errors.New("the job was interrupted")
}

// skipped is the results of a submission whose compilation had a verdict that is not AC, or that was never
// compiled: "".
func skipped(cases []grader.Case, verdict grader.Verdict) []grader.Result {
	var results []grader.Result
	for _, c := range cases {
		r := grader.Result{Case: c.Name, Points: c.Points, Verdict: grader.SKIP, Detail: "not compiled", Group: c.Group, Visibility: c.Visibility}
		switch verdict {
		case grader.JE:
			r.Detail = "the compiler could not be run"
		case "":
			r.Detail = "nothing could be run"
		}
		results = append(results, r)
	}
	return results
}
