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
	"sync"
	"sync/atomic"
	"time"

	"pocket/grader"
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
	// OutOfMemory, when not empty, marks on standard error that an interpreter failed for want of memory.
	OutOfMemory string
	// Package is what must be installed where the compiler or interpreter is missing.
	Package string
}

// Options of Run; the zero value is useful.
type Options struct {
	Workers int // cases at once; 0 means one for each core
	// OnResult is called after each case with its place in the suite, in the order in which cases end,
	// never twice at once.
	OnResult func(index int, r grader.Result)
}

// Select returns the suite's cases whose names match the pattern (path.Match); "" takes all. That no
// case matches is an error.
func Select(suite *grader.Suite, pattern string) ([]grader.Case, error) {
	if pattern == "" {
		return suite.Cases, nil
	}
	var cases []grader.Case
	for _, c := range suite.Cases {
		match, err := path.Match(pattern, c.Name)
		if err != nil {
			return nil, fmt.Errorf("pattern %q: %w", pattern, err)
		}
		if match {
			cases = append(cases, c)
		}
	}
	if len(cases) > 0 {
		return cases, nil
	}
	var names []string
	for _, c := range suite.Cases[:min(len(suite.Cases), 8)] {
		names = append(names, c.Name)
	}
	err := fmt.Errorf("no case of %s matches %q", suite.Name, pattern)
	return nil, hint.With(err, "its cases are %s", strings.Join(names, ", "))
}

// Run grades one submission. The results are in the suite's order however many workers there are. The
// error is the context's when grading was interrupted: the report is then incomplete and must not be
// recorded. Whatever else goes wrong is a JE in the report.
func Run(ctx context.Context, runner grader.Runner, suite *grader.Suite, sub *Staged, p Program, o Options) (grader.Report, error) {
	report := grader.Report{
		Suite: suite.Name, Submission: sub.Submission.Name, Path: sub.Submission.Path,
		Language: sub.Submission.Language, Started: now(),
	}
	var b build
	if p.Compile != nil {
		var err error
		if b, err = compile(ctx, runner, suite.RootFS, sub, p); err != nil {
			return report, fmt.Errorf("compiling %s: %w", sub.Submission.Name, err)
		}
		report.Compile = &b.result
	}
	if report.Compile == nil || report.Compile.Verdict == grader.AC {
		var err error
		g := grading{runner: runner, rootFS: suite.RootFS, sub: sub, program: p, build: b.dir}
		if report.Results, err = g.cases(ctx, suite.Cases, o); err != nil {
			return report, fmt.Errorf("grading %s: %w", sub.Submission.Name, err)
		}
	} else {
		report.Results = skipped(suite.Cases, report.Compile.Verdict)
	}
	score(&report)
	report.Finished = now()
	return report, nil
}

// now is without the monotonic clock, which would not survive being stored.
func now() time.Time { return time.Now().UTC().Round(0) }

// grading is what the cases of one submission are run with.
type grading struct {
	runner  grader.Runner
	rootFS  string
	sub     *Staged
	program Program
	build   string // what was compiled; "" for nothing
}

// job is the submission's job on a case.
func (g grading) job(c grader.Case) grader.Job {
	command := g.program.Run(c)
	return grader.Job{
		Args: command.Args, Env: merge(command.Env, c.Env), Stdin: c.Input,
		Mounts: append([]grader.Volume{g.sub.volume()}, c.Volumes...),
		Build:  g.build, Limits: widen(c.Limits, g.program.Extra),
	}
}

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

// cases runs the cases on some goroutines, which have all ended when it returns.
func (g grading) cases(ctx context.Context, cases []grader.Case, o Options) ([]grader.Result, error) {
	results := make([]grader.Result, len(cases))
	var next atomic.Int64
	var mu sync.Mutex
	var workers sync.WaitGroup
	var stopped error // guarded by mu: why a case has no result
	work := func() {
		for i := int(next.Add(1)) - 1; i < len(cases); i = int(next.Add(1)) - 1 {
			r, err := g.one(ctx, cases[i])
			mu.Lock()
			if err != nil {
				stopped = err
			} else if results[i] = r; o.OnResult != nil {
				o.OnResult(i, r)
			}
			mu.Unlock()
			if err != nil {
				return
			}
		}
	}
	for range min(o.workers(), len(cases)) {
		workers.Go(work)
	}
	workers.Wait()
	return results, stopped
}

func (o Options) workers() int {
	if o.Workers > 0 {
		return o.Workers
	}
	return runtime.GOMAXPROCS(0)
}

// one runs and judges one case; the error says that it was interrupted.
func (g grading) one(ctx context.Context, c grader.Case) (grader.Result, error) {
	if err := ctx.Err(); err != nil {
		return grader.Result{}, err
	}
	if c.Interactor != nil {
		return g.interact(ctx, c)
	}
	var answer []byte
	if c.Compare.Mode != grader.Checked { // a checker gets it as a file
		var err error
		if answer, err = read(c.Answer); err != nil {
			return faulty(c, "reading the answer: "+err.Error()), nil
		}
	}
	job := g.job(c)
	out := g.runner.Run(ctx, job)
	if out.Interrupted {
		return grader.Result{}, interrupted(ctx, out)
	}
	r := classify(c, g.program, job.Limits, out, answer)
	if r.Verdict == undecided {
		return g.check(ctx, c, r, out.Stdout)
	}
	return r, nil
}

// faulty is the result of a case that could not be judged.
func faulty(c grader.Case, detail string) grader.Result {
	return grader.Result{Case: c.Name, Points: c.Points, Verdict: grader.JE, Detail: detail}
}

func read(t grader.Text) ([]byte, error) {
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

// skipped is the results of a submission that could not be compiled.
func skipped(cases []grader.Case, verdict grader.Verdict) []grader.Result {
	var results []grader.Result
	for _, c := range cases {
		r := grader.Result{Case: c.Name, Points: c.Points, Verdict: grader.SKIP, Detail: "not compiled"}
		if verdict == grader.JE {
			r.Detail = "the compiler could not be run"
		}
		results = append(results, r)
	}
	return results
}

// score fills the report's verdict, detail, points and score from its parts.
func score(report *grader.Report) {
	report.Verdict = grader.AC
	if c := report.Compile; c != nil && c.Verdict != grader.AC {
		report.Verdict, report.Detail = c.Verdict, c.Detail
	}
	for _, r := range report.Results {
		report.Points += r.Points
		report.Score += r.Score
		if report.Verdict == grader.AC && r.Verdict != grader.AC {
			report.Verdict, report.Detail = r.Verdict, strings.TrimSuffix(r.Case+": "+r.Detail, ": ")
		}
	}
}
