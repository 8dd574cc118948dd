package container

import (
	"context"
	"fmt"
	"os"
	"time"

	"pocket/runtime/internal/watch"
	"pocket/runtime/state"
)

// Query chooses records of a log.
type Query struct {
	Tail  int       // only the last Tail lines; negative: all
	Since time.Time // not older than this; zero: all
	Until time.Time // not newer than this; zero: all
}

func (q Query) early(r Record) bool { return !q.Since.IsZero() && r.Time.Before(q.Since) }
func (q Query) late(r Record) bool  { return !q.Until.IsZero() && r.Time.After(q.Until) }

// ReadLog calls each for the records in a container's folder that q chooses, oldest first. What the
// program writes meanwhile is not seen. Record.Text is valid only during the call. An error of each
// ends the reading and is returned. A container without a log has no records.
//
// However long the log is, it takes little memory, and the last lines are found from its end. Where
// rotation has removed records that q would choose, the first record is a notice of that.
func ReadLog(dir string, q Query, each func(Record) error) error {
	l := logReader{dir: dir, q: q, each: each}
	defer l.close()
	return l.begin()
}

// FollowLog is ReadLog that goes on with what the program of the container with the full id writes,
// across rotations and restarts, until the container has no monitor any more, q.Until has passed or ctx
// has ended, whose cause is then returned. idle is called each time when all there is has been given.
func (e *Engine) FollowLog(ctx context.Context, id string, q Query, each func(Record) error, idle func() error) error {
	dir := e.Folder(id)
	// Before the first look, so that nothing happens unseen between that and the first wait.
	w, err := watch.Open(dir, state.LockPath(e.Dir, id))
	if err != nil {
		return err
	}
	defer w.Close()
	l := logReader{dir: dir, q: q, each: each}
	defer l.close()
	for first := true; ; first = false {
		// Looked at before reading: what a monitor wrote before its end is still given.
		last := !state.IsLocked(e.Dir, id) || !q.Until.IsZero() && time.Now().After(q.Until)
		if first {
			err = l.begin()
		} else {
			err = l.more()
		}
		if err == nil {
			err = idle()
		}
		if err != nil || last {
			return err
		}
		if err := w.Wait(ctx); err != nil {
			return err
		}
	}
}

// logReader reads a log, which may grow, in order.
type logReader struct {
	dir    string
	q      Query
	each   func(Record) error
	file   *logFile // the one that is being read; nil when there was none yet
	offset int64    // how far
}

func (l *logReader) close() {
	if l.file != nil {
		l.file.Close()
	}
}

// begin reads what is there.
func (l *logReader) begin() error {
	files, err := openLogs(l.dir)
	if err != nil || len(files) == 0 {
		closeAll(files)
		return err
	}
	l.file = files[len(files)-1]
	defer closeAll(files[:len(files)-1])
	t := tail{whole: true}
	if l.q.Tail >= 0 {
		if t, err = findTail(files, l.q, l.q.Tail); err != nil {
			return err
		}
	}
	if t.whole {
		if err := l.tellRemoved(files[0]); err != nil {
			return err
		}
	}
	for _, p := range t.parts {
		if err := l.one(files[p.file], p.offset); err != nil {
			return err
		}
	}
	for i, from := t.file, t.offset; i < len(files); i, from = i+1, 0 {
		if l.offset, err = files[i].records(from, l.q.Since, l.give); err != nil {
			return err
		}
	}
	return nil
}

// one gives the record at an offset.
func (l *logReader) one(f *logFile, at int64) error {
	_, err := f.records(at, time.Time{}, func(r Record) error {
		if err := l.give(r); err != nil {
			return err
		}
		return errEnough
	})
	if err == errEnough {
		return nil
	}
	return err
}

// give passes on a record that is chosen.
func (l *logReader) give(r Record) error {
	if r.Stream == before || l.q.early(r) || l.q.late(r) {
		return nil
	}
	return l.each(r)
}

// tellRemoved gives a notice when records that may be chosen were removed by rotation; f is the oldest
// file.
func (l *logReader) tellRemoved(f *logFile) error {
	removed, at, err := f.before()
	if err != nil || removed == 0 || at.Before(l.q.Since) {
		return err
	}
	return l.notice(at, fmt.Sprintf("the first %d records were removed by rotation", removed))
}

func (l *logReader) notice(at time.Time, text string) error {
	return l.each(Record{Time: at, Stream: Notice, Text: []byte(text), Whole: true})
}

// more reads what was written since the last time.
func (l *logReader) more() error {
	for {
		if err := l.rest(); err != nil {
			return err
		}
		next, lost, err := l.after()
		if next == nil {
			return err
		}
		if err != nil {
			next.Close()
			return err
		}
		// The file is not written to any more, but was perhaps after the look at its end.
		if err := l.rest(); err != nil {
			next.Close()
			return err
		}
		l.close()
		l.file, l.offset = next, 0
		if lost > 0 {
			if err := l.notice(time.Now(), fmt.Sprintf("%d records were removed by rotation before they could be read", lost)); err != nil {
				return err
			}
		}
	}
}

func (l *logReader) rest() error {
	if l.file == nil {
		return nil
	}
	err := l.file.grow()
	if err == nil && l.file.size > l.offset {
		l.offset, err = l.file.records(l.offset, l.q.Since, l.give)
	}
	return err
}

// after opens the file that follows the one being read, nil when that is the newest, and returns how many
// records were written in between and are gone.
func (l *logReader) after() (next *logFile, lost int64, err error) {
	files, err := openLogs(l.dir)
	if err != nil || len(files) == 0 {
		closeAll(files)
		return nil, 0, err
	}
	i := 0
	if l.file != nil {
		i = l.index(files) + 1
	}
	for j, f := range files {
		if j == i {
			next = f
		} else {
			f.Close()
		}
	}
	if l.file != nil && i == 0 {
		lost, err = l.missing(next)
	}
	return next, lost, err
}

// missing counts the records between the file that was read last and next.
func (l *logReader) missing(next *logFile) (int64, error) {
	if err := l.file.grow(); err != nil {
		return 0, err
	}
	known, err := countRecords([]*logFile{l.file})
	if err != nil {
		return 0, err
	}
	before, _, err := next.before()
	return before - known, err
}

// index finds the file being read among files; -1 when rotation has removed it.
func (l *logReader) index(files []*logFile) int {
	mine, err := l.file.Stat()
	if err != nil {
		return -1
	}
	for i, f := range files {
		info, err := f.Stat()
		if err == nil && os.SameFile(mine, info) {
			return i
		}
	}
	return -1
}
