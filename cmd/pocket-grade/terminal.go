package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"pocket/grader"
	"pocket/grader/report"
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

// columns is how wide w is where it is a terminal, else 0.
func columns(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok {
		return 0
	}
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0
	}
	return int(size.Col)
}

// look is how tables and reports are written to w.
func look(w io.Writer) report.Options { return report.Options{Color: color(w), Width: columns(w)} }

// progress is one live line on a terminal, shown once grading takes longer than a second. It is safe for
// concurrent use.
type progress struct {
	w     io.Writer // nil: nobody watches
	noun  string    // what is counted
	total int

	mu      sync.Mutex
	done    int
	quick   int // of these, not run here: they say nothing about the time left
	failed  int
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
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done += n
	p.show()
}

// more says that there is more to do than was thought.
func (p *progress) more(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.total += n
}

// results counts cases that are done.
func (p *progress) results(all ...grader.Result) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range all {
		p.done++
		if r.Cached || r.Usage.Wall == 0 {
			p.quick++
		}
		if r.Verdict != grader.AC && r.Verdict != grader.SKIP && r.Verdict != "" {
			p.failed++
		}
	}
	p.show()
}

func (p *progress) show() {
	now := time.Now()
	passed := now.Sub(p.started)
	if p.w == nil || passed < time.Second || now.Sub(p.shown) < 100*time.Millisecond {
		return
	}
	p.shown = now
	fmt.Fprint(p.w, "\r\x1b[K"+p.fit(p.line(passed)))
}

// fit keeps a text on one line: what is on the next could not be taken away. Some terminals go to it when the last
// column is written.
func (p *progress) fit(text string) string {
	if n := columns(p.w); n > 1 {
		return report.Fit(text, n-1)
	}
	return text
}

func (p *progress) line(passed time.Duration) string {
	text := fmt.Sprintf("%d of %d %s", p.done, p.total, p.noun)
	if rate := float64(p.done-p.quick) / passed.Seconds(); rate > 0 {
		left := time.Duration(float64(p.total-p.done) / rate * float64(time.Second)).Round(time.Second)
		text += fmt.Sprintf(", %.0f/s, %s left", rate, left)
	}
	if p.failed > 0 {
		text += fmt.Sprintf(", %d failed", p.failed)
	}
	return text
}

// clear takes the line away, before anything else is written.
func (p *progress) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.w != nil && !p.shown.IsZero() {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = time.Time{}
	}
}

// say shows a text at once, until clear or the next count.
func (p *progress) say(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.w != nil {
		p.shown = time.Now()
		fmt.Fprintf(p.w, "\r\x1b[K%s", p.fit(text))
	}
}
