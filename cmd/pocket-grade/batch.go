package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"pocket/grader"
	"pocket/grader/intake"
	"pocket/grader/judge"
	"pocket/grader/language"
	"pocket/grader/report"
	"pocket/grader/suite"
	"pocket/runtime/hint"
)

// batchOptions are the flags of run that say what a class handed in.
type batchOptions struct {
	path   string // a folder or an archive; "" when submissions are named one by one
	layout string
	roster string
}

// check refuses what does not go together. named is how many submissions are named one by one.
func (o batchOptions) check(named int) error {
	var err error
	switch {
	case o.path == "" && o.roster != "":
		err = errors.New("run: --roster needs --batch")
	case o.path == "" && o.layout != "":
		err = errors.New("run: --layout needs --batch")
	case o.path == "" && named == 0:
		err = errors.New("run: too few arguments")
	case o.path != "" && named > 0:
		err = errors.New("run: --batch and submissions that are named exclude each other")
	default:
		return nil
	}
	return hint.With(err, "see pocket-grade help run")
}

// enterBatch finds the submissions of a class, and tells on standard error how. One that cannot be graded is
// an entry all the same: it must not keep the others from being graded. What was not taken for one is returned too.
func enterBatch(c console, o runOptions, s *grader.Suite, table language.Table, w *judge.Workspace) ([]entry, []grader.LeftOut, error) {
	layout, err := intake.ParseLayout(o.batch.layout)
	if err != nil {
		return nil, nil, fmt.Errorf("run: --layout: %w", err)
	}
	var roster *intake.Roster
	if o.batch.roster != "" {
		if roster, err = intake.ReadRoster(o.batch.roster); err != nil {
			return nil, nil, err
		}
	}
	class, err := intake.Find(o.batch.path, intake.Options{Layout: layout, Scratch: w.Scratch, Ignore: o.noSubmissions()})
	if err != nil {
		return nil, nil, judge.NoRoom(err)
	}
	var missing []grader.Student
	if roster != nil {
		missing = roster.Match(class)
	}
	c.tell(o.batch, class, missing)
	var entries []entry
	taken := map[string]bool{}
	for _, e := range class.Entries {
		taken[e.Name] = true
		sub := grader.Submission{Name: e.Name, Path: e.Path, Student: e.Student}
		ready := entry{given: o.batch.path, submission: sub, open: opener(e, sub, s, table, w)}
		sub.Files = e.Names()
		if l, err := table.Detect(sub, s.Languages); err == nil {
			ready.guess = &l
		}
		entries = append(entries, ready)
	}
	return append(entries, absent(missing, taken)...), class.LeftOut, nil
}

// noSubmissions are files that may lie among submissions: the roster, and databases with what belongs to them.
func (o runOptions) noSubmissions() []string {
	var all []string
	for _, path := range []string{o.batch.roster, o.db, filepath.Join(o.batch.path, suite.Database)} {
		absolute, err := filepath.Abs(path)
		if path == "" || err != nil {
			continue
		}
		for _, ending := range []string{"", "-wal", "-shm", "-journal", "-graders"} {
			all = append(all, absolute+ending)
		}
	}
	if absolute, err := filepath.Abs(o.batch.path); err == nil {
		all = append(all, suite.ShardDatabases(absolute)...)
	}
	return all
}

// tell says what was found.
func (c console) tell(o batchOptions, class *intake.Class, missing []grader.Student) {
	late := 0
	for _, e := range class.Entries {
		if e.Late {
			late++
		}
	}
	text := fmt.Sprintf("%d submissions", len(class.Entries))
	if len(class.Entries) == 1 {
		text = "1 submission"
	}
	if late > 0 {
		text += fmt.Sprintf(", %d of them late", late)
	}
	fmt.Fprintf(c.err, "pocket-grade: %s: %s, layout %s\n", o.path, text, class.Layout)
	for _, remark := range class.Remarks {
		fmt.Fprintf(c.err, "pocket-grade: %s: %s\n", o.path, remark)
	}
	if len(missing) > 0 {
		fmt.Fprintf(c.err, "pocket-grade: %s: nothing was handed in by %s\n", o.roster, intake.List(called(missing)))
	}
}

func called(students []grader.Student) []string {
	var names []string
	for _, s := range students {
		names = append(names, s.Name)
	}
	return names
}

// absent are the entries of students of whom nothing was handed in.
func absent(students []grader.Student, taken map[string]bool) []entry {
	var entries []entry
	for _, s := range students {
		name := s.Name
		if taken[name] && s.ID != "" {
			name += " (" + s.ID + ")"
		}
		for n := 2; taken[name]; n++ {
			name = fmt.Sprintf("%s #%d", s.Name, n)
		}
		taken[name] = true
		nothing := &grader.Report{Verdict: grader.SKIP, Missing: true, Detail: "nothing was handed in"}
		entries = append(entries, entry{submission: grader.Submission{Name: name, Student: s}, instead: nothing})
	}
	return entries
}

// opener makes a submission ready when its turn comes, in a folder that is removed afterwards.
func opener(e intake.Entry, sub grader.Submission, s *grader.Suite, table language.Table, w *judge.Workspace) func() (judge.Entry, func()) {
	return func() (ready judge.Entry, shut func()) {
		dir, err := w.Scratch()
		if err != nil {
			return unopened(sub, err), func() {}
		}
		// What cannot be removed goes with the workspace.
		shut = func() { _ = os.RemoveAll(dir) }
		defer func() {
			if broken := recover(); broken != nil {
				err := fmt.Errorf("pocket-grade broke: %v", broken)
				ready = judge.Entry{Submission: sub, Instead: &grader.Report{Verdict: grader.JE, Detail: err.Error()}}
			}
		}()
		path, err := e.Gather(dir)
		if err == nil {
			ready, err = readied(sub, path, s, table)
		}
		if err != nil {
			ready = unopened(sub, err)
		}
		return ready, shut
	}
}

// unopened is a submission that cannot be graded, or, where temporary files have no room, the end of grading.
func unopened(sub grader.Submission, err error) judge.Entry {
	if full := judge.NoRoom(err); errors.Is(full, grader.ErrFull) {
		return judge.Entry{Submission: sub, Stop: fmt.Errorf("unpacking %s: %w", report.Printable(sub.Name), full)}
	}
	return judge.Entry{Submission: sub, Instead: instead(err)}
}

// readied is a submission whose files lie at path.
func readied(sub grader.Submission, path string, s *grader.Suite, table language.Table) (judge.Entry, error) {
	files, err := judge.Sources(path)
	if err != nil {
		return judge.Entry{}, err
	}
	sub.Files = files
	if path != sub.Path {
		sub.At = path
	}
	program, err := prepare(&sub, path, s, table)
	if err != nil {
		return judge.Entry{}, err
	}
	return judge.Entry{Submission: sub, Program: judged(program), As: program.As}, nil
}

// prepare finds out the language of a submission whose files lie at path, and how it is run.
func prepare(sub *grader.Submission, path string, s *grader.Suite, table language.Table) (language.Program, error) {
	l, err := table.Detect(*sub, s.Languages)
	if err != nil {
		return language.Program{}, err
	}
	sub.Language = l.Name
	if about, err := os.Stat(path); err == nil && !about.IsDir() {
		path = filepath.Dir(path)
	}
	return l.Prepare(*sub, path)
}

// instead is the report of what cannot be graded: what the student handed in is no program of the suite's
// languages, or the fault is ours.
func instead(err error) *grader.Report {
	verdict, detail := grader.CE, err.Error()
	if intake.Ours(err) {
		verdict = grader.JE
		h := hint.Of(err)
		if h == "" && errors.Is(err, fs.ErrPermission) {
			h = "make it readable for the user who grades"
		}
		if h != "" {
			detail += "; hint: " + h
		}
	}
	return &grader.Report{Verdict: verdict, Detail: strings.ReplaceAll(report.Printable(detail), "\n", "; ")}
}
