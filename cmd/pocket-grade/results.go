package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/pflag"

	"pocket/grader"
	"pocket/grader/report"
	"pocket/grader/store"
	"pocket/runtime/hint"
)

const usageResults = `Usage: pocket-grade results [FLAGS] [SUITE] [RUN]

Lists the stored runs, newest first, or the submissions of one.

FLAGS
      --student GLOB  only submissions whose name, or whose student's name, id or email, matches
      --verdict V     only submissions with this verdict: AC, WA, …, or "not-AC"; with --case, cases
      --case GLOB     a line per case whose name matches, in place of one per submission; may be given several times
      --json          as JSON
      --reveal        show also what hidden cases were given, wrote and expected
` + usageWhere + `
EXAMPLE
  pocket-grade results suites/squares 3
  pocket-grade results --case 'big-*' --verdict TLE suites/squares latest

EXIT STATUS
  0; 2 wrong use, no such database or run, or nothing that matches; 3 the database cannot be read
`

func cmdResults(_ context.Context, c console, args []string) (status int, err error) {
	flags := pflag.NewFlagSet("results", pflag.ContinueOnError)
	var wanted selection
	wanted.flags(flags)
	reveal := revealFlag(flags)
	var at where
	db, _, asJSON, err := openStore(c, &at, flags, args, 0)
	if err != nil {
		return wrongUse, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if at.run == "" {
		if !wanted.none() {
			return wrongUse, hint.With(errors.New("results: --student, --verdict and --case choose from a run"), "name one: latest, or a number")
		}
		return listRuns(c, &at, db, asJSON)
	}
	if err := wanted.check(); err != nil {
		return wrongUse, err
	}
	run, err := at.chosen(db)
	if err != nil {
		return wrongUse, err
	}
	reports, err := reportsOf(db, run.ID, "")
	if err != nil {
		return wrongUse, err
	}
	if reports = wanted.from(allSeen(reports, *reveal)); len(reports) == 0 {
		return wrongUse, hint.With(fmt.Errorf("run %d has nothing that matches", run.ID), "see pocket-grade results %d", run.ID)
	}
	switch {
	case asJSON:
		return finish(report.JSON(c.out, reports))
	case len(wanted.cases) > 0:
		return finish(report.WriteCases(c.out, reports, look(c.out)))
	}
	err = listReports(c, reports)
	if err == nil && wanted.none() {
		_, err = io.WriteString(c.out, report.LeftOut(run.LeftOut))
	}
	return finish(err)
}

func listReports(c console, reports []grader.Report) error {
	var names []string
	for _, r := range reports {
		names = append(names, r.Submission)
	}
	table := report.NewTable(c.out, names, look(c.out))
	for _, r := range reports {
		if err := table.Add(r); err != nil {
			return err
		}
	}
	return table.Close()
}

func listRuns(c console, at *where, db *store.Store, asJSON bool) (int, error) {
	runs, err := at.runs(db)
	if err != nil {
		return judgeError, err
	}
	if asJSON {
		return finish(report.JSON(c.out, append([]store.Run{}, runs...)))
	}
	columns := []report.Column{{Title: "RUN", Right: true}, {Title: "STARTED"}, {Title: "SUITE"},
		{Title: "SUBMISSIONS", Right: true}, {Title: "MISSING", Right: true}, {Title: "ACCEPTED", Right: true}, {Title: "STATE"}}
	missing := slices.ContainsFunc(runs, func(r store.Run) bool { return r.Missing > 0 })
	if !missing {
		columns = slices.Delete(columns, 4, 5)
	}
	var rows [][]string
	for _, r := range runs {
		state := "finished"
		if r.Finished.IsZero() {
			state = "interrupted"
		}
		if r.Graders > 0 {
			state = "running"
		}
		if r.Shard.Of > 0 {
			state += fmt.Sprintf(", shard %d of %d", r.Shard.Number, r.Shard.Of)
		}
		row := []string{strconv.FormatInt(r.ID, 10), r.Started.Local().Format(time.DateTime), r.Suite,
			strconv.Itoa(r.Submissions), strconv.Itoa(r.Missing), strconv.Itoa(r.Accepted), state}
		if !missing {
			row = slices.Delete(row, 4, 5)
		}
		rows = append(rows, row)
	}
	_, err = fmt.Fprint(c.out, report.Columns(columns, rows, look(c.out)))
	return finish(err)
}
