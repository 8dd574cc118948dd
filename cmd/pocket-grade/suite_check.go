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
	"pocket/grader/report"
	"pocket/grader/suite"
	"pocket/grader/trial"
)

const usageSuiteCheck = `Usage: pocket-grade suite check [FLAGS] SUITE

Says what is wrong in a suite, a folder with suite.yaml or the file itself: each mistake with file and line. Of a
suite without a mistake it shows groups, points and limits, and warns of what may not be meant: answers in
mounted folders, hidden cases without a group, samples without input, files beside the cases' that are in
none, points that only weigh, limits that this machine cannot reach.

Then it tries the suite's checkers and interactors: each is compiled, and each checker is shown the answer of the first
case that it decides as an output, which it should accept. And it grades the suite's reference submissions, every case of each: programs in submissions/VERDICT, where
VERDICT is accepted, wrong-answer, presentation-error, time-limit, memory-limit, output-limit, run-time-error,
compile-error, or rejected for any but accepted. It shows which case catches which wrong program, which catch
none, and how far the limits are from the slowest accepted and the fastest too slow program, for which it gets
four times the time. In BY CASE there is a sign for each case: . accepted, W wrong answer, P presentation,
T time, M memory, O output, R run-time error, - not run, ! judge error.

FLAGS
  -j, --jobs N           cases at once (default: the number of cores); with 1, times are the most exact
      --submissions DIR  the reference submissions, instead of the suite's: DIR/VERDICT/…
      --no-run           only look at the suite, run nothing
      --languages FILE   also the languages that a YAML file defines (see grader/README.md)
      --json             the same as JSON

EXAMPLE
  pocket-grade suite check suites/squares

EXIT STATUS
  0    no mistake, perhaps warnings, and each reference submission has its folder's verdict
  1    one has another
  2    wrong use, mistakes in the suite, or a reference submission that cannot be read
  3    judge error: the sandbox is at fault, a checker or an interactor cannot decide, or a verdict is JE
  130  interrupted
`

type checkOptions struct {
	workers     int
	submissions string
	dry, asJSON bool
	languages   string // a file that defines further ones
}

func parseSuiteCheck(args []string) (o checkOptions, path string, err error) {
	flags := pflag.NewFlagSet("suite check", pflag.ContinueOnError)
	flags.IntVarP(&o.workers, "jobs", "j", runtime.NumCPU(), "")
	flags.StringVar(&o.submissions, "submissions", "", "")
	flags.BoolVar(&o.dry, "no-run", false, "")
	flags.BoolVar(&o.asJSON, "json", false, "")
	flags.StringVar(&o.languages, "languages", "", "")
	rest, err := parse(flags, args, 1, 1)
	if err != nil {
		return o, "", err
	}
	return o, rest[0], checkJobs("suite check", o.workers)
}

func cmdSuiteCheck(ctx context.Context, c console, args []string) (int, error) {
	o, path, err := parseSuiteCheck(args)
	if err != nil {
		return wrongUse, err
	}
	s, table, err := loadSuite(path, o.languages)
	if err != nil {
		return wrongUse, err
	}
	if _, err := tools(s, table); err != nil {
		return wrongUse, err
	}
	if err := guarded(s); err != nil {
		return wrongUse, err
	}
	if o.submissions != "" {
		if s.Submissions, err = filepath.Abs(o.submissions); err != nil {
			return judgeError, fmt.Errorf("reference submissions %s: %w", o.submissions, err)
		}
	}
	references, odd, err := trial.References(s)
	if err != nil {
		return wrongUse, err
	}
	summary := summarized(s, typed(path))
	summary.odd(s, odd)
	if !o.dry {
		made, found, err := try(ctx, c, s, table, references, o.workers)
		if err != nil {
			return tryStatus(c, err)
		}
		summary.Faults, summary.Remarks = append(summary.Faults, found.Faults...), append(summary.Remarks, found.Remarks...)
		if made != nil {
			summary.Trial, summary.Remarks = made, append(summary.Remarks, made.Remarks()...)
		}
	}
	if o.asJSON {
		err = report.JSON(c.out, summary)
	} else {
		err = summary.write(c.out)
	}
	if err != nil {
		return finish(err)
	}
	return summary.status(), nil
}

// tryStatus is the exit status when reference submissions could not be graded.
func tryStatus(c console, err error) (int, error) {
	fault := judgeFault{}
	switch {
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(c.err, "pocket-grade: interrupted")
		return interrupted, nil
	case errors.As(err, &fault):
		return judgeError, fault.error
	case errors.Is(err, grader.ErrFull):
		return judgeError, err
	}
	return wrongUse, err
}

// typed is the path of a suite's file as the user would write it.
func typed(path string) string {
	if about, err := os.Stat(path); err == nil && about.IsDir() {
		return filepath.Join(path, suite.File)
	}
	return path
}
