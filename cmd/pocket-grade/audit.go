package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"pocket/grader/report"
	"pocket/grader/store"
)

const usageAudit = `Usage: pocket-grade audit [FLAGS] [SUITE] [RUN]

Tells who did what to the stored runs, or to one, the oldest first: when, who, on which machine, with which
command, and how many verdicts and scores of submissions and cases a regrade or an undo changed. With a RUN
these changes follow, one a line. No command removes anything from the trail.

FLAGS
      --json         as JSON
` + usageWhere + `
EXAMPLE
  pocket-grade audit suites/squares 3

EXIT STATUS
  0; 2 wrong use, no such database or run; 3 the database cannot be read
`

func cmdAudit(_ context.Context, c console, args []string) (status int, err error) {
	flags := pflag.NewFlagSet("audit", pflag.ContinueOnError)
	var at where
	db, _, asJSON, err := openStore(c, &at, flags, args, 0)
	if err != nil {
		return wrongUse, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	run := int64(0)
	if at.run != "" {
		if run, err = auditedRun(&at, db); err != nil {
			return wrongUse, err
		}
	}
	trail, err := db.Audit(run)
	if err != nil {
		return judgeError, err
	}
	if asJSON {
		return finish(report.JSON(c.out, append([]store.Action{}, trail...)))
	}
	return finish(listTrail(c, trail, run != 0))
}

// auditedRun is the run that is meant, also one that was removed.
func auditedRun(at *where, db *store.Store) (int64, error) {
	run, err := at.chosen(db)
	if errors.Is(err, store.ErrNotFound) {
		removed, problem := number(at.run)
		if problem != nil {
			return 0, err
		}
		if trail, problem := db.Audit(removed); problem == nil && len(trail) > 0 {
			return removed, nil
		}
	}
	return run.ID, err
}

func listTrail(c console, trail []store.Action, changes bool) error {
	columns := []report.Column{{Title: "NO", Right: true}, {Title: "WHEN"}, {Title: "WHO"}, {Title: "RUN", Right: true},
		{Title: "ACTION"}, {Title: "CHANGES", Right: true}, {Title: "COMMAND"}}
	var rows [][]string
	for _, a := range trail {
		action, n := a.Name, ""
		if a.Undoes != 0 {
			action += fmt.Sprintf(" %d", a.Undoes)
		}
		if a.Undone != 0 {
			action += fmt.Sprintf(" (undone by %d)", a.Undone)
		}
		all, err := changesOf(a)
		if err != nil {
			return err
		}
		if len(all) > 0 {
			n = strconv.Itoa(len(all))
		}
		who := fmt.Sprintf("%s@%s (pid %d)", a.User, a.Host, a.PID)
		rows = append(rows, []string{strconv.FormatInt(a.ID, 10), a.At.Local().Format(time.DateTime), who, strconv.FormatInt(a.Run, 10),
			action, n, strings.Join(a.Args, " ")})
	}
	_, err := fmt.Fprint(c.out, report.Columns(columns, rows, look(c.out)))
	for _, a := range trail {
		all, _ := changesOf(a) // read above
		if !changes || len(all) == 0 || err != nil {
			continue
		}
		if _, err = fmt.Fprintf(c.out, "\naction %d changed:\n", a.ID); err == nil {
			err = report.WriteChanges(c.out, all, look(c.out))
		}
	}
	return err
}

func changesOf(a store.Action) (all []report.Change, err error) {
	if len(a.Changes) > 0 {
		if err = json.Unmarshal(a.Changes, &all); err != nil {
			err = fmt.Errorf("action %d: read what it changed: %w", a.ID, err)
		}
	}
	return all, err
}
