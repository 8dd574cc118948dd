package main

import (
	"fmt"
	"os"
	"time"

	"pocket/runtime/resource"
)

// meter shows how far a long step is, on one line of a terminal that is written over; anywhere else it
// shows nothing.
type meter struct {
	to    *os.File
	last  time.Time
	shown bool
}

func newMeter(to *os.File) *meter {
	if !isTerminal(to) {
		return &meter{}
	}
	return &meter{to: to}
}

// show has the form of image.Progress.
func (m *meter) show(stage string, done, total int64) {
	if m.to == nil || time.Since(m.last) < 100*time.Millisecond && done != total {
		return
	}
	m.last, m.shown = time.Now(), true
	fmt.Fprintf(m.to, "\r\x1b[K%s", progressText(stage, done, total))
}

// clear takes the line away.
func (m *meter) clear() {
	if m.shown {
		fmt.Fprint(m.to, "\r\x1b[K")
		m.shown = false
	}
}

func progressText(stage string, done, total int64) string {
	if total <= 0 {
		return fmt.Sprintf("%s %s", stage, resource.Size(done).Human())
	}
	return fmt.Sprintf("%s %s of %s (%d %%)", stage, resource.Size(done).Human(), resource.Size(total).Human(),
		int64(100*(float64(done)/float64(total))))
}
