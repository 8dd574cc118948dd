package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/pflag"

	"pocket/grader"
	"pocket/grader/report"
	"pocket/grader/store"
	"pocket/runtime/hint"
)

const usageResults = `Usage: pocket-grade results [FLAGS] [RUN]

Lists the stored runs, newest first, or the submissions of one. RUN is a number, latest, or -1 for the one
before the latest.

FLAGS
      --student GLOB  only submissions whose name, or whose student's name, id or email, matches
      --verdict V     only submissions with this verdict: AC, WA, …, or "not-AC"; with --case, cases
      --case GLOB     a line per case whose name matches, in place of one per submission
      --suite SUITE   the suite whose results are meant (default: the current folder, then the user's
                      state folder)
      --db FILE       the database
      --json          as JSON
      --reveal        show also what hidden cases were given, wrote and expected

EXAMPLE
  pocket-grade results --suite suites/squares 3
  pocket-grade results --suite suites/squares --case 'big-*' --verdict TLE latest

EXIT STATUS
  0; 2 wrong use, no such database or run, or nothing that matches
`

func cmdResults(_ context.Context, c console, args []string) (status int, err error) {
	flags := pflag.NewFlagSet("results", pflag.ContinueOnError)
	var wanted selection
	wanted.flags(flags)
	reveal := revealFlag(flags)
	db, rest, asJSON, err := openStore(flags, args, 1)
	if err != nil {
		return wrongUse, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if len(rest) == 0 {
		if wanted != (selection{}) {
			return wrongUse, hint.With(errors.New("results: --student, --verdict and --case choose from a run"), "name one: latest, or a number")
		}
		return listRuns(c, db, asJSON)
	}
	if err := wanted.check(); err != nil {
		return wrongUse, err
	}
	run, err := findRun(db, rest[0])
	if err != nil {
		return wrongUse, err
	}
	reports, err := reportsOf(db, run, "")
	if err != nil {
		return wrongUse, err
	}
	if reports = wanted.from(allSeen(reports, *reveal)); len(reports) == 0 {
		return wrongUse, hint.With(fmt.Errorf("run %d has nothing that matches", run), "see pocket-grade results %d", run)
	}
	switch {
	case asJSON:
		return finish(report.JSON(c.out, reports))
	case wanted.cases != "":
		return finish(listCases(c, reports))
	}
	return finish(listReports(c, reports))
}

func listReports(c console, reports []grader.Report) error {
	var names []string
	for _, r := range reports {
		names = append(names, r.Submission)
	}
	table := report.NewTable(c.out, names, color(c.out))
	for _, r := range reports {
		if err := table.Add(r); err != nil {
			return err
		}
	}
	return table.Close()
}

func listCases(c console, reports []grader.Report) error {
	columns := []report.Column{{Title: "SUBMISSION"}, {Title: "CASE"}, {Title: "VERDICT"}, {Title: "CPU", Right: true},
		{Title: "WALL", Right: true}, {Title: "MEMORY", Right: true}, {Title: "DETAIL"}}
	var rows [][]string
	for _, r := range reports {
		for _, one := range r.Results {
			rows = append(rows, []string{r.Submission, one.Case, string(one.Verdict), one.Usage.CPU.Round(time.Millisecond).String(),
				one.Usage.Wall.Round(time.Millisecond).String(), one.Usage.Memory.Human(), one.Detail})
		}
	}
	_, err := fmt.Fprint(c.out, report.Columns(columns, rows))
	return err
}

func listRuns(c console, db *store.Store, asJSON bool) (int, error) {
	runs, err := db.Runs()
	if err != nil {
		return judgeError, err
	}
	if asJSON {
		return finish(report.JSON(c.out, append([]store.Run{}, runs...)))
	}
	columns := []report.Column{{Title: "RUN", Right: true}, {Title: "STARTED"}, {Title: "SUITE"},
		{Title: "SUBMISSIONS", Right: true}, {Title: "ACCEPTED", Right: true}, {Title: "STATE"}}
	var rows [][]string
	for _, r := range runs {
		state := "finished"
		if r.Finished.IsZero() {
			state = "interrupted"
		}
		rows = append(rows, []string{strconv.FormatInt(r.ID, 10), r.Started.Local().Format(time.DateTime), r.Suite,
			strconv.Itoa(r.Submissions), strconv.Itoa(r.Accepted), state})
	}
	_, err = fmt.Fprint(c.out, report.Columns(columns, rows))
	return finish(err)
}
