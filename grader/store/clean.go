package store

import (
	"errors"
	"fmt"
	"time"

	"pocket/runtime/sqlite"
)

// RemoveRuns removes the runs that began before a time, with all their results, and returns their numbers and how
// many bytes of the file they took. The file keeps its size: what is free in it is used again. A run that a living
// process is grading stays. The audit trail keeps what was done, and that they were removed: by names who did that.
func (s *Store) RemoveRuns(before time.Time, by Action) (removed []int64, freed int64, err error) {
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
		if removed, err = s.removeIdle(tx, old, by); err != nil {
			return err
		}
		freed, err = freeBytes(tx)
		freed = max(freed-free, 0)
		return err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("remove old runs: %w", err)
	}
	return removed, freed, nil
}

// freeBytes is how much of the file holds nothing.
func freeBytes(tx *sqlite.Tx) (bytes int64, err error) {
	err = tx.Query(func(r *sqlite.Row) error { bytes = r.Int64() * r.Int64(); return nil },
		"SELECT freelist_count, page_size FROM pragma_freelist_count, pragma_page_size")
	return bytes, err
}

func (s *Store) removeIdle(tx *sqlite.Tx, runs []int64, by Action) (removed []int64, err error) {
	// Only who has the file open can ask whose locks are held on it.
	watch, err := enter(s.Path()+"-graders", 0)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, watch.leave()) }()
	for _, run := range runs {
		busy := false
		err := tx.Query(func(r *sqlite.Row) error { busy = busy || watch.alive(r.Int64()); return nil },
			"SELECT id FROM audit WHERE run = ? AND action IN (?, ?)", run, Began, Continued)
		if err != nil {
			return nil, err
		}
		if busy {
			continue
		}
		if _, err := tx.Exec("DELETE FROM runs WHERE id = ?", run); err != nil {
			return nil, err
		}
		note := by
		note.Name, note.Run = Removed, run
		if _, err := audit(tx, note); err != nil {
			return nil, err
		}
		removed = append(removed, run)
	}
	return removed, nil
}
