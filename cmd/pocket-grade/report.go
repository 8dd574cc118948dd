package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"pocket/grader"
	"pocket/grader/report"
	"pocket/grader/store"
	"pocket/runtime/hint"
)

const usageReport = `Usage: pocket-grade report [FLAGS] [SUITE] [RUN]

Writes the results of a stored run (default: the latest) for people or machines.

FLAGS
      --format FORMAT      one of these (default: what the ending of -o's FILE says)
                             html        one page without anything outside of it: table, filters, failures
                             csv         a line per submission, with columns per group and case
                             json        one object: the run, every submission, every case
                             jsonl       a JSON object per submission and line
                             junit       XML as CI servers read it
                             tap         Test Anything Protocol 14
                             gradescope  results.json of one submission; of several, a folder of them
      --long               csv: a line per case of each submission
      --submission NAME    only the submissions with this name or path
      --audience WHO       instructor (default), or student: hidden cases show name, verdict and score and
                           nothing else
      --hidden VISIBILITY  gradescope: what hidden cases get: hidden (default), after_due_date,
                           after_published or visible. Where students will see them they have their name,
                           verdict and score only
      --reveal             gradescope: show students also what hidden cases were given, wrote and expected,
                           when --hidden says
  -o, --output FILE        write FILE, whole or not at all (default, and with -: standard output);
                           gradescope of several submissions: make the folder FILE. An earlier report of the
                           same format is replaced, and nothing else
      --force              replace FILE whatever it is, but never a database or the suite's own file
` + usageWhere + `
Where a case has a judge error the score is left empty, and so is the submission's: nobody gets a zero for
a fault of the grader or the suite.

EXAMPLE
  pocket-grade report -o squares.html suites/squares
  pocket-grade report --format csv suites/squares 3

EXIT STATUS
  0; 2 wrong use, no such database, run or submission; 3 the results cannot be read or it cannot be written; 130 interrupted
`

// reportOrder is what report is asked for.
type reportOrder struct {
	where
	format, audience, hidden, submission, output string
	long, force, reveal                          bool
	spared                                       spared
}

func cmdReport(ctx context.Context, c console, args []string) (status int, err error) {
	o, err := parseReport(args)
	if err != nil {
		return wrongUse, err
	}
	db, err := o.open(c)
	if err != nil {
		return wrongUse, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	run, err := o.chosen(db)
	if err != nil {
		return wrongUse, err
	}
	if err := o.named(db, run); err != nil {
		return wrongUse, err
	}
	o.spared = sparedBy(db.Path(), run.SuitePath, o.force)
	if err := o.spared.check(o.output, o.format); err != nil {
		return wrongUse, err
	}
	live := newProgress(c.err, run.Submissions+run.Missing)
	live.noun = "submissions"
	err = o.write(c, run, o.reports(ctx, db, run.ID, live))
	live.clear()
	if ctx.Err() != nil && err != nil {
		return interrupted, errors.New("interrupted before the report was complete")
	}
	if bad := (*misuse)(nil); errors.As(err, &bad) {
		return wrongUse, err
	}
	return finish(err)
}

// misuse is what only the results show to be asked for in vain.
type misuse struct{ error }

func (m *misuse) Unwrap() error { return m.error }

func parseReport(args []string) (reportOrder, error) {
	o := reportOrder{}
	flags := pflag.NewFlagSet("report", pflag.ContinueOnError)
	flags.StringVar(&o.format, "format", "", "")
	flags.BoolVar(&o.long, "long", false, "")
	flags.StringVar(&o.submission, "submission", "", "")
	flags.StringVar(&o.audience, "audience", "instructor", "")
	flags.StringVar(&o.hidden, "hidden", report.GradescopeHidden, "")
	flags.BoolVar(&o.reveal, "reveal", false, "")
	flags.BoolVar(&o.force, "force", false, "")
	flags.StringVarP(&o.output, "output", "o", "-", "")
	o.flags(flags)
	rest, err := parse(flags, keepNumbers(args), 0, 2)
	if err == nil {
		err = o.onlySuite(flags, rest)
	}
	if err != nil {
		return o, err
	}
	return o, o.check(flags)
}

// reportEndings says which format a file's name ends with.
var reportEndings = map[string]string{".html": "html", ".htm": "html", ".csv": "csv", ".json": "json", ".jsonl": "jsonl",
	".ndjson": "jsonl", ".xml": "junit", ".tap": "tap"}

var reportFormats = []string{"html", "csv", "json", "jsonl", "junit", "tap", "gradescope"}

func (o *reportOrder) check(flags *pflag.FlagSet) error {
	wrong := func(format string, args ...any) error {
		return hint.With(fmt.Errorf("report: "+format, args...), "see pocket-grade help report")
	}
	if o.format == "" {
		o.format = reportEndings[strings.ToLower(filepath.Ext(o.output))]
	}
	visibilities := []string{report.GradescopeHidden, report.GradescopeAfterDueDate, report.GradescopeAfterPublished, report.GradescopeVisible}
	switch {
	case o.format == "":
		return wrong("no format: name one with --format (%s)", strings.Join(reportFormats, ", "))
	case !slices.Contains(reportFormats, o.format):
		return wrong("--format %s: there are %s", o.format, strings.Join(reportFormats, ", "))
	case o.audience != "instructor" && o.audience != "student":
		return wrong("--audience %s: there are instructor and student", o.audience)
	case o.long && o.format != "csv":
		return wrong("--long is for csv")
	case flags.Changed("hidden") && o.format != "gradescope":
		return wrong("--hidden is for gradescope")
	case o.reveal && o.format != "gradescope":
		return wrong("--reveal is for gradescope; in the other formats --audience says who reads it")
	case o.reveal && o.audience == "student":
		return wrong("--reveal and --audience student exclude each other")
	case !slices.Contains(visibilities, o.hidden):
		return wrong("--hidden %s: there are %s", o.hidden, strings.Join(visibilities, ", "))
	case o.output == "":
		return wrong("-o: an empty name")
	case o.force && o.output == "-":
		return wrong("--force needs -o")
	}
	return nil
}

// named says that there is no submission of the name that was given.
func (o *reportOrder) named(db *store.Store, run store.Run) error {
	if o.submission == "" {
		return nil
	}
	for _, err := range db.Each(run.ID, o.submission) {
		return err
	}
	return hint.With(fmt.Errorf("run %d has no submission %q", run.ID, o.submission), "see pocket-grade results %d", run.ID)
}

// reports are those asked for, as the audience may see them.
func (o *reportOrder) reports(ctx context.Context, db *store.Store, run int64, live *progress) report.Reports {
	return func(yield func(grader.Report, error) bool) {
		for r, err := range db.Each(run, o.submission) {
			if err == nil {
				err = ctx.Err()
			}
			if o.audience == "student" {
				r = report.ForStudents(r)
			}
			if !yield(r, err) || err != nil {
				return
			}
			live.add(1)
		}
	}
}

func (o *reportOrder) write(c console, run store.Run, reports report.Reports) error {
	if o.format == "gradescope" {
		return o.gradescope(c, reports)
	}
	name := o.format
	if o.long {
		name = "csv-long"
	}
	format, ok := report.FormatNamed(name)
	if !ok {
		return fmt.Errorf("format %s: not found", name)
	}
	about := report.Run{ID: run.ID, Suite: run.Suite, Started: run.Started, Finished: run.Finished, LeftOut: run.LeftOut, Untimed: o.audience == "student"}
	return writeOutput(c, o.output, func(w io.Writer) error { return format.Write(w, about, reports) })
}
