package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/spf13/pflag"

	"pocket/grader"
	"pocket/grader/judge"
	"pocket/grader/language"
	"pocket/grader/report"
	"pocket/grader/store"
	"pocket/runtime/hint"
)

const usageRegrade = `Usage: pocket-grade regrade [FLAGS] SUITE [RUN]
       pocket-grade regrade --undo [FLAGS] [SUITE] [RUN]

Grades the submissions of a stored run again, where they lay then, against the suite as it is now, and shows
what verdicts and scores become of it: of each submission and case the old and the new. Only then, when y is
typed or with --yes, the new results take the place of the old ones, all at once. Given again, the command
goes on with what was interrupted, and applies what it has shown less than an hour ago.

What is no longer there, or comes out as a judge error (JE) now and was none, is said and left as it was.
What was replaced is kept: --undo puts it back, and again what was before that. See pocket-grade audit.

FLAGS
      --run RUN       the run, also as RUN: a number, latest (the default), or -1 for the one before
      --case GLOB     only the cases whose names match, and what was a judge error; the others stay
      --student GLOB  only submissions whose name, or whose student's name, id or email, matches
      --all           run every case, also what is found by content or was run for a regrade that was not applied
  -y, --yes           apply without asking
      --undo          put back what the last regrade of the run replaced
  -j, --jobs N        cases at once (default: the number of cores)
      --suite SUITE   the suite, also as SUITE
      --db FILE       the database (default: the suite's, as run has it)
      --languages FILE
                      also the languages that a YAML file defines (default: the file that the run was given)
      --json          the changes as JSON

EXAMPLE
  pocket-grade regrade suites/squares 3 --case 'big-*'
  pocket-grade regrade --undo suites/squares 3

EXIT STATUS
  0    nothing changes, or what does was applied
  1    something would change and was not applied
  2    wrong use, a bad suite, no such run, nothing to undo, or not a submission is left
  3    judge error: the sandbox or the suite is at fault, or the results could not be written
  130  interrupted: nothing was applied
`

type regradeOptions struct {
	runOptions
	at        where
	selection selection
	yes, undo bool
}

func parseRegrade(args []string) (o regradeOptions, err error) {
	o.args = append([]string{"regrade"}, args...)
	flags := pflag.NewFlagSet("regrade", pflag.ContinueOnError)
	o.at.flags(flags)
	flags.StringArrayVar(&o.selection.cases, "case", nil, "")
	flags.StringVar(&o.selection.student, "student", "", "")
	flags.BoolVar(&o.fresh, "all", false, "")
	flags.BoolVarP(&o.yes, "yes", "y", false, "")
	flags.BoolVar(&o.undo, "undo", false, "")
	flags.IntVarP(&o.workers, "jobs", "j", runtime.NumCPU(), "")
	flags.StringVar(&o.languages, "languages", "", "")
	flags.BoolVar(&o.json, "json", false, "")
	rest, err := parse(flags, keepNumbers(args, "-j", "--jobs"), 0, 2)
	if err == nil {
		err = o.at.onlySuite(flags, rest)
	}
	if err != nil {
		return o, err
	}
	switch {
	case o.undo && (!o.selection.none() || o.fresh):
		err = errors.New("regrade: --undo puts back all that was replaced at once: it takes no --case, --student, --all")
	case !o.undo && o.at.suite == "":
		err = errors.New("regrade: no suite given")
	case checkJobs("regrade", o.workers) != nil:
		err = checkJobs("regrade", o.workers)
	default:
		return o, o.selection.check()
	}
	return o, hint.With(err, "see pocket-grade help regrade")
}

func cmdRegrade(ctx context.Context, c console, args []string) (status int, err error) {
	o, err := parseRegrade(args)
	if err != nil {
		return wrongUse, err
	}
	path, err := findDatabase(o.at.db, o.at.suite)
	if err != nil {
		return wrongUse, err
	}
	db, err := c.openDatabase(path)
	if err != nil {
		return wrongUse, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	run, err := o.at.chosen(db)
	if err != nil {
		return wrongUse, err
	}
	if o.undo {
		return undo(c, db, o, run.ID)
	}
	if run.TrialOf != 0 {
		return wrongUse, hint.With(fmt.Errorf("run %d is a regrade of run %d", run.ID, run.TrialOf), "name that one")
	}
	return regrade(ctx, c, db, o, run, o.at.suite)
}

// earlier is how the run was begun, as far as it counts for a regrade; paths are absolute.
func earlier(db *store.Store, run store.Run) (runOptions, error) {
	trail, err := db.Audit(run.ID)
	if err != nil {
		return runOptions{}, err
	}
	for _, a := range trail {
		if a.Name != store.Began || len(a.Args) == 0 {
			continue
		}
		o, _, err := parseRun(a.Args[1:])
		if err != nil {
			return runOptions{}, nil // an older version's command
		}
		for _, path := range []*string{&o.batch.path, &o.languages} {
			if *path != "" && !filepath.IsAbs(*path) && run.Dir != "" {
				*path = filepath.Join(run.Dir, *path)
			}
		}
		return o, nil
	}
	return runOptions{}, nil
}

func regrade(ctx context.Context, c console, db *store.Store, o regradeOptions, run store.Run, given string) (status int, err error) {
	before, err := earlier(db, run)
	if err != nil {
		return judgeError, err
	}
	if o.languages == "" {
		o.languages = before.languages
	}
	s, table, err := loadSuite(given, o.languages)
	if err != nil {
		return wrongUse, err
	}
	if s.Name != run.Suite {
		err := fmt.Errorf("run %d is of the suite %s and not of %s", run.ID, run.Suite, s.Name)
		return wrongUse, hint.With(err, "choose another with --run")
	}
	if err := guarded(s); err != nil {
		return wrongUse, err
	}
	if err := hidden(db.Path(), shown(s)); err != nil {
		return wrongUse, err
	}
	whole := *s
	if s.Cases, err = judge.Select(s, before.patterns); err != nil {
		return wrongUse, err
	}
	if _, err := judge.Select(s, o.selection.cases); err != nil {
		return wrongUse, err
	}
	kit, err := tools(s, table)
	if err != nil {
		return wrongUse, err
	}
	o.table, o.batch, o.patterns = table.Digest(), before.batch, o.selection.cases
	o.noCache = o.fresh
	workspace, err := judge.OpenWorkspace()
	if err != nil {
		return judgeError, err
	}
	defer func() { err = errors.Join(err, workspace.Close()) }()
	runner, root, err := newRunner(s)
	if err != nil {
		return judgeError, err
	}
	defer func() { err = errors.Join(err, runner.Close()) }()
	workspace.Root = root
	if err := equip(workspace, kit); err != nil {
		return judgeError, err
	}
	all := &session{console: c, options: o.runOptions, suite: s, runner: runner, root: root, workspace: workspace, db: db}
	t := &again{session: all, options: o, of: run, whole: &whole}
	all.again = t
	return t.regrade(ctx, table)
}

// regrade grades again, shows what changes, and applies it when that is wanted.
func (t *again) regrade(ctx context.Context, table language.Table) (int, error) {
	s := t.session
	entries, err := t.enter(table)
	if err != nil {
		return wrongUse, err
	}
	if err := apart(t.whole, paths(entries)); err != nil {
		return wrongUse, err
	}
	if s.digest, err = judge.SuiteDigest(s.suite); err != nil {
		return wrongUse, err
	}
	if err := t.start(entries); err != nil {
		return judgeError, err
	}
	s.progress = newProgress(s.err, len(entries)*len(s.suite.Cases))
	s.workspace.OnWarm = s.warming
	err = s.gradeAll(ctx, entries)
	s.progress.clear()
	if ctx.Err() != nil {
		fmt.Fprintf(s.err, "pocket-grade: interrupted; run %d is as it was\n", t.of.ID)
		return interrupted, nil
	}
	if err != nil {
		return judgeError, err
	}
	changes, err := t.compare()
	if err != nil {
		return judgeError, err
	}
	if s.options.json {
		err = report.JSON(s.out, append([]report.Change{}, changes...))
	} else {
		err = report.WriteChanges(s.out, changes, look(s.out))
	}
	if err != nil {
		return finish(err)
	}
	return t.decide(ctx, changes)
}

// decide applies the changes or not.
func (t *again) decide(ctx context.Context, changes []report.Change) (int, error) {
	s, status := t.session, accepted
	if len(t.faulty) > 0 {
		status = judgeError
	}
	if len(changes) == 0 {
		return status, s.db.Discard(s.run.ID)
	}
	if !t.options.yes && !(terminal(os.Stdin) && terminal(s.err)) {
		fmt.Fprintf(s.err, "pocket-grade: run %d is as it was: apply this with --yes\n", t.of.ID)
		if len(t.faulty) > 0 { // a fault may be gone next time
			return status, s.db.Discard(s.run.ID)
		}
		return notAccepted, nil
	}
	if !t.options.yes {
		switch answer := s.ask(ctx, fmt.Sprintf("Apply this to run %d? [y/N] ", t.of.ID)); {
		case ctx.Err() != nil:
			fmt.Fprintf(s.err, "\npocket-grade: interrupted; run %d is as it was\n", t.of.ID)
			return interrupted, nil
		case !answer:
			fmt.Fprintf(s.err, "pocket-grade: run %d is as it was\n", t.of.ID)
			return max(status, notAccepted), s.db.Discard(s.run.ID)
		}
	}
	text, err := json.Marshal(changes)
	if err == nil {
		err = s.db.Apply(s.run.ID, t.state, t.faulty, store.Action{User: userName(), Args: s.options.args, Changes: text})
	}
	if err != nil {
		return judgeError, err
	}
	fmt.Fprintf(s.err, "pocket-grade: run %d has the new results; %s puts back the old ones\n", t.of.ID, t.options.undoing(t.of.ID))
	return status, nil
}

// undoing is the command that puts back what this one replaces.
func (o regradeOptions) undoing(run int64) string {
	command := "pocket-grade regrade --undo"
	if o.at.db != "" {
		command += " --db " + report.Word(o.at.db)
	}
	return command + " " + report.Word(o.at.suite) + fmt.Sprintf(" %d", run)
}

// undo puts back what the last regrade of a run replaced.
func undo(c console, db *store.Store, o regradeOptions, run int64) (int, error) {
	last, err := db.LastRegrade(run)
	if errors.Is(err, store.ErrNothing) {
		return wrongUse, err
	} else if err != nil {
		return judgeError, err
	}
	changes, err := reversed(last.Changes)
	if err != nil {
		return judgeError, err
	}
	text, err := json.Marshal(changes)
	if err == nil {
		err = db.Undo(last, store.Action{User: userName(), Args: o.args, Changes: text})
	}
	if err != nil {
		return judgeError, err
	}
	fmt.Fprintf(c.err, "pocket-grade: run %d is again as it was before action %d\n", run, last.ID)
	if o.json {
		return finish(report.JSON(c.out, changes))
	}
	return finish(report.WriteChanges(c.out, changes, look(c.out)))
}

// reversed are recorded changes from their end to their beginning.
func reversed(recorded []byte) ([]report.Change, error) {
	var changes []report.Change
	if err := json.Unmarshal(recorded, &changes); err != nil {
		return nil, fmt.Errorf("read what the regrade changed: %w", err)
	}
	for i, one := range changes {
		changes[i].From, changes[i].To = one.To, one.From
		changes[i].FromScore, changes[i].ToScore = one.ToScore, one.FromScore
	}
	return changes, nil
}

// worse says that a judge error would take the place of a verdict.
func worse(from, to grader.Report) bool { return faulty(to) && !faulty(from) }
