package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"
	"time"

	"pocket/grader"
	"pocket/grader/judge"
	"pocket/grader/report"
	"pocket/grader/runner"
	"pocket/grader/store"
)

// session is one invocation of run, once everything that can be wrong with its arguments is known not
// to be.
type session struct {
	console
	options   runOptions
	suite     *grader.Suite
	digest    string // the suite's
	runner    grader.Runner
	root      string // what the root file system is made of
	workspace *judge.Workspace
	db        *store.Store
	run       store.Run
	shard     store.Shard
	progress  *progress
	table     *report.Table // nil for a single submission
	verdicts  verdicts
	waiting   waiting
	again     *again // not nil: a run is graded again, and nothing is shown yet
}

// grade opens what grading needs, grades all submissions and closes it again. The results go to path.
func grade(ctx context.Context, c console, o runOptions, s *grader.Suite, kit []tool, path string, workspace *judge.Workspace, entries []entry) (status int, err error) {
	digest, err := judge.SuiteDigest(s)
	if err != nil {
		return wrongUse, err
	}
	db, err := c.openDatabase(path)
	if err != nil {
		return wrongUse, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	remember(db.Path())
	runner, root, err := newRunner(s)
	if err != nil {
		return judgeError, err
	}
	defer func() { err = errors.Join(err, runner.Close()) }()
	workspace.Root = root
	if err := equip(workspace, kit); err != nil {
		return judgeError, err
	}
	all := &session{
		console: c, options: o, suite: s, digest: digest, runner: runner, root: root, workspace: workspace, db: db,
	}
	if o.shard.of > 0 {
		all.shard = o.shard.record(o, entries)
		whole := len(entries)
		entries = o.shard.choose(entries)
		fmt.Fprintf(c.err, "pocket-grade: shard %d of %d: %d of %d submissions\n", o.shard.number, o.shard.of, len(entries), whole)
	}
	all.progress = newProgress(c.err, len(entries)*len(s.Cases))
	workspace.OnWarm = all.warming
	return all.grade(ctx, entries)
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

func (s *session) grade(ctx context.Context, entries []entry) (int, error) {
	s.waiting.say = func(text string) {
		s.progress.clear()
		fmt.Fprintln(s.err, "pocket-grade: "+text)
	}
	s.db.OnWait(func() { text := locked(s.db.Path()); s.waiting.once(text, text) })
	if err := s.start(entries); err != nil {
		return judgeError, err
	}
	if len(entries) > 1 {
		s.table = report.NewTable(s.out, names(entries), look(s.out))
	}
	err := s.gradeAll(ctx, entries)
	s.progress.clear()
	handedIn := handedIn(entries)
	err = errors.Join(err, s.finish(len(entries)))
	err = errors.Join(err, s.summarize())
	stored := fmt.Sprintf("%d of %d submissions are stored as run %d", s.run.Submissions, handedIn, s.run.ID)
	switch {
	case errors.Is(err, context.Canceled):
		fmt.Fprintf(s.err, "pocket-grade: interrupted; %s\n", stored)
		return interrupted, nil
	case errors.Is(err, syscall.EPIPE):
		fmt.Fprintf(s.err, "pocket-grade: nobody reads the results any more; %s\n", stored)
		return judgeError, nil
	case err != nil:
		fmt.Fprintf(s.err, "pocket-grade: %s\n", stored)
		return judgeError, err
	}
	return s.verdicts.status(s.options.exitZero), nil
}

// start begins a run, or goes on with the same one that was interrupted.
func (s *session) start(entries []entry) error {
	run := store.Run{
		Suite: s.suite.Name, SuitePath: s.suite.File, Args: arguments(entries), SuiteDigest: s.digest,
		Key: s.key(entries), Total: len(entries), Shard: s.shard, LeftOut: s.options.leftOut,
	}
	var err error
	if run.Dir, err = os.Getwd(); err != nil {
		run.Dir = "" // removed meanwhile: nobody can come back to it
	}
	started, err := s.db.Start(run, store.Action{User: userName(), Args: s.options.args}, s.options.fresh)
	if err != nil {
		return err
	}
	s.run = started.Run
	graded := fmt.Sprintf("%d of %d submissions are graded", s.run.Submissions, handedIn(entries))
	switch {
	case started.Others > 0:
		fmt.Fprintf(s.err, "pocket-grade: run %d is under way in another process; helping with it (%s)\n", s.run.ID, graded)
	case started.Resumed:
		fmt.Fprintf(s.err, "pocket-grade: going on with run %d, which was interrupted (%s; --new begins another)\n", s.run.ID, graded)
	}
	return nil
}

// key is the same for the same submissions, graded against the same suite in the same way.
func (s *session) key(entries []entry) string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%s %q %s %d\n", s.digest, s.options.patterns, s.options.table, s.options.repeat)
	if s.shard.Of > 0 { // a shard of another class may have the same submissions, elsewhere in the whole
		fmt.Fprintf(sum, "shard %d/%d %s\n", s.shard.Number, s.shard.Of, s.shard.Class)
	}
	for _, e := range entries {
		fmt.Fprintf(sum, "%q %q %q\n", e.submission.Name, e.submission.Path, e.submission.Student)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// userName is who grades, for the audit trail.
func userName() string {
	if who, err := user.Current(); err == nil {
		return who.Username
	}
	return strconv.Itoa(os.Geteuid())
}

func (s *session) gradeAll(ctx context.Context, entries []entry) error {
	writer := s.db.NewWriter()
	defer writer.Close()
	cpus, release := runner.Processors(s.options.workers)
	defer release()
	batch := judge.Batch{
		Suite: s.suite, Runner: s.runner, Workspace: s.workspace, Pool: judge.NewPool(cpus), Repeat: s.options.repeat,
		Records: s.records(writer), Root: s.root,
		OnResult:  s.progress.results,
		OnWaiting: func(passed time.Duration) { s.waiting.look(passed, s.db.Action) },
		OnUnusable: func(name string, problem error) {
			s.progress.clear()
			fmt.Fprintf(s.err, "pocket-grade: %v%s\n", problem, affected(entries, name))
		},
		Show: func(_ int, r grader.Report) error {
			s.verdicts.add(r)
			return s.show(r)
		},
	}
	var all []judge.Entry
	guessed := map[string]bool{}
	for _, e := range entries {
		all = append(all, e.judged())
		if e.guess != nil && !guessed[e.guess.Name] {
			guessed[e.guess.Name] = true
			t := toolchain(*e.guess)
			batch.Expected = append(batch.Expected, &t)
		}
	}
	return batch.Grade(ctx, all)
}

// affected says how many submissions are in a language; "" for none, as with one that only a checker uses.
func affected(entries []entry, language string) string {
	n := 0
	for _, e := range entries {
		if e.submission.Language == language || e.guess != nil && e.guess.Name == language {
			n++
		}
	}
	switch {
	case n == 0 || len(entries) == 1:
		return ""
	case n == 1:
		return "; 1 submission will be JE"
	}
	return fmt.Sprintf("; %d submissions will be JE", n)
}

// records connects the judge with the store: the two packages do not know each other.
func (s *session) records(writer *store.Writer) judge.Records {
	find := s.db.Find
	if s.options.noCache {
		find = nil
	}
	return judge.Records{
		Claim: func(place int, sub grader.Submission, sources string) (judge.Claim, error) {
			c, err := writer.Claim(s.run.ID, store.Entry{Position: s.position(place), Suite: s.suite.Name, Submission: sub, Sources: sources})
			if err == nil && c.Standing == store.Ours && s.again != nil {
				c.Kept, err = s.again.keep(writer, c, place)
			}
			if err == nil && c.Standing == store.Taken {
				s.waiting.taken(c.By, sub.Name)
			}
			standing := map[store.Standing]judge.Standing{store.Ours: judge.Ours, store.Taken: judge.Taken, store.Done: judge.Graded}
			return judge.Claim{ID: c.ID, Standing: standing[c.Standing], Kept: c.Kept}, err
		},
		Find: find, Keep: writer.Keep, Finish: writer.Finish, Load: s.db.Report,
	}
}

// finish ends the run when all is graded, also when the last submission could not be shown.
func (s *session) finish(total int) error {
	now, err := s.db.Run(s.run.ID)
	if err != nil {
		return err
	}
	if s.run = now; s.run.Submissions+s.run.Missing == total {
		err = s.db.FinishRun(s.run.ID, time.Now())
	}
	return err
}

// arguments is the submissions' paths as they were typed: of a class, the one path that all are below.
func arguments(entries []entry) []string {
	var all []string
	for _, e := range entries {
		if e.given != "" {
			all = append(all, e.given)
		}
	}
	if len(entries) > 0 && entries[0].open != nil {
		return all[:1]
	}
	return all
}

// handedIn counts the entries that are submissions, and not students that are missing.
func handedIn(entries []entry) int {
	n := 0
	for _, e := range entries {
		if e.instead == nil || !e.instead.Missing {
			n++
		}
	}
	return n
}

// position is the place in the run of what is at a place among the entries.
func (s *session) position(place int) int {
	if s.again == nil {
		return s.options.shard.position(place)
	}
	return s.again.places[place]
}

func names(entries []entry) []string {
	var all []string
	for _, e := range entries {
		all = append(all, e.submission.Name)
	}
	return all
}
