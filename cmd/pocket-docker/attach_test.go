package main

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A shell of run -it: what is typed, its size and its keys are the shell's; it can be left and come back to,
// and its exit status is run's.
func TestRunAtATerminalIsLeftAndAttachedTo(t *testing.T) {
	needNamespaces(t)
	t.Setenv("POCKET_ROOT", t.TempDir())
	s := startSession(t, "run", "-it", "--name", "box", "-e", "PS1=prompt%", "host", "sh")
	t.Cleanup(func() { pocket(t, "rm", "-f", "box") })
	s.expect("prompt%")
	s.typeIn("stty size; echo $TERM\r")
	s.expect("33 77\r\nxterm\r\n")
	s.resize(22, 44)
	s.typeIn("until stty size | grep '22 44'; do :; done\r")
	s.expect("22 44\r\n")

	s.typeIn("sleep 1000\r")
	s.awaitInside("sleep", 1)
	s.typeIn("\x03")
	s.expect("prompt%")
	s.typeIn("echo status $?\r")
	s.expect("status 130\r\n")
	s.typeIn("sleep 1000\r")
	s.awaitInside("sleep", 1)
	s.typeIn("\x1a")
	s.expect("Stopped")
	s.typeIn("fg\r")
	s.awaitInside("sleep", 1)
	s.typeIn("\x10\x11")
	if status := s.status(); status != 0 {
		t.Errorf("detached with exit status %d", status)
	}
	if out := pocket(t, "ps", "--format", "{{.Names}} {{.Status}}"); !strings.HasPrefix(out, "box Up ") {
		t.Errorf("after detaching: %q", out)
	}

	s = startSession(t, "attach", "--detach-keys", "ctrl-x", "box")
	s.awaitRaw() // before, a key is for the command itself
	s.resize(11, 55)
	s.typeIn("\x03")
	s.expect("prompt%")
	s.typeIn("until stty size | grep '11 55'; do :; done\r")
	s.expect("11 55\r\n")
	s.typeIn("\x10\x11echo keys are free\r")
	s.expect("keys are free\r\n")
	s.typeIn("exit 7\r")
	if status := s.status(); status != 7 {
		t.Errorf("exit status %d, want 7", status)
	}
	if out := pocket(t, "ps", "-a", "--format", "{{.Status}}"); !strings.HasPrefix(out, "Exited (7)") {
		t.Errorf("after its end: %q", out)
	}
}

// awaitRaw waits until every key goes to the program.
func (s *session) awaitRaw() {
	s.Helper()
	for range 30000 {
		if termios(s.T, s.inner) != s.before {
			return
		}
		time.Sleep(time.Millisecond) // a terminal's mode cannot be waited for
	}
	s.Fatal("the terminal never became raw")
}

// start -ai gives an ended shell its terminal again; a signal to the command leaves the terminal as it was.
func TestStartAtATerminal(t *testing.T) {
	needNamespaces(t)
	t.Setenv("POCKET_ROOT", t.TempDir())
	pocket(t, "create", "-it", "--name", "box", "-e", "PS1=prompt%", "host", "sh")
	t.Cleanup(func() { pocket(t, "rm", "-f", "box") })
	s := startSession(t, "start", "-ai", "box")
	s.expect("prompt%")
	s.typeIn("exit 3\r")
	if status := s.status(); status != 3 {
		t.Errorf("exit status %d, want 3", status)
	}
	s = startSession(t, "start", "-ai", "--sig-proxy=false", "box")
	s.expect("prompt%")
	if err := s.cmd.Process.Signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if status := s.status(); status != 128+int(unix.SIGTERM) {
		t.Errorf("exit status %d", status)
	}
	if out := pocket(t, "ps", "--format", "{{.Names}} {{.Status}}"); !strings.HasPrefix(out, "box Up ") {
		t.Errorf("after the signal: %q", out)
	}
	s = startSession(t, "attach", "box")
	if err := s.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = s.cmd.Wait()
	if out := pocket(t, "ps", "--format", "{{.Names}} {{.Status}}"); !strings.HasPrefix(out, "box Up ") {
		t.Errorf("after the attached command was killed: %q", out)
	}
}
