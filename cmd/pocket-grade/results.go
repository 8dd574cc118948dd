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

Lists the stored runs, newest first, or the submissions of one run.

FLAGS
      --suite SUITE  the suite whose results are meant (default: the current folder, then the user's
                     state folder)
      --db FILE      the database
      --json         as JSON

EXAMPLE
  pocket-grade results --suite suites/squares 3

EXIT STATUS
  0; 2 wrong use, no such database or run
`

func cmdResults(_ context.Context, c console, args []string) (status int, err error) {
	flags := pflag.NewFlagSet("results", pflag.ContinueOnError)
	db, rest, asJSON, err := openStore(flags, args, 1)
	if err != nil {
		return wrongUse, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if len(rest) == 0 {
		return listRuns(c, db, asJSON)
	}
	run, err := number(rest[0])
	if err != nil {
		return wrongUse, err
	}
	reports, err := reportsOf(db, run, "")
	if err != nil {
		return wrongUse, err
	}
	if asJSON {
		return finish(report.JSON(c.out, reports))
	}
	return finish(listReports(c, reports))
}

// openStore reads the flags that results and show share and opens the database they mean.
func openStore(flags *pflag.FlagSet, args []string, most int) (*store.Store, []string, bool, error) {
	path := flags.String("db", "", "")
	suite := flags.String("suite", "", "")
	asJSON := flags.Bool("json", false, "")
	rest, err := parse(flags, args, 0, most)
	if err != nil {
		return nil, nil, false, err
	}
	found, err := findDatabase(*path, *suite)
	if err != nil {
		return nil, nil, false, err
	}
	db, err := store.Open(found)
	return db, rest, *asJSON, err
}

func number(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 {
		return 0, hint.With(fmt.Errorf("%q is not a run's number", text), "see pocket-grade results")
	}
	return n, nil
}

// reportsOf returns a run's reports, those of one submission when it is named; that there is none is an
// error.
func reportsOf(db *store.Store, run int64, submission string) ([]grader.Report, error) {
	reports, err := db.Reports(run, submission)
	if err == nil && len(reports) == 0 {
		err = fmt.Errorf("run %d has no submissions", run)
		if submission != "" {
			err = fmt.Errorf("run %d has no submission %q", run, submission)
		}
		err = hint.With(err, "see pocket-grade results")
	}
	return reports, err
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
