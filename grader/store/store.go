// Package store keeps runs and verdicts in SQLite.
package store

import (
	"errors"
	"fmt"
	"time"

	"pocket/grader"
	"pocket/runtime/hint"
	"pocket/runtime/sqlite"
)

// ErrNotFound says that there is no such run.
var ErrNotFound = errors.New("not found")

// Store is an open store. It is safe for concurrent use, by many processes at once. Each method is one
// transaction: when it returns nil, its changes are durable, and else nothing happened.
type Store struct {
	db       *sqlite.DB
	presence *presence // set while this process grades into it
	grader   int64     // its number then
}

// Run is one invocation over one or many submissions.
type Run struct {
	ID          int64            `json:"id"` // from 1 upwards, in order of beginning; never given twice
	Suite       string           `json:"suite"`
	SuitePath   string           `json:"suite_path"`
	Args        []string         `json:"args"` // the command's arguments
	Started     time.Time        `json:"started"`
	Finished    time.Time        `json:"finished,omitzero"` // zero while it is under way, or when it was interrupted
	Graders     int              `json:"graders,omitempty"` // processes of this machine that are grading it now, as far as can be told
	Submissions int              `json:"submissions"`       // graded so far, of what was handed in
	Missing     int              `json:"missing,omitempty"` // students of the roster of whom it is recorded that nothing was handed in
	Accepted    int              `json:"accepted"`          // of these, with verdict AC
	Total       int              `json:"total,omitempty"`   // submissions to be graded and students that are missing; 0: not known
	SuiteDigest string           `json:"suite_digest,omitempty"`
	LeftOut     []grader.LeftOut `json:"left_out,omitempty"` // what lay among the submissions and was not taken for one
	Dir         string           `json:"-"`                  // where the command was given; "" when it is not known
	TrialOf     int64            `json:"-"`                  // not 0: a regrade of that run, which no list shows
	Shard       Shard            `json:"shard,omitzero"`
	Key         string           `json:"-"` // says what makes an interrupted run the same; "": it is never gone on with
}

// Shard says which part of a class's submissions a run has; zero: all of them.
type Shard struct {
	Number int    `json:"number"` // from 1 to Of
	Of     int    `json:"of"`
	Class  string `json:"-"` // the same for the same submissions of the same students
	Manner string `json:"-"` // the same when they are graded in the same way
}

// Open opens the store in the file at path, creating it where there is none. A file that a newer pocket
// wrote is refused with sqlite.ErrNewer.
func Open(path string) (*Store, error) {
	db, err := sqlite.Open(path, migrations)
	if err != nil {
		return nil, err
	}
	return &Store{db: db}, nil
}

// OpenToRead is Open for those who only read: also a store that cannot be written, for want of a right or of
// space, is opened, as it is.
func OpenToRead(path string) (*Store, error) {
	db, err := sqlite.OpenToRead(path, migrations)
	if err != nil {
		return nil, err
	}
	return &Store{db: db}, nil
}

// Close closes the store. Submissions that are claimed and not finished are free for others from then on.
func (s *Store) Close() error { return errors.Join(s.presence.leave(), s.db.Close()) }

// Path is the store's file, absolute.
func (s *Store) Path() string { return s.db.Path() }

// OnWait calls tell, from another goroutine, whenever a change has waited for other processes for more than a second.
// It must be set before the store is used by several goroutines.
func (s *Store) OnWait(tell func()) { s.db.OnWait(tell) }

// Check reads the whole store and reports damage, in time proportional to its size.
func (s *Store) Check() error { return s.db.QuickCheck() }

// Begin records that a run begins and returns its id. Started, where zero, is now; ID, Finished and the
// counts of r are ignored.
func (s *Store) Begin(r Run) (int64, error) {
	if r.Started.IsZero() {
		r.Started = time.Now()
	}
	err := s.db.Write(func(tx *sqlite.Tx) (err error) {
		r.ID, err = insertRun(tx, r)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("record the run: %w", err)
	}
	return r.ID, nil
}

func insertRun(tx *sqlite.Tx, r Run) (id int64, err error) {
	if r.TrialOf != 0 {
		there := false
		err := tx.Query(func(row *sqlite.Row) error { there = row.Bool(); return nil }, "SELECT EXISTS (SELECT 1 FROM runs WHERE id = ?)", r.TrialOf)
		if err == nil && !there {
			err = fmt.Errorf("run %d was removed meanwhile: %w", r.TrialOf, ErrNotFound)
		}
		if err != nil {
			return 0, err
		}
	}
	leftOut, err := list(r.LeftOut)
	if err != nil {
		return 0, err
	}
	err = tx.Query(func(row *sqlite.Row) error { id = row.Int64(); return nil },
		`INSERT INTO runs (suite, suite_path, args, started, key, suite_digest, total, dir, trial_of, shard, shards, class, manner, left_out)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, nullif(?, 0), ?, ?, ?, ?, ?) RETURNING id`,
		r.Suite, r.SuitePath, r.Args, r.Started, r.Key, r.SuiteDigest, r.Total, r.Dir, r.TrialOf,
		r.Shard.Number, r.Shard.Of, r.Shard.Class, r.Shard.Manner, leftOut)
	return id, err
}

// FinishRun records that the run ended at the given time with nothing left to do. A run that is never
// finished keeps the submissions that were recorded. Of several processes that end one run, the first counts.
func (s *Store) FinishRun(id int64, at time.Time) error {
	err := s.db.Write(func(tx *sqlite.Tx) error {
		n, err := tx.Exec("UPDATE runs SET finished = coalesce(finished, ?) WHERE id = ?", at, id)
		if err == nil && n == 0 {
			err = ErrNotFound
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("record the end of run %d: %w", id, err)
	}
	return nil
}

// Runs returns all runs, the latest first.
func (s *Store) Runs() ([]Run, error) {
	list, err := s.runs("WHERE trial_of IS NULL")
	if err == nil {
		err = s.countGraders(list)
	}
	if err != nil {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	return list, nil
}

// Run returns the run with this id. The error wraps ErrNotFound when there is none.
func (s *Store) Run(id int64) (Run, error) {
	list, err := s.runs("WHERE id = ?", id)
	if err == nil && len(list) == 0 {
		err = hint.With(ErrNotFound, "list the runs with: pocket-grade results")
	}
	if err != nil {
		return Run{}, fmt.Errorf("run %d: %w", id, err)
	}
	return list[0], nil
}

// Latest returns the run that began last. The error wraps ErrNotFound when there is none.
func (s *Store) Latest() (Run, error) {
	list, err := s.runs("WHERE id = (SELECT max(id) FROM runs WHERE trial_of IS NULL)")
	if err == nil && len(list) == 0 {
		err = hint.With(ErrNotFound, "grade something first: pocket-grade run SUITE SUBMISSION")
	}
	if err != nil {
		return Run{}, fmt.Errorf("latest run in %s: %w", s.Path(), err)
	}
	return list[0], nil
}

func (s *Store) runs(where string, args ...any) ([]Run, error) {
	var list []Run
	err := s.db.Read(func(tx *sqlite.Tx) error {
		return tx.Query(func(r *sqlite.Row) error {
			one := Run{
				ID: r.Int64(), Suite: r.Text(), SuitePath: r.Text(), Args: r.Strings(), Started: r.Time(), Finished: r.Time(),
				Submissions: r.Int(), Missing: r.Int(), Accepted: r.Int(), Total: r.Int(), SuiteDigest: r.Text(), Key: r.Text(),
				Dir: r.Text(), TrialOf: r.Int64(), Shard: Shard{Number: r.Int(), Of: r.Int(), Class: r.Text(), Manner: r.Text()},
			}
			err := unlist(r.Text(), &one.LeftOut)
			list = append(list, one)
			return err
		}, `SELECT id, suite, suite_path, args, started, finished,
			(SELECT count(*) FROM submissions WHERE run = runs.id AND done AND NOT missing),
			(SELECT count(*) FROM submissions WHERE run = runs.id AND done AND missing),
			(SELECT count(*) FROM submissions WHERE run = runs.id AND done AND verdict = 'AC'),
			total, suite_digest, key, dir, coalesce(trial_of, 0), shard, shards, class, manner, left_out
			FROM runs `+where+" ORDER BY id DESC", args...)
	})
	return list, err
}
