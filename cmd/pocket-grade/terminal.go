package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// terminal says whether w is a terminal.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

// color says whether w wants colour (no-color.org).
func color(w io.Writer) bool {
	return terminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// progress is one live line on a terminal, shown once grading takes longer than a second.
type progress struct {
	w       io.Writer // nil: nobody watches
	noun    string    // what is counted
	total   int
	done    int
	started time.Time
	shown   time.Time
}

func newProgress(w io.Writer, total int) *progress {
	if !terminal(w) {
		w = nil
	}
	return &progress{w: w, noun: "cases", total: total, started: time.Now()}
}

// add counts what is done and shows the line, at most ten times a second.
func (p *progress) add(n int) {
	p.done += n
	now := time.Now()
	passed := now.Sub(p.started)
	if p.w == nil || passed < time.Second || now.Sub(p.shown) < 100*time.Millisecond {
		return
	}
	p.shown = now
	rate := float64(p.done) / passed.Seconds()
	left := time.Duration(float64(p.total-p.done) / rate * float64(time.Second)).Round(time.Second)
	fmt.Fprintf(p.w, "\r\x1b[K%d of %d %s, %.0f/s, %s left", p.done, p.total, p.noun, rate, left)
}

// clear takes the line away, before anything else is written.
func (p *progress) clear() {
	if p.w != nil && !p.shown.IsZero() {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = time.Time{}
	}
}
