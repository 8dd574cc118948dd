package store

import (
	"errors"
	"fmt"
	"time"

	"pocket/runtime/hint"
	"pocket/runtime/sqlite"
)

// ErrMoved says that a run is no longer as it was when a regrade of it was compared with it.
var ErrMoved = errors.New("somebody has regraded it meanwhile")

// ErrNothing says that a run has no regrade that is not undone.
var ErrNothing = errors.New("nothing to undo")

// Place is a graded submission's place in a run.
type Place struct {
	Position int
	Name     string
}

// Places returns the places of a run's graded submissions, in the order of Reports.
func (s *Store) Places(run int64) (list []Place, err error) {
	err = s.db.Read(func(tx *sqlite.Tx) error {
		return tx.Query(func(r *sqlite.Row) error {
			list = append(list, Place{r.Int(), r.Text()})
			return nil
		}, "SELECT position, name FROM submissions WHERE run = ? AND done ORDER BY position", run)
	})
	if err != nil {
		return nil, fmt.Errorf("read the submissions of run %d: %w", run, err)
	}
	return list, nil
}

// State returns a number that is another one after every regrade that is applied to a run or undone.
func (s *Store) State(run int64) (state int64, err error) {
	err = s.db.Read(func(tx *sqlite.Tx) (err error) {
		state, err = stateOf(tx, run)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("read the audit trail: %w", err)
	}
	return state, nil
}

func stateOf(tx *sqlite.Tx, run int64) (state int64, err error) {
	err = tx.Query(func(r *sqlite.Row) error { state = r.Int64(); return nil },
		"SELECT coalesce(max(id), 0) FROM audit WHERE run = ? AND action IN (?, ?)", run, Regraded, Undid)
	return state, err
}

// Discard removes a trial and all that was graded for it.
func (s *Store) Discard(trial int64) error {
	err := s.db.Write(func(tx *sqlite.Tx) error {
		_, err := tx.Exec("DELETE FROM runs WHERE id = ? AND trial_of IS NOT NULL", trial)
		return err
	})
	if err != nil {
		return fmt.Errorf("remove the regrade of a run: %w", err)
	}
	return nil
}

// Apply makes what was graded for a trial the results of its run, but for the submissions at the positions
// that are to be left as they are. What they replace is kept for Undo. state is what State returned when the
// two were compared: where it no longer holds, ErrMoved. by says who does it, and its Changes what it changes.
func (s *Store) Apply(trial, state int64, leave []int, by Action) error {
	err := s.db.Write(func(tx *sqlite.Tx) error {
		run := int64(0)
		err := tx.Query(func(r *sqlite.Row) error { run = r.Int64(); return nil }, "SELECT trial_of FROM runs WHERE id = ? AND trial_of IS NOT NULL", trial)
		if err == nil && run == 0 {
			err = ErrNotFound
		}
		if err != nil {
			return err
		}
		if now, err := stateOf(tx, run); err != nil || now != state {
			return errors.Join(err, ErrMoved)
		}
		for _, position := range leave {
			if _, err := tx.Exec("DELETE FROM submissions WHERE run = ? AND position = ?", trial, position); err != nil {
				return err
			}
		}
		if err := swap(tx, run, trial); err != nil {
			return err
		}
		by.Name, by.Run, by.Trial = Regraded, run, trial
		_, err = audit(tx, by)
		return err
	})
	if err != nil {
		return fmt.Errorf("apply the regrade: %w", err)
	}
	return nil
}

// swap exchanges the graded submissions of a trial with those at the same positions of its run, and ends the
// trial, so that nobody goes on with it. No two submissions of a run may have one position at any moment.
func swap(tx *sqlite.Tx, run, trial int64) error {
	steps := []string{
		"DELETE FROM submissions WHERE run = ?2 AND (NOT done OR position NOT IN (SELECT position FROM submissions WHERE run = ?1 AND done))",
		"UPDATE submissions SET position = -1 - position WHERE run = ?2 AND ?1 > 0",
		"UPDATE submissions SET run = ?2 WHERE run = ?1 AND -1 - position IN (SELECT position FROM submissions WHERE run = ?2)",
		"UPDATE submissions SET run = ?1, position = -1 - position WHERE run = ?2 AND position < 0",
		"UPDATE runs SET finished = coalesce(finished, started), key = '' WHERE id = ?2 AND ?1 > 0",
	}
	for _, step := range steps {
		if _, err := tx.Exec(step, run, trial); err != nil {
			return err
		}
	}
	return swapDigests(tx, run, trial)
}

// swapDigests exchanges what the suite was, where the whole run was exchanged.
func swapDigests(tx *sqlite.Tx, run, trial int64) error {
	var digests [2]string
	whole := false
	err := tx.Query(func(r *sqlite.Row) error { digests, whole = [2]string{r.Text(), r.Text()}, r.Bool(); return nil },
		`SELECT (SELECT suite_digest FROM runs WHERE id = ?1), (SELECT suite_digest FROM runs WHERE id = ?2),
			(SELECT count(*) FROM submissions WHERE run = ?1) = (SELECT count(*) FROM submissions WHERE run = ?2)`, run, trial)
	if err != nil || !whole {
		return err
	}
	for i, id := range []int64{trial, run} {
		if _, err := tx.Exec("UPDATE runs SET suite_digest = ? WHERE id = ?", digests[i], id); err != nil {
			return err
		}
	}
	return nil
}

// LastRegrade returns the regrade of a run that Undo would undo. The error wraps ErrNothing when there is none.
func (s *Store) LastRegrade(run int64) (Action, error) {
	all, err := s.Audit(run)
	for i := len(all) - 1; i >= 0 && err == nil; i-- {
		if all[i].Name == Regraded && all[i].Undone == 0 {
			return all[i], nil
		}
	}
	if err == nil {
		err = nothingToUndo(run, all)
	}
	return Action{}, err
}

// nothingToUndo says why: there never was a regrade, or who undid the last that was left.
func nothingToUndo(run int64, all []Action) error {
	err := fmt.Errorf("%w: run %d was never regraded", ErrNothing, run)
	for _, a := range all {
		if a.Name == Undid {
			err = fmt.Errorf("%w: the regrade of run %d, action %d, was undone by %s on %s, action %d",
				ErrNothing, run, a.Undoes, a.User, a.At.Local().Format(time.DateTime), a.ID)
		}
	}
	return hint.With(err, "see pocket-grade audit %d", run)
}

// Undo puts back what a regrade that LastRegrade returned has replaced. Who undoes it is by, with the changes
// of that. Where another one was applied or undone meanwhile, ErrMoved.
func (s *Store) Undo(last Action, by Action) error {
	err := s.db.Write(func(tx *sqlite.Tx) error {
		newest := int64(0)
		err := tx.Query(func(r *sqlite.Row) error { newest = r.Int64(); return nil },
			`SELECT coalesce(max(id), 0) FROM audit WHERE run = ? AND action = ? AND id NOT IN (SELECT undoes FROM audit)`, last.Run, Regraded)
		if err == nil && newest != last.ID {
			err = ErrMoved
		}
		if err != nil {
			return err
		}
		if err := swap(tx, last.Run, last.Trial); err != nil {
			return err
		}
		by.Name, by.Run, by.Trial, by.Undoes = Undid, last.Run, last.Trial, last.ID
		_, err = audit(tx, by)
		return err
	})
	if err != nil {
		return fmt.Errorf("undo the regrade of run %d: %w", last.Run, err)
	}
	return nil
}
