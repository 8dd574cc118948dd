package store

import (
	"errors"
	"fmt"
	"time"

	"pocket/runtime/sqlite"
)

// Removal is what RemoveRuns did.
type Removal struct {
	Runs  []int64 // that were removed
	Kept  []int64 // that are as old, and are being graded or regraded
	Freed int64   // bytes of the file
}

// RemoveRuns removes the runs that began before a time, with all their results and what regrades replaced or came
// to. The file keeps its size: what is free in it is used again, or given back by Compact. A run that a living
// process grades or regrades stays. The audit trail keeps what was done, and that they were removed: by names who did
// that.
func (s *Store) RemoveRuns(before time.Time, by Action) (done Removal, err error) {
	err = s.db.Write(func(tx *sqlite.Tx) error {
		var old []int64
		err := tx.Query(func(r *sqlite.Row) error { old = append(old, r.Int64()); return nil },
			"SELECT id FROM runs WHERE started < ? AND trial_of IS NULL ORDER BY id", before)
		if err != nil || len(old) == 0 {
			return err
		}
		free, err := freeBytes(tx)
		if err != nil {
			return err
		}
		if done, err = s.removeIdle(tx, old, by); err != nil {
			return err
		}
		now, err := freeBytes(tx)
		done.Freed = max(now-free, 0)
		return err
	})
	if err != nil {
		return Removal{}, fmt.Errorf("remove old runs: %w", err)
	}
	return done, nil
}

// Compact gives back to the file system what is free in the file, if nobody keeps writing into it; see sqlite.DB.
func (s *Store) Compact() error { return s.db.Compact() }

// freeBytes is how much of the file holds nothing.
func freeBytes(tx *sqlite.Tx) (bytes int64, err error) {
	err = tx.Query(func(r *sqlite.Row) error { bytes = r.Int64() * r.Int64(); return nil },
		"SELECT freelist_count, page_size FROM pragma_freelist_count, pragma_page_size")
	return bytes, err
}

func (s *Store) removeIdle(tx *sqlite.Tx, runs []int64, by Action) (done Removal, err error) {
	// Only who has the file open can ask whose locks are held on it.
	watch, err := enter(s.Path()+"-graders", 0)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, watch.leave()) }()
	for _, run := range runs {
		busy := false
		err := tx.Query(func(r *sqlite.Row) error { busy = busy || watch.alive(r.Int64()); return nil },
			`SELECT id FROM audit WHERE action IN (?2, ?3)
				AND (run = ?1 OR run IN (SELECT id FROM runs WHERE trial_of = ?1))`, run, Began, Continued)
		if err != nil {
			return done, err
		}
		if busy {
			done.Kept = append(done.Kept, run)
			continue
		}
		if _, err := tx.Exec("DELETE FROM runs WHERE id = ?", run); err != nil {
			return done, err
		}
		note := by
		note.Name, note.Run = Removed, run
		if _, err := audit(tx, note); err != nil {
			return done, err
		}
		done.Runs = append(done.Runs, run)
	}
	_, err = tx.Exec("DELETE FROM givens WHERE id NOT IN (SELECT given FROM results WHERE given IS NOT NULL)")
	return done, err
}
