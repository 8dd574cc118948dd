package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/pflag"

	"pocket/grader"
	"pocket/grader/report"
	"pocket/grader/store"
	"pocket/runtime/hint"
)

const usageDiff = `Usage: pocket-grade diff [FLAGS] [SUITE] [RUN] SUBMISSION [CASE]
       pocket-grade diff [FLAGS] [SUITE] RUN RUN

Shows what a case expected against what it got, invisible characters made visible: a line that begins
with - is expected, one with + was written. CASE is by default every case with a difference, RUN the latest.

With two runs it shows what changed from the first to the second: a line for each submission and each of
its cases with another verdict or score, and those that are in one run only. A submission whose name could be
a run is meant after --run.

FLAGS
      --json         as JSON
      --reveal       show also what hidden cases were given, wrote and expected
` + usageWhere + `
EXAMPLE
  pocket-grade diff suites/squares alice.py big
  pocket-grade diff suites/squares -1 latest

EXIT STATUS
  0 nothing differs; 1 something does; 2 wrong use, no such database, run, submission or case;
  3 the database cannot be read
`

func cmdDiff(_ context.Context, c console, args []string) (status int, err error) {
	flags := pflag.NewFlagSet("diff", pflag.ContinueOnError)
	reveal := revealFlag(flags)
	var at where
	db, rest, asJSON, err := openStore(c, &at, flags, args, 2)
	if err != nil {
		return wrongUse, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if len(rest) == 1 && at.run != "" && !flags.Changed("run") && isRun(rest[0]) {
		return diffRuns(c, &at, db, at.run, rest[0], asJSON)
	}
	run, err := at.chosen(db)
	if err == nil && len(rest) == 0 {
		err = hint.With(errors.New("diff: no submission given"), "see pocket-grade help diff")
	}
	if err != nil {
		return wrongUse, err
	}
	reports, err := reportsOf(db, run.ID, rest[0])
	if err != nil {
		return wrongUse, err
	}
	wanted := slices.DeleteFunc(slices.Clone(reports[0].Results), func(r grader.Result) bool { return r.Difference == "" })
	if len(rest) > 1 {
		one, err := caseOf(reports[0], rest[1])
		if err != nil {
			return wrongUse, err
		}
		wanted = []grader.Result{one}
	}
	return diffCases(c, seen(reports[0], *reveal), wanted, asJSON, *reveal)
}

// diffCases shows the differences of cases.
func diffCases(c console, r grader.Report, wanted []grader.Result, asJSON, reveal bool) (int, error) {
	differ := slices.ContainsFunc(wanted, func(one grader.Result) bool { return one.Difference != "" })
	if !reveal {
		for i, one := range wanted {
			wanted[i] = report.ConcealedResult(one)
		}
	}
	var err error
	if asJSON {
		err = report.JSON(c.out, append([]grader.Result{}, wanted...))
	} else if len(wanted) == 0 {
		_, err = fmt.Fprintf(c.out, "no case has a difference: %s\n", report.Verdict(r))
	}
	for i, one := range wanted {
		if asJSON || err != nil {
			break
		}
		if i > 0 {
			err = line(c.out)
		}
		err = errors.Join(err, report.Difference(c.out, one, report.Options{Color: color(c.out), Reveal: reveal}))
	}
	return differing(differ, err)
}

func differing(differ bool, err error) (int, error) {
	if differ && err == nil {
		return notAccepted, nil
	}
	return finish(err)
}

// diffRuns shows what changed from one run to another.
func diffRuns(c console, at *where, db *store.Store, from, to string, asJSON bool) (int, error) {
	var both [2][]grader.Report
	for i, word := range []string{from, to} {
		run, err := at.find(db, word)
		if err != nil {
			return wrongUse, err
		}
		if both[i], err = db.Reports(run.ID, ""); err != nil {
			return judgeError, err
		}
	}
	changes := report.Changes(both[0], both[1])
	if asJSON {
		return differing(len(changes) > 0, report.JSON(c.out, append([]report.Change{}, changes...)))
	}
	return differing(len(changes) > 0, report.WriteChanges(c.out, changes, look(c.out)))
}
