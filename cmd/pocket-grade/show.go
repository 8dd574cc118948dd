package main

import (
	"context"
	"errors"

	"github.com/spf13/pflag"

	"pocket/grader"
	"pocket/grader/report"
	"pocket/grader/store"
)

const usageShow = `Usage: pocket-grade show [FLAGS] [RUN] [SUBMISSION [CASE]]

Shows a stored submission with every failure, or one of its cases with all figures and how each limit was
held. RUN is a number, latest, or -1 for the one before it (default: the latest). CASE "compile" is the compiler's run.

FLAGS
      --suite SUITE  the suite whose results are meant (default: the current folder, then the user's
                     state folder)
      --db FILE      the database
      --json         as JSON
      --reveal       show also what hidden cases were given, wrote and expected

EXAMPLE
  pocket-grade show --suite suites/squares 3 alice.py big

EXIT STATUS
  0; 2 wrong use, no such run, submission or case
`

func cmdShow(_ context.Context, c console, args []string) (status int, err error) {
	flags := pflag.NewFlagSet("show", pflag.ContinueOnError)
	reveal := revealFlag(flags)
	db, rest, asJSON, err := openStore(flags, args, 3)
	if err != nil {
		return wrongUse, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	run, rest, err := chooseRun(db, rest)
	if err != nil {
		return wrongUse, err
	}
	submission, name := "", ""
	if len(rest) > 0 {
		submission = rest[0]
	}
	if len(rest) > 1 {
		name = rest[1]
	}
	reports, err := reportsOf(db, run, submission)
	if err != nil {
		return wrongUse, err
	}
	reports = allSeen(reports, *reveal)
	o := report.Options{Color: color(c.out), All: true, Reveal: *reveal}
	if name != "" {
		return showCase(c, reports[0], name, asJSON, o)
	}
	return finish(showReports(c, reports, asJSON, o))
}

// chooseRun takes the run from the arguments, or else the latest.
func chooseRun(db *store.Store, args []string) (int64, []string, error) {
	if len(args) > 0 && (isRun(args[0]) || len(args) > 2) {
		run, err := findRun(db, args[0])
		return run, args[1:], err
	}
	run, err := db.Latest()
	return run.ID, args, err
}

func showReports(c console, reports []grader.Report, asJSON bool, o report.Options) error {
	if asJSON {
		return report.JSON(c.out, reports)
	}
	for i, r := range reports {
		if i > 0 {
			if err := line(c.out); err != nil {
				return err
			}
		}
		if err := report.Text(c.out, r, o); err != nil {
			return err
		}
	}
	return nil
}

func showCase(c console, r grader.Report, name string, asJSON bool, o report.Options) (int, error) {
	result, err := caseOf(r, name)
	if err != nil {
		return wrongUse, err
	}
	if asJSON {
		return finish(report.JSON(c.out, result))
	}
	return finish(report.Detail(c.out, result, o))
}
