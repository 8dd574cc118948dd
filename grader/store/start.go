package store

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"pocket/runtime/sqlite"
)

// Action is a line of the audit trail: who did what to a run, and when.
type Action struct {
	ID   int64     `json:"id"` // from 1 upwards, never given twice
	At   time.Time `json:"at"` // zero when given: now
	User string    `json:"user"`
	Host string    `json:"host"`
	PID  int       `json:"pid"`
	Name string    `json:"action"` // "run", "continue", …
	Run  int64     `json:"run"`
	Args []string  `json:"args"` // of the command

	Trial   int64           `json:"-"`                 // of a regrade: the run that keeps what it replaced
	Undoes  int64           `json:"undoes,omitempty"`  // the action that this one undid
	Undone  int64           `json:"undone,omitempty"`  // the action that undid this one; ignored when given
	Changes json.RawMessage `json:"changes,omitempty"` // the verdicts and scores that it changed
}

// The actions of a grader.
const (
	Began     = "run"
	Continued = "continue"
	Removed   = "remove"
	Regraded  = "regrade"
	Undid     = "undo"
	Merged    = "merge"
)

// Started is a run that this process grades.
type Started struct {
	Run     Run
	Resumed bool // somebody began it earlier
	Others  int  // other processes that are grading it now
}

// Start begins a run and enters this process as one of its graders. A run with the same Key that was never
// finished is gone on with instead, unless fresh. by names who does it; its ID, Name and Run are filled in.
// A store can be used for one run in this way.
func (s *Store) Start(r Run, by Action, fresh bool) (Started, error) {
	if r.Started.IsZero() {
		r.Started = time.Now()
	}
	var started Started
	err := s.db.Write(func(tx *sqlite.Tx) (err error) {
		started, by, err = s.start(tx, r, by, fresh)
		return err
	})
	if err == nil {
		started.Run, err = s.Run(started.Run.ID)
	}
	if err != nil {
		return Started{}, fmt.Errorf("record the run: %w", err)
	}
	return started, nil
}

// start enters the presence within the transaction: whoever sees the number sees that it is alive.
func (s *Store) start(tx *sqlite.Tx, r Run, by Action, fresh bool) (started Started, _ Action, err error) {
	if r.Key != "" && !fresh {
		err = tx.Query(func(row *sqlite.Row) error { started.Run.ID = row.Int64(); return nil },
			"SELECT id FROM runs WHERE key = ? AND finished IS NULL ORDER BY id", r.Key)
	}
	if err != nil {
		return started, by, err
	}
	by.Name = Began
	if started.Resumed = started.Run.ID != 0; started.Resumed {
		by.Name = Continued
	} else if started.Run.ID, err = insertRun(tx, r); err != nil {
		return started, by, err
	}
	by.Run = started.Run.ID
	if by.ID, err = audit(tx, by); err != nil {
		return started, by, err
	}
	if s.presence, err = enter(s.presencePath(), by.ID); err != nil {
		return started, by, err
	}
	s.grader = by.ID
	started.Others, err = s.others(tx, s.presence, started.Run.ID)
	return started, by, err
}

// presencePath is the file in which graders show that they are alive.
func (s *Store) presencePath() string { return s.Path() + "-graders" }

// countGraders says of each run that is not finished how many are grading it.
func (s *Store) countGraders(runs []Run) error {
	p := look(s.presencePath())
	if p == nil {
		return nil
	}
	defer p.file.Close()
	return s.db.Read(func(tx *sqlite.Tx) (err error) {
		for i, r := range runs {
			if err == nil && r.Finished.IsZero() {
				runs[i].Graders, err = s.others(tx, p, r.ID)
			}
		}
		return err
	})
}

// others counts the graders of a run that are alive, but for this process.
func (s *Store) others(tx *sqlite.Tx, p *presence, run int64) (n int, err error) {
	err = tx.Query(func(row *sqlite.Row) error {
		if id := row.Int64(); id != s.grader && p.alive(id) {
			n++
		}
		return nil
	}, "SELECT id FROM audit WHERE run = ? AND action IN (?, ?)", run, Began, Continued)
	return n, err
}

// Note adds a line to the audit trail and returns its number.
func (s *Store) Note(a Action) (id int64, err error) {
	err = s.db.Write(func(tx *sqlite.Tx) (err error) {
		id, err = audit(tx, a)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("record who did what: %w", err)
	}
	return id, nil
}

func audit(tx *sqlite.Tx, a Action) (id int64, err error) {
	if a.At.IsZero() {
		a.At = time.Now()
	}
	if a.Host == "" {
		a.Host, _ = os.Hostname() // without a name it is empty
	}
	if a.PID == 0 {
		a.PID = os.Getpid()
	}
	err = tx.Query(func(row *sqlite.Row) error { id = row.Int64(); return nil },
		`INSERT INTO audit (at, user, host, pid, action, run, args, trial, undoes, changes)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
		a.At, a.User, a.Host, a.PID, a.Name, a.Run, a.Args, a.Trial, a.Undoes, string(a.Changes))
	return id, err
}

// Audit returns the audit trail of one run, or with 0 of all, the oldest first.
func (s *Store) Audit(run int64) ([]Action, error) {
	list, err := s.actions("WHERE ?1 = 0 OR run = ?1 ORDER BY id", run)
	if err != nil {
		return nil, fmt.Errorf("read the audit trail: %w", err)
	}
	return list, nil
}

// Action returns the line of the audit trail with this number. The error wraps ErrNotFound when there is none.
func (s *Store) Action(id int64) (Action, error) {
	list, err := s.actions("WHERE id = ?", id)
	if err == nil && len(list) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Action{}, fmt.Errorf("action %d: %w", id, err)
	}
	return list[0], nil
}

func (s *Store) actions(where string, args ...any) ([]Action, error) {
	var list []Action
	err := s.db.Read(func(tx *sqlite.Tx) error {
		return tx.Query(func(r *sqlite.Row) error {
			a := Action{ID: r.Int64(), At: r.Time(), User: r.Text(), Host: r.Text(), PID: r.Int(), Name: r.Text(), Run: r.Int64(),
				Args: r.Strings(), Trial: r.Int64(), Undoes: r.Int64(), Undone: r.Int64()}
			if text := r.Text(); text != "" {
				a.Changes = json.RawMessage(text)
			}
			list = append(list, a)
			return nil
		}, `SELECT id, at, user, host, pid, action, run, args, trial, undoes,
			coalesce((SELECT u.id FROM audit AS u WHERE u.undoes = audit.id), 0), changes
			FROM audit `+where, args...)
	})
	return list, err
}
