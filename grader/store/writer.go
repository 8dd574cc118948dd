package store

import (
	"errors"
	"fmt"

	"pocket/grader"
	"pocket/runtime/sqlite"
)

// Writer records what is being graded, from many goroutines at once: whatever is waiting goes into one
// transaction, because a transaction's price is the wait for the disk.
type Writer struct {
	store   *Store
	pending chan change
	ended   chan struct{}
}

// change is one recording; done is told once it is on disk, or why it is not.
type change struct {
	do   func(*sqlite.Tx) error
	done func(error)
}

// most is how many changes wait or share a transaction: each can hold tens of KiB of text.
const most = 64

// NewWriter starts a writer. Close ends it.
func (s *Store) NewWriter() *Writer {
	w := &Writer{store: s, pending: make(chan change, most), ended: make(chan struct{})}
	go w.write()
	return w
}

// Close ends the writer once everything that was given to it is told to be recorded or not. Nothing may be
// given to it afterwards.
func (w *Writer) Close() {
	close(w.pending)
	<-w.ended
}

func (w *Writer) write() {
	defer close(w.ended)
	for first := range w.pending {
		batch := []change{first}
		for more := true; more && len(batch) < most; {
			select {
			case c, open := <-w.pending:
				if more = open; open {
					batch = append(batch, c)
				}
			default:
				more = false
			}
		}
		w.commit(batch)
	}
}

// commit records changes together. What one of them breaks must not cost the others, so after an error each
// is tried by itself.
func (w *Writer) commit(batch []change) {
	err := w.store.db.Write(func(tx *sqlite.Tx) error {
		for _, c := range batch {
			if err := c.do(tx); err != nil {
				return err
			}
		}
		return nil
	})
	for _, c := range batch {
		if err != nil && len(batch) > 1 {
			c.done(w.store.db.Write(c.do))
		} else {
			c.done(err)
		}
	}
}

// wait gives a change to the writer and waits until it is recorded.
func (w *Writer) wait(do func(*sqlite.Tx) error) error {
	done := make(chan error, 1)
	w.pending <- change{do, func(err error) { done <- err }}
	return <-done
}

// Keep records the result with this ordinal (Compilation, or the case's place in the suite) of a claimed
// submission and calls done, from another goroutine, once it is durable or could not be recorded. content
// names all that it depends on; with "" it is never found again.
func (w *Writer) Keep(submission int64, ordinal int, r grader.Result, content string, done func(error)) {
	w.pending <- change{
		func(tx *sqlite.Tx) error { return recordResult(tx, submission, ordinal, r, content) },
		func(err error) {
			if err != nil {
				err = fmt.Errorf("record the result of %s: %w", r.Case, err)
			}
			done(err)
		},
	}
}

// Finish records that a claimed submission is graded: all of the report but its results, which were kept.
// When it returns nil, everything kept before is durable too.
func (w *Writer) Finish(submission int64, report grader.Report) error {
	err := w.wait(func(tx *sqlite.Tx) error { return finish(tx, submission, report) })
	if err != nil {
		return fmt.Errorf("record the results of %s: %w", report.Submission, err)
	}
	return nil
}

func finish(tx *sqlite.Tx, submission int64, r grader.Report) error {
	groups, err := list(r.Groups)
	if err != nil {
		return err
	}
	n, err := tx.Exec(`UPDATE submissions SET done = 1, claim = 0, verdict = ?, detail = ?, points = ?, score = ?, started = ?,
		finished = ?, missing = ?, groups = ? WHERE id = ?`, string(r.Verdict), r.Detail, r.Points, r.Score, r.Started, r.Finished,
		r.Missing, groups, submission)
	if err == nil && n == 0 {
		err = errors.New("it is gone")
	}
	return err
}
