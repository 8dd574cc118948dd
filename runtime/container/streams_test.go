package container

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"pocket/runtime/internal/trial"
)

func TestOutletGoesOnWithoutTheCaller(t *testing.T) {
	r, w, err := os.Pipe()
	must(t, err)
	defer w.Close()
	broken := 0
	var log bytes.Buffer
	out := io.MultiWriter(&log, &outlet{to: w, broken: func() { broken++ }})
	io.WriteString(out, "seen ")
	r.Close()
	for range 3 {
		if _, err := io.WriteString(out, "logged "); err != nil {
			t.Errorf("a broken caller stopped the log: %v", err)
		}
	}
	if broken != 1 || log.String() != "seen logged logged logged " {
		t.Errorf("broken %d times, log %q", broken, log.String())
	}
}

func TestOutletKeepsWhyOutputIsLost(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		trial.Lacks(t, "no /dev/full: %v", err)
	}
	defer full.Close()
	r := &monitor{signals: &relay{}}
	var log bytes.Buffer
	out := r.output(&log, full, frameStdout)
	for range 2 {
		if _, err := io.WriteString(out, "logged "); err != nil {
			t.Errorf("a full disk of the caller's stopped the log: %v", err)
		}
	}
	if err := r.lostOutput(); !errors.Is(err, unix.ENOSPC) || log.String() != "logged logged " || r.signals.pipe {
		t.Errorf("lost: %v, log %q, broken pipe %t", err, log.String(), r.signals.pipe)
	}
}

func TestCopyInput(t *testing.T) {
	from, feed, err := os.Pipe()
	must(t, err)
	defer from.Close()
	stopped, stop, err := os.Pipe()
	must(t, err)
	defer stopped.Close()
	got, to, err := os.Pipe()
	must(t, err)
	defer got.Close()
	done := make(chan struct{})
	go func() { copyInput(to, from, stopped); close(done) }()
	feed.WriteString("typed")
	b := make([]byte, 5)
	if _, err := io.ReadFull(got, b); err != nil || string(b) != "typed" {
		t.Errorf("copied %q, %v", b, err)
	}
	stop.Close() // while nothing is to be read
	<-done
	feed.WriteString("for the shell")
	feed.Close()
	if rest, _ := io.ReadAll(from); string(rest) != "for the shell" {
		t.Errorf("what came after the end was taken: %q is left", rest)
	}
}
