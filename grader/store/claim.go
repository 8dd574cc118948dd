package store

import (
	"fmt"

	"pocket/grader"
	"pocket/runtime/sqlite"
)

// Entry is a submission of a run that is to be graded.
type Entry struct {
	Position   int // its place in the run, from 0
	Suite      string
	Submission grader.Submission
	Sources    string // the SHA-256 of its sources
}

// Standing says how far a submission is.
type Standing int

// The standings.
const (
	Ours  Standing = iota // this process grades it, and no other does
	Taken                 // another process that is alive grades it
	Done                  // it is graded
)

// Claim is what came of asking for a submission.
type Claim struct {
	ID       int64 // the submission's; 0 where it is Taken
	Standing Standing
	By       int64                 // Taken: the number of the other grader, an Action's
	Kept     map[int]grader.Result // Ours: what an earlier grader that was interrupted recorded, by ordinal
}

// Claim asks for a submission of the run that Start began. What was recorded of other sources than those of
// the entry is forgotten: the submission has changed since.
func (w *Writer) Claim(run int64, e Entry) (Claim, error) {
	var c Claim
	err := w.wait(func(tx *sqlite.Tx) (err error) {
		c, err = w.store.claim(tx, run, e)
		return err
	})
	if err != nil {
		return Claim{}, fmt.Errorf("record that %s is being graded: %w", e.Submission.Name, err)
	}
	return c, nil
}

func (s *Store) claim(tx *sqlite.Tx, run int64, e Entry) (Claim, error) {
	var c Claim
	var claim int64
	var same, done bool
	err := tx.Query(func(r *sqlite.Row) error {
		c.ID, claim, same, done = r.Int64(), r.Int64(), r.Text() == e.Sources, r.Bool()
		return nil
	}, "SELECT id, claim, sources, done FROM submissions WHERE run = ? AND position = ?", run, e.Position)
	switch {
	case err != nil:
		return c, err
	case c.ID == 0:
		c.ID, err = s.insert(tx, run, e)
		return c, err
	case done && same:
		c.Standing = Done
		return c, nil
	case !done && claim != s.grader && s.presence.alive(claim):
		return Claim{Standing: Taken, By: claim}, nil
	}
	return c, s.takeOver(tx, &c, e, same)
}

func (s *Store) insert(tx *sqlite.Tx, run int64, e Entry) (id int64, err error) {
	sub := e.Submission
	err = tx.Query(func(r *sqlite.Row) error { id = r.Int64(); return nil },
		`INSERT INTO submissions (run, position, claim, done, name, path, suite, language, sources, verdict, detail, points, score,
			student_id, student_name, student_email, student_section) VALUES (?, ?, ?, 0, ?, ?, ?, ?, ?, '', '', 0, 0, ?, ?, ?, ?) RETURNING id`,
		run, e.Position, s.grader, sub.Name, sub.Path, e.Suite, sub.Language, e.Sources,
		sub.Student.ID, sub.Student.Name, sub.Student.Email, sub.Student.Section)
	return id, err
}

// takeOver goes on with what another grader left, or begins anew when the sources are no longer the same.
func (s *Store) takeOver(tx *sqlite.Tx, c *Claim, e Entry, same bool) error {
	sub := e.Submission
	_, err := tx.Exec(`UPDATE submissions SET claim = ?, done = 0, name = ?, path = ?, suite = ?, language = ?, sources = ?,
		student_id = ?, student_name = ?, student_email = ?, student_section = ? WHERE id = ?`, s.grader, sub.Name, sub.Path, e.Suite, sub.Language,
		e.Sources, sub.Student.ID, sub.Student.Name, sub.Student.Email, sub.Student.Section, c.ID)
	if err != nil {
		return err
	}
	if !same {
		_, err := tx.Exec("DELETE FROM results WHERE submission = ?", c.ID)
		return err
	}
	c.Kept = map[int]grader.Result{}
	return eachResult(tx, "WHERE submission = ?", func(ordinal int, _ string, r grader.Result) error {
		c.Kept[ordinal] = r
		return nil
	}, c.ID)
}

// Find returns results that were recorded with these contents, by content, of several the latest. Those that are not known are
// left out.
func (s *Store) Find(contents []string) (map[string]grader.Result, error) {
	found := map[string]grader.Result{}
	err := s.db.Read(func(tx *sqlite.Tx) error {
		for _, content := range contents {
			err := eachResult(tx, "WHERE content = ? AND content <> '' ORDER BY results.id DESC LIMIT 1", func(_ int, content string, r grader.Result) error {
				found[content] = r
				return nil
			}, content)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for earlier verdicts: %w", err)
	}
	return found, nil
}
