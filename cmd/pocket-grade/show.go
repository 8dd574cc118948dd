package main

import (
	"context"
	"errors"

	"github.com/spf13/pflag"

	"pocket/grader"
	"pocket/grader/report"
)

const usageShow = `Usage: pocket-grade show [FLAGS] [SUITE] [RUN] [SUBMISSION [CASE]]

Shows a stored submission with every failure, or one of its cases with all figures and how each limit was
held. RUN is the latest by default. CASE "compile" is the compiler's run.

FLAGS
      --json         as JSON
      --reveal       show also what hidden cases were given, wrote and expected
` + usageWhere + `
EXAMPLE
  pocket-grade show suites/squares 3 alice.py big

EXIT STATUS
  0; 2 wrong use, no such run, submission or case; 3 the database cannot be read
`

func cmdShow(_ context.Context, c console, args []string) (status int, err error) {
	flags := pflag.NewFlagSet("show", pflag.ContinueOnError)
	reveal := revealFlag(flags)
	var at where
	db, rest, asJSON, err := openStore(c, &at, flags, args, 2)
	if err != nil {
		return wrongUse, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	run, err := at.chosen(db)
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
	reports, err := reportsOf(db, run.ID, submission)
	if err != nil {
		return wrongUse, err
	}
	reports = allSeen(reports, *reveal)
	o := look(c.out)
	o.All, o.Reveal = true, *reveal
	if name != "" {
		return showCase(c, reports[0], name, asJSON, o)
	}
	return finish(showReports(c, reports, asJSON, o))
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
