package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"pocket/grader"
	"pocket/grader/report"
)

func (s *session) show(r grader.Report) error {
	if s.options.json || s.again != nil {
		return nil
	}
	s.progress.clear()
	r = seen(r, s.options.reveal)
	o := look(s.out)
	o.Brief, o.All, o.Reveal = s.options.quiet, s.options.verbose, s.options.reveal
	switch {
	case s.table == nil:
		return report.Text(s.out, r, o)
	case s.options.quiet:
		s.table.Count(r)
		return nil
	case s.options.verbose:
		s.table.Count(r)
		return errors.Join(report.Text(s.out, r, o), line(s.out))
	}
	return s.table.Add(r)
}

// line separates two reports.
func line(w io.Writer) error {
	_, err := io.WriteString(w, "\n")
	return err
}

// results is what --json writes.
type results struct {
	Run      int64            `json:"run"`
	Database string           `json:"database"`
	Suite    string           `json:"suite"`
	LeftOut  []grader.LeftOut `json:"left_out,omitempty"`
	Reports  []grader.Report  `json:"reports"`
}

// summarize ends the output.
func (s *session) summarize() error {
	if s.verdicts.secret && !s.options.reveal {
		fmt.Fprintln(s.err, "pocket-grade: hint: why hidden cases have a judge error is shown by: pocket-grade show --reveal")
	}
	if s.options.json {
		return s.writeJSON()
	}
	var err error
	if s.table != nil {
		err = s.table.Close()
	}
	if err == nil {
		_, err = io.WriteString(s.out, report.LeftOut(s.run.LeftOut))
	}
	return err
}

// writeJSON writes the run's reports from the store, one after the other: together they may be large.
func (s *session) writeJSON() error {
	var frame bytes.Buffer
	if err := report.JSON(&frame, results{s.run.ID, s.db.Path(), s.suite.Name, s.run.LeftOut, []grader.Report{}}); err != nil {
		return err
	}
	begin, end, _ := strings.Cut(frame.String(), "[]\n}")
	separator := begin + "["
	for r, err := range s.db.Each(s.run.ID, "") {
		if err != nil {
			return err
		}
		var text bytes.Buffer
		if err := report.JSON(&text, seen(r, s.options.reveal)); err != nil {
			return err
		}
		indented := strings.ReplaceAll("\n"+strings.TrimSuffix(text.String(), "\n"), "\n", "\n    ")
		if _, err := io.WriteString(s.out, separator+indented); err != nil {
			return err
		}
		separator = ","
	}
	if separator != "," {
		_, err := frame.WriteTo(s.out)
		return err
	}
	_, err := io.WriteString(s.out, "\n  ]\n}"+end)
	return err
}

// verdicts is what the exit status depends on.
type verdicts struct {
	faulty, notAccepted bool
	secret              bool // a hidden case has a judge error
}

func (v *verdicts) add(r grader.Report) {
	v.secret = v.secret || slices.ContainsFunc(r.Results, func(c grader.Result) bool {
		return c.Verdict == grader.JE && c.Visibility == grader.Hidden
	})
	v.faulty = v.faulty || faulty(r)
	v.notAccepted = v.notAccepted || r.Verdict != grader.AC && !r.Missing
}

// status is the exit status that the verdicts make.
func (v *verdicts) status(exitZero bool) int {
	switch {
	case v.faulty:
		return judgeError
	case v.notAccepted && !exitZero:
		return notAccepted
	}
	return accepted
}

// faulty says whether there is a JE anywhere in a report.
func faulty(r grader.Report) bool {
	for _, result := range r.Results {
		if result.Verdict == grader.JE {
			return true
		}
	}
	return r.Verdict == grader.JE
}
