package state

import (
	"errors"
	"os"
	"path/filepath"

	"pocket/runtime/sqlite"
)

// SweepLocks removes the locks of containers of which there is no record: a command that was killed before it had
// recorded what it was making leaves one.
func (db *DB) SweepLocks() error {
	entries, err := os.ReadDir(filepath.Join(db.dir, "locks"))
	if err != nil {
		return err
	}
	known, err := db.ids("")
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if known[entry.Name()] {
			continue
		}
		lock, err := lockOnce(db.dir, entry.Name())
		if errors.Is(err, ErrLocked) { // it is being made
			continue
		}
		if err != nil {
			return err
		}
		now, err := db.ids("WHERE id = ?", entry.Name()) // it may have been recorded before we had the lock
		if err != nil || len(now) > 0 {
			return errors.Join(err, lock.Release())
		}
		if err := lock.Discard(); err != nil {
			return err
		}
	}
	return nil
}

// ids are the containers' that where, the end of a SELECT, leaves.
func (db *DB) ids(where string, args ...any) (map[string]bool, error) {
	all := map[string]bool{}
	err := db.db.Read(func(tx *sqlite.Tx) error {
		return tx.Query(func(r *sqlite.Row) error { all[r.Text()] = true; return nil }, "SELECT id FROM containers "+where, args...)
	})
	return all, err
}
