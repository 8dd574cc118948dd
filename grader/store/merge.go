package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"pocket/grader"
	"pocket/runtime/sqlite"
)

// Part is a shard's run in a store of its own.
type Part struct {
	Path  string // of the store
	Run   Run
	Print string // as Print returned it
}

// Print names a run with the state that its results are in: it is another one for every other run, and after
// every regrade of it that is applied or undone. In a copy of the store it is the same.
func (s *Store) Print(run int64) (print string, err error) {
	err = s.db.Read(func(tx *sqlite.Tx) (err error) {
		print, err = printOf(tx, run)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("read run %d: %w", run, err)
	}
	return print, nil
}

func printOf(tx *sqlite.Tx, run int64) (string, error) {
	sum := sha256.New()
	err := tx.Query(func(r *sqlite.Row) error {
		fmt.Fprintf(sum, "%d/%d %q %q %q %d %d %d\n", r.Int(), r.Int(), r.Text(), r.Text(), r.Text(), r.Int64(), r.Int64(), r.Int64())
		return nil
	}, `SELECT shard, shards, suite_digest, class, manner, started, coalesce(finished, 0),
		(SELECT count(*) FROM submissions WHERE run = runs.id AND done) FROM runs WHERE id = ?`, run)
	if err != nil {
		return "", err
	}
	err = tx.Query(func(r *sqlite.Row) error {
		fmt.Fprintf(sum, "%q %d %q %d\n", r.Text(), r.Int64(), r.Text(), r.Int())
		return nil
	}, "SELECT action, at, host, pid FROM audit WHERE run = ? AND action IN (?, ?, ?) ORDER BY id", run, Began, Regraded, Undid)
	return hex.EncodeToString(sum.Sum(nil)), err
}

// ErrChanged says that a shard's run is no longer as it was when it was looked at.
var ErrChanged = errors.New("it has changed meanwhile")

// Merge makes one run of the runs of all shards, given in the order of their numbers, with everything that is
// recorded of them, and returns its number. Where that was done before it returns the run of then, and nothing
// is changed: merged is false. Nothing happened either after an error, as when ctx was cancelled. by says who does
// it; who began the shards' runs is taken over. copied is called after each submission.
func (s *Store) Merge(ctx context.Context, parts []Part, by Action, copied func()) (run int64, merged bool, err error) {
	sum := sha256.New()
	for _, p := range parts {
		fmt.Fprintln(sum, p.Print)
	}
	print := hex.EncodeToString(sum.Sum(nil))
	err = s.db.Write(func(tx *sqlite.Tx) error {
		err := tx.Query(func(r *sqlite.Row) error { run = r.Int64(); return nil }, "SELECT id FROM runs WHERE merged = ?", print)
		if err != nil || run != 0 {
			return err
		}
		if run, err = insertMerged(tx, parts, print); err != nil {
			return err
		}
		for _, p := range parts {
			if err := s.take(ctx, tx, run, p, copied); err != nil {
				return fmt.Errorf("%s: %w", p.Path, err)
			}
		}
		merged = true
		by.Name, by.Run = Merged, run
		_, err = audit(tx, by)
		return err
	})
	if err != nil {
		return 0, false, fmt.Errorf("merge into %s: %w", s.Path(), err)
	}
	return run, merged, nil
}

// insertMerged records the whole: it began with the first shard and ended with the last.
func insertMerged(tx *sqlite.Tx, parts []Part, print string) (int64, error) {
	whole := parts[0].Run
	whole.Shard, whole.Key, whole.Total, whole.TrialOf = Shard{}, "", 0, 0
	for _, p := range parts {
		whole.Total += p.Run.Total
		if p.Run.Started.Before(whole.Started) {
			whole.Started = p.Run.Started
		}
		if p.Run.Finished.After(whole.Finished) {
			whole.Finished = p.Run.Finished
		}
	}
	id, err := insertRun(tx, whole)
	if err != nil {
		return 0, err
	}
	_, err = tx.Exec("UPDATE runs SET finished = ?, merged = ? WHERE id = ?", whole.Finished, print, id)
	return id, err
}

// take copies a shard's run, as it is in one state of its store.
func (s *Store) take(ctx context.Context, tx *sqlite.Tx, run int64, p Part, copied func()) (err error) {
	from, err := OpenToRead(p.Path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	return from.db.Read(func(source *sqlite.Tx) error {
		if print, err := printOf(source, p.Run.ID); err != nil || print != p.Print {
			return errors.Join(err, ErrChanged)
		}
		err := source.Query(func(r *sqlite.Row) error {
			id, e := r.Int64(), Entry{Position: r.Int(), Sources: r.Text()}
			if err := ctx.Err(); err != nil {
				return err
			}
			copied()
			return s.takeSubmission(tx, source, run, id, e)
		}, "SELECT id, position, sources FROM submissions WHERE run = ? AND done ORDER BY position", p.Run.ID)
		if err != nil {
			return err
		}
		return takeAudit(tx, source, run, p.Run.ID)
	})
}

func (s *Store) takeSubmission(tx, source *sqlite.Tx, run, id int64, e Entry) error {
	return eachReport(source, "WHERE id = ?", func(r grader.Report) error {
		e.Suite = r.Suite
		e.Submission = grader.Submission{Name: r.Submission, Path: r.Path, Language: r.Language, Student: r.Student}
		copy, err := s.insert(tx, run, e)
		if err != nil {
			return err
		}
		err = eachResult(source, "WHERE submission = ?", func(ordinal int, content string, one grader.Result) error {
			return recordResult(tx, copy, ordinal, one, content)
		}, id)
		if err != nil {
			return err
		}
		return finish(tx, copy, r)
	}, id)
}

// takeAudit copies who began a run; what was done to it since is told where it was done.
func takeAudit(tx, source *sqlite.Tx, run, from int64) error {
	return source.Query(func(r *sqlite.Row) error {
		a := Action{At: r.Time(), User: r.Text(), Host: r.Text(), PID: r.Int(), Args: r.Strings(), Name: Began, Run: run}
		_, err := audit(tx, a)
		return err
	}, "SELECT at, user, host, pid, args FROM audit WHERE run = ? AND action = ? ORDER BY id", from, Began)
}
