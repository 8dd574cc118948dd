package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/spf13/pflag"

	"pocket/grader"
	"pocket/grader/judge"
	"pocket/grader/language"
	"pocket/grader/suite"
	"pocket/runtime/hint"
)

const usageRun = `Usage: pocket-grade run [FLAGS] SUITE SUBMISSION…

Grades submissions, each a file or a folder, against a suite: a folder with suite.yaml. The results go to
standard output and into a database: what is shown is stored. The same command goes on with what was
interrupted and runs no case twice; when it is given in several terminals at once, they share the work. What compilers do only once, such as Go's standard library, is kept in
$XDG_CACHE_HOME/pocket-grade (default: ~/.cache/pocket-grade), which may be removed at any time.

FLAGS
  -j, --jobs N     cases at once (default: the number of cores)
      --case GLOB  only the cases whose names match, e.g. 'big-*'
      --db FILE    the database (default: pocket-grade.db beside suite.yaml, or in
                   $XDG_STATE_HOME/pocket-grade where that folder cannot be written or is a volume;
                   a database that programs could read is refused)
      --json       results as JSON
      --new        begin a new run also where the same command was interrupted, instead of going on with it
  -q, --quiet      only the summary
  -v, --verbose    explain each failure, not only the first
      --exit-zero  exit with 0 also when not all is accepted

EXAMPLE
  pocket-grade run suites/squares alice.py bob/

EXIT STATUS
  0    all submissions accepted
  1    graded, but not all accepted
  2    wrong use, a bad suite, or a submission that cannot be read
  3    judge error: the sandbox or the suite is at fault, or the results could not be written
  130  interrupted; what was finished is stored
`

type runOptions struct {
	workers        int
	pattern        string
	db             string
	json           bool
	quiet, verbose bool
	exitZero       bool
	fresh          bool
	args           []string // all of the command, for the audit trail
}

func parseRun(args []string) (runOptions, []string, error) {
	o := runOptions{args: append([]string{"run"}, args...)}
	flags := pflag.NewFlagSet("run", pflag.ContinueOnError)
	flags.IntVarP(&o.workers, "jobs", "j", runtime.NumCPU(), "")
	flags.StringVar(&o.pattern, "case", "", "")
	flags.StringVar(&o.db, "db", "", "")
	flags.BoolVar(&o.json, "json", false, "")
	flags.BoolVar(&o.fresh, "new", false, "")
	flags.BoolVarP(&o.quiet, "quiet", "q", false, "")
	flags.BoolVarP(&o.verbose, "verbose", "v", false, "")
	flags.BoolVar(&o.exitZero, "exit-zero", false, "")
	rest, err := parse(flags, args, 2, -1)
	if err == nil && o.workers < 1 {
		err = hint.With(fmt.Errorf("run: -j %d: at least one case must run at once", o.workers), "leave -j out for one per core")
	}
	if err == nil && o.quiet && o.verbose {
		err = hint.With(errors.New("run: -q and -v exclude each other"), "see pocket-grade help run")
	}
	return o, rest, err
}

func cmdRun(ctx context.Context, c console, args []string) (int, error) {
	o, rest, err := parseRun(args)
	if err != nil {
		return wrongUse, err
	}
	s, err := suite.Load(rest[0], language.Default().Names())
	if err != nil {
		return wrongUse, err
	}
	seen := shown(s) // by any case: results stay for later runs, which may choose others
	if s.Cases, err = judge.Select(s, o.pattern); err != nil {
		return wrongUse, err
	}
	entries, err := enter(rest[1:], s)
	if err != nil {
		return wrongUse, err
	}
	path, err := database(c, o.db, s, seen)
	if err != nil {
		return wrongUse, err
	}
	return grade(ctx, c, o, s, path, entries)
}

// entry is one submission with the way to run it.
type entry struct {
	given      string // the path as it was typed
	submission grader.Submission
	program    language.Program
}

// enter looks at all submissions before the first is graded, so that a wrong path is not found after an
// hour. It returns the errors of all of them.
func enter(paths []string, s *grader.Suite) ([]entry, error) {
	var entries []entry
	var problems []error
	called := map[string]int{}
	for _, path := range paths {
		e, err := enterOne(path, s)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		called[e.submission.Name]++
		entries = append(entries, e)
	}
	for i, e := range entries {
		if called[e.submission.Name] > 1 { // alice/main.py beside bob/main.py
			entries[i].submission.Name = filepath.Clean(e.given)
		}
	}
	return entries, errors.Join(problems...)
}

func enterOne(path string, s *grader.Suite) (entry, error) {
	sub, err := judge.NewSubmission(path)
	if err != nil {
		return entry{}, err
	}
	l, err := language.Default().Detect(sub, s.Languages)
	if err != nil {
		return entry{}, fmt.Errorf("submission %w", err)
	}
	sub.Language = l.Name
	dir := sub.Path
	if about, err := os.Stat(dir); err == nil && !about.IsDir() {
		dir = filepath.Dir(dir)
	}
	program, err := l.Prepare(sub, dir)
	if err != nil {
		return entry{}, fmt.Errorf("submission %w", err)
	}
	return entry{path, sub, program}, nil
}

// judged is a language's program as the judge takes it: the two packages do not know each other.
func judged(p language.Program) judge.Program {
	program := judge.Program{
		CompileLimits: p.CompileLimits, Extra: p.Extra, OutOfMemory: p.OutOfMemory,
		Compiler: p.Language.Programs[0], Package: p.Language.Package,
		Run: func(c grader.Case) judge.Command { return judge.Command(p.Run(c.Limits.Memory, c.Args)) },
	}
	if c := p.Cache; c != nil {
		program.Cache = &judge.Cache{
			Language: p.Language.Name, Title: p.Language.Title, Variable: c.Variable, At: c.At,
			Identify: judge.Command(p.Language.Identify[0]), Warm: judge.Command(c.Warm),
		}
	}
	if p.Compile != nil {
		compile := judge.Command(*p.Compile)
		program.Compile = &compile
	}
	return program
}
