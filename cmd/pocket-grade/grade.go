package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"pocket/grader"
	"pocket/grader/judge"
	"pocket/grader/report"
	"pocket/grader/store"
)

// session is one invocation of run, once everything that can be wrong with its arguments is known not
// to be.
type session struct {
	console
	options   runOptions
	suite     *grader.Suite
	runner    grader.Runner
	workspace *judge.Workspace
	db        *store.Store
	run       int64
	progress  *progress
	table     *report.Table // nil for a single submission
	reports   []grader.Report
}

// grade opens what grading needs, grades all submissions and closes it again. The results go to path.
func grade(ctx context.Context, c console, o runOptions, s *grader.Suite, path string, entries []entry) (status int, err error) {
	kit, err := tools(s)
	if err != nil {
		return wrongUse, err
	}
	db, err := store.Open(path)
	if err != nil {
		return wrongUse, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	runner, closeRunner, err := newRunner(s)
	if err != nil {
		return judgeError, err
	}
	defer func() { err = errors.Join(err, closeRunner()) }()
	workspace, err := judge.OpenWorkspace()
	if err != nil {
		return judgeError, err
	}
	defer func() { err = errors.Join(err, workspace.Close()) }()
	if err := equip(workspace, kit); err != nil {
		return judgeError, err
	}
	all := &session{
		console: c, options: o, suite: s, runner: runner, workspace: workspace, db: db,
		progress: newProgress(c.err, len(entries)*len(s.Cases)),
	}
	workspace.OnWarm = all.warming
	return all.grade(ctx, path, entries)
}

// warming says that a language's library is being compiled, or why it cannot be.
func (s *session) warming(title string, err error) {
	s.progress.clear()
	if err != nil {
		fmt.Fprintf(s.err, "pocket-grade: the %s library cannot be compiled in advance, so each submission takes longer: %v\n", title, err)
		return
	}
	s.progress.say(fmt.Sprintf("compiling the %s library, once for this and later runs", title))
}

// say shows a text at once, until clear or the next count.
func (p *progress) say(text string) {
	if p.w != nil {
		p.shown = time.Now()
		fmt.Fprintf(p.w, "\r\x1b[K%s", text)
	}
}

func (s *session) grade(ctx context.Context, path string, entries []entry) (int, error) {
	var err error
	if s.run, err = s.db.Begin(store.Run{Suite: s.suite.Name, SuitePath: s.suite.File, Args: arguments(entries)}); err != nil {
		return judgeError, err
	}
	if len(entries) > 1 {
		s.table = report.NewTable(s.out, names(entries), color(s.out))
	}
	for _, e := range entries {
		if err = s.one(ctx, e); err != nil {
			break
		}
	}
	s.progress.clear()
	if len(s.reports) == len(entries) { // also when the last could not be shown
		err = errors.Join(err, s.db.FinishRun(s.run, time.Now()))
	}
	err = errors.Join(err, s.summarize(path))
	stored := fmt.Sprintf("%d of %d submissions are stored as run %d", len(s.reports), len(entries), s.run)
	switch {
	case errors.Is(err, context.Canceled):
		fmt.Fprintf(s.err, "pocket-grade: interrupted; %s\n", stored)
		return interrupted, nil
	case errors.Is(err, syscall.EPIPE):
		fmt.Fprintf(s.err, "pocket-grade: nobody reads the results any more; %s\n", stored)
		return judgeError, nil
	case err != nil:
		return judgeError, err
	}
	return s.status(), nil
}

// arguments is the submissions' paths as they were typed.
func arguments(entries []entry) []string {
	var all []string
	for _, e := range entries {
		all = append(all, e.given)
	}
	return all
}

func names(entries []entry) []string {
	var all []string
	for _, e := range entries {
		all = append(all, e.submission.Name)
	}
	return all
}

// one grades, stores and only then shows a submission.
func (s *session) one(ctx context.Context, e entry) (err error) {
	staged, err := s.workspace.Stage(e.submission)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, staged.Remove()) }()
	if e.program.As != "" {
		if err := staged.Rename(e.program.As); err != nil {
			return err
		}
	}
	told := 0
	r, err := judge.Run(ctx, s.runner, s.suite, staged, judged(e.program), judge.Options{
		Workers: s.options.workers,
		OnResult: func(int, grader.Result) {
			told++
			s.progress.add(1)
		},
	})
	if err != nil {
		return err
	}
	s.progress.add(len(s.suite.Cases) - told) // those that were skipped
	if err := s.db.Record(s.run, r, staged.Digest); err != nil {
		return err
	}
	s.reports = append(s.reports, r)
	return s.show(r)
}

func (s *session) show(r grader.Report) error {
	if s.options.json {
		return nil
	}
	s.progress.clear()
	o := report.Options{Color: color(s.out), Brief: s.options.quiet, All: s.options.verbose, Input: s.input}
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

// input is the beginning of a case's input, for the report.
func (s *session) input(name string) string {
	for _, c := range s.suite.Cases {
		if c.Name == name {
			text, err := beginning(c.Input)
			if err != nil {
				return "cannot be read: " + err.Error()
			}
			return text
		}
	}
	return ""
}

// beginning reads as much of a text as a report could show.
func beginning(t grader.Text) (string, error) {
	if t.Path == "" {
		return t.Inline, nil
	}
	f, err := os.Open(t.Path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, 64<<10))
	return string(text), err
}

// results is what --json writes.
type results struct {
	Run      int64           `json:"run"`
	Database string          `json:"database"`
	Suite    string          `json:"suite"`
	Reports  []grader.Report `json:"reports"`
}

// summarize ends the output.
func (s *session) summarize(path string) error {
	if s.options.json {
		reports := append([]grader.Report{}, s.reports...) // [] and not null
		return report.JSON(s.out, results{s.run, path, s.suite.Name, reports})
	}
	if s.table != nil {
		return s.table.Close()
	}
	return nil
}

// status is the exit status that the verdicts make.
func (s *session) status() int {
	status := accepted
	for _, r := range s.reports {
		if faulty(r) {
			return judgeError
		}
		if r.Verdict != grader.AC && !s.options.exitZero {
			status = notAccepted
		}
	}
	return status
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
