package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"pocket/grader/report"
	"pocket/grader/store"
	"pocket/runtime/sqlite"
)

// patience is how long others are waited for without a word.
const patience = 1500 * time.Millisecond

// openDatabase opens a database for writing, and says when it has to wait for others.
func (c console) openDatabase(path string) (*store.Store, error) { return c.opening(path, store.Open) }

// openToRead is openDatabase for who only reads.
func (c console) openToRead(path string) (*store.Store, error) {
	return c.opening(path, store.OpenToRead)
}

func (c console) opening(path string, open func(string) (*store.Store, error)) (*store.Store, error) {
	told := time.AfterFunc(patience, func() { fmt.Fprintln(c.err, "pocket-grade: "+locked(path)) })
	defer told.Stop()
	return open(path)
}

// locked says what a database is waited for.
func locked(path string) string {
	if who := sqlite.Holder(path); who != "" {
		return fmt.Sprintf("waiting for %s, which keeps the database %s locked", who, report.Printable(path))
	}
	return "waiting for the database " + report.Printable(path)
}

// waiting says whom a grader waits for, once for each and each state that it is in. It is safe for concurrent use.
type waiting struct {
	say func(text string)

	mu      sync.Mutex
	graders map[int64]string // who grades something that is ours to do, with the name of one submission
	said    map[string]bool  // what something was said about
}

// taken notes that another grader has a submission.
func (w *waiting) taken(grader int64, submission string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.graders == nil {
		w.graders = map[int64]string{}
	}
	w.graders[grader] = submission
}

// look is told how long nothing was left to do but what the graders have that were noted since the last look.
func (w *waiting) look(passed time.Duration, find func(int64) (store.Action, error)) {
	w.mu.Lock()
	graders := w.graders
	w.graders = nil
	w.mu.Unlock()
	if passed < patience {
		return
	}
	for _, id := range slices.Sorted(maps.Keys(graders)) {
		if by, err := find(id); err == nil { // it may be gone meanwhile, and is not waited for then
			w.once(other(by, ""), other(by, graders[id]))
		}
	}
}

// once says a text about something that nothing was said about yet.
func (w *waiting) once(about, text string) {
	w.mu.Lock()
	known := w.said[about]
	if w.said == nil {
		w.said = map[string]bool{}
	}
	w.said[about] = true
	w.mu.Unlock()
	if !known {
		w.say(text)
	}
}

// other says what another grader has, and what can be done about one that does nothing.
func other(by store.Action, submission string) string {
	text := fmt.Sprintf("waiting for process %d", by.PID)
	here, err := os.Hostname()
	if err == nil && here != by.Host {
		text += " on " + report.Printable(by.Host)
	}
	text += fmt.Sprintf(" of %s, begun %s, which grades %s", report.Printable(by.User), by.At.Local().Format(time.DateTime), report.Printable(submission))
	if here == by.Host && sqlite.Stopped(by.PID) {
		text += fmt.Sprintf("; it is stopped: kill -CONT %d lets it go on, and what it leaves when it ends is graded here", by.PID)
	}
	return text
}
