package main

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// session is a program of ours at a terminal, which controls it as a user's does.
type session struct {
	*testing.T
	outer, inner *os.File
	cmd          *exec.Cmd
	before       unix.Termios

	mu    sync.Mutex
	shown strings.Builder
	news  *sync.Cond
	end   bool
}

// needNamespaces skips the test where no sandbox can be made.
func needNamespaces(t *testing.T) {
	t.Helper()
	if err := canMakeNamespaces(); err != nil {
		if os.Getenv("POCKET_TEST_REQUIRE") != "" {
			t.Fatal("no namespaces here: ", err)
		}
		t.Skip("no namespaces here: ", err)
	}
}

// startSession starts pocket-docker at a terminal of 33 rows and 77 columns.
func startSession(t *testing.T, args ...string) *session {
	t.Helper()
	s := &session{T: t}
	s.news = sync.NewCond(&s.mu)
	s.outer, s.inner = openTerminal(t)
	s.resize(33, 77)
	s.before = termios(t, s.inner)
	s.cmd = exec.Command("pocket-docker", args...)
	s.cmd.Stdin, s.cmd.Stdout, s.cmd.Stderr = s.inner, s.inner, s.inner
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go s.read() // ends when the terminal is closed
	t.Cleanup(func() {
		if s.cmd.ProcessState == nil {
			_ = s.cmd.Process.Kill()
			_ = s.cmd.Wait()
		}
	})
	return s
}

func (s *session) read() {
	b := make([]byte, 4096)
	for {
		n, err := s.outer.Read(b)
		s.mu.Lock()
		s.shown.Write(b[:n])
		s.end = err != nil
		s.news.Broadcast()
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (s *session) resize(rows, cols uint16) {
	s.Helper()
	if err := unix.IoctlSetWinsize(int(s.outer.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: rows, Col: cols}); err != nil {
		s.Fatal(err)
	}
}

// expect waits until the terminal shows a text behind what was expected before.
func (s *session) expect(text string) {
	s.Helper()
	late := time.AfterFunc(30*time.Second, func() { // nothing is asserted of how long it takes
		s.mu.Lock()
		s.end = true
		s.news.Broadcast()
		s.mu.Unlock()
	})
	defer late.Stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		all := s.shown.String()
		if _, rest, found := strings.Cut(all, text); found {
			s.shown.Reset()
			s.shown.WriteString(rest)
			return
		}
		if s.end {
			s.Fatalf("the terminal shows %q, without %q", all, text)
		}
		s.news.Wait()
	}
}

func (s *session) typeIn(text string) {
	s.Helper()
	if _, err := s.outer.WriteString(text); err != nil {
		s.Fatal(err)
	}
}

// status waits for the program's end, wants the terminal to be as it was, and returns the exit status.
func (s *session) status() int {
	s.Helper()
	late := time.AfterFunc(time.Minute, func() { _ = s.cmd.Process.Kill() }) // instead of waiting for ever
	defer late.Stop()
	err := s.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.Fatal(err)
	}
	if after := termios(s.T, s.inner); after != s.before {
		s.Errorf("the terminal's mode is %+v, was %+v", after, s.before)
	}
	return s.cmd.ProcessState.ExitCode()
}

// pocket runs pocket-docker and returns its standard output.
func pocket(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("pocket-docker", args...).Output()
	if err != nil {
		text := ""
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			text = string(exit.Stderr)
		}
		t.Fatalf("pocket-docker %q: %v %s", args, err, text)
	}
	return string(out)
}

// box starts a container that sleeps.
func box(t *testing.T, flags ...string) {
	t.Helper()
	needNamespaces(t)
	t.Setenv("POCKET_ROOT", t.TempDir())
	pocket(t, append(append([]string{"run", "-d", "--name", "box"}, flags...), "host", "sleep", "1000")...)
	t.Cleanup(func() { pocket(t, "rm", "-f", "box") })
}
