package main

import (
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// A shell at a terminal of the container's: what is typed, its size and its keys are the shell's.
func TestExecAtATerminal(t *testing.T) {
	box(t)
	s := startSession(t, "exec", "-it", "-e", "PS1=prompt%", "box", "sh")
	s.expect("prompt%")
	s.typeIn("stty size; tty; echo $TERM; echo pid $$\r")
	s.expect("33 77\r\n/dev/pts/")
	s.expect("xterm\r\npid ")
	s.resize(22, 44)
	s.typeIn("until stty size | grep '22 44'; do :; done\r")
	s.expect("22 44\r\n")

	s.typeIn("sleep 1000\r")
	s.expect("sleep 1000\r\n")
	s.awaitInside("sleep", 2) // beside the container's own
	s.typeIn("\x03")
	s.expect("prompt%")
	s.typeIn("echo status $?\r")
	s.expect("status 130\r\n")

	s.typeIn("sleep 1000\r")
	s.awaitInside("sleep", 2)
	s.typeIn("\x1a")
	s.expect("Stopped")
	s.typeIn("fg\r")
	s.expect("sleep 1000\r\n")
	s.awaitInside("sleep", 2)
	s.typeIn("\x03")
	s.expect("prompt%")
	s.typeIn("exit 7\r")
	if status := s.status(); status != 7 {
		t.Errorf("exit status %d, want 7", status)
	}
}

// awaitInside waits until so many processes of the container with that name sleep: one that is stopped does not.
func (s *session) awaitInside(name string, n int) {
	s.Helper()
	script := `for i in $(seq 1000); do
		n=0; for f in /proc/[0-9]*/stat; do read -r a b c d e f g h rest <$f && [ "$b $c" = "(` + name + `) S" ] && n=$((n+1)); done 2>/dev/null
		[ $n = ` + string(rune('0'+n)) + ` ] && echo there && break; done`
	if out := pocket(s.T, "exec", "box", "sh", "-c", script); out != "there\n" {
		s.Fatalf("%d processes %s never were inside", n, name)
	}
}

func TestExecIsDetachedFrom(t *testing.T) {
	box(t)
	for _, c := range []struct{ flag, typed string }{{"", "\x10\x11"}, {"--detach-keys=ctrl-],x", "\x1dx"}} {
		args := []string{"exec", "-it"}
		if c.flag != "" {
			args = append(args, c.flag)
		}
		s := startSession(t, append(args, "box", "sh", "-c", "trap '' HUP; trap 'echo hung >/tmp/hung' HUP; echo $$ >/tmp/pid; echo ready; while :; do sleep 0.1; echo more; done")...)
		s.expect("ready")
		s.typeIn(c.typed[:1])
		s.expect("more")
		s.typeIn(c.typed[1:])
		if status := s.status(); status != 0 {
			t.Errorf("exit status %d", status)
		}
		out := pocket(t, "exec", "box", "sh", "-c", "sleep 0.3; kill -0 $(cat /tmp/pid) && echo goes on; test -e /tmp/hung || echo not hung; kill -9 $(cat /tmp/pid)")
		if out != "goes on\nnot hung\n" {
			t.Errorf("%v: left behind: %q", c, out)
		}
	}
}

// A signal to the command ends it with the terminal as it was, and hangs the program's up.
func TestExecIsEnded(t *testing.T) {
	box(t)
	for _, signal := range []unix.Signal{unix.SIGTERM, unix.SIGHUP} {
		s := startSession(t, "exec", "-it", "box", "sh", "-c", "trap 'echo hung >/tmp/hung; exit' HUP; echo ready; while :; do sleep 0.1; done")
		s.expect("ready")
		if err := s.cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		if status := s.status(); status != 128+int(signal) {
			t.Errorf("exit status %d", status)
		}
		out := pocket(t, "exec", "box", "sh", "-c", "for i in $(seq 1000); do test -e /tmp/hung && break; sleep 0.01; done; cat /tmp/hung; rm /tmp/hung")
		if out != "hung\n" {
			t.Errorf("%v: %q", signal, out)
		}
	}
}

// Without a terminal of its own, the program gets our signals: Ctrl-C at ours comes as one.
func TestExecPassesSignals(t *testing.T) {
	box(t)
	s := startSession(t, "exec", "box", "sh", "-c", "trap 'echo got INT' INT; trap 'echo got USR1; exit 3' USR1; echo ready; while :; do sleep 0.1; done")
	s.expect("ready")
	s.typeIn("\x03")
	s.expect("got INT")
	if err := s.cmd.Process.Signal(unix.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	s.expect("got USR1")
	if status := s.status(); status != 3 {
		t.Errorf("exit status %d", status)
	}
	s = startSession(t, "exec", "box", "sh", "-c", "trap 'echo no' INT; echo ready; while :; do sleep 0.1; done")
	s.expect("ready")
	for range patience - 1 { // one after the other: signals of a kind that come together are one
		s.typeIn("\x03")
		s.expect("no\r\n")
	}
	s.typeIn("\x03")
	if status := s.status(); status != 137 {
		t.Errorf("exit status %d, want 137: the third one kills", status)
	}
}

// A killed command leaves its program to the container.
func TestExecIsKilled(t *testing.T) {
	box(t)
	s := startSession(t, "exec", "box", "sh", "-c", "echo ready; exec sleep 2000")
	s.expect("ready")
	if err := s.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = s.cmd.Wait()
	if out := pocket(t, "exec", "box", "sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"); !strings.Contains(out, "sleep 2000") {
		t.Errorf("processes inside: %q", out)
	}
	pocket(t, "stop", "-t", "0", "box") // although nobody may wait for it
}
