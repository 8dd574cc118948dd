package sandbox

import (
	"bytes"
	"io"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/resource"
)

func TestAJoinedProgramIsKilled(t *testing.T) {
	_, s := host(t, nil)
	s.Args = []string{"sh", "-c", "sleep 1000 & sleep 1000"} // who holds the output must not hold us
	s.Stdout.Writer = io.Discard
	j, err := Join(s)
	if err != nil {
		t.Fatal(err)
	}
	j.Kill()
	if exit, err := j.Wait(); err != nil || exit.Signal != unix.SIGKILL || exit.Reason != Interrupted {
		t.Errorf("%+v %v", exit, err)
	}
	var out bytes.Buffer
	s.Args, s.Stdout = []string{"yes"}, Output{Writer: &out, Limit: 10 * resource.KiB}
	if j, err = Join(s); err != nil {
		t.Fatal(err)
	}
	if exit, err := j.Wait(); err != nil || exit.Reason != OverOutput || out.Len() != 10<<10 {
		t.Errorf("%+v %v, %d bytes", exit, err, out.Len())
	}
}

// The end of a sandbox is the end of who joined it.
func TestASandboxEndsWithItsGuests(t *testing.T) {
	p, s := host(t, nil)
	s.Args = []string{"sleep", "1000"}
	j, err := Join(s)
	if err != nil {
		t.Fatal(err)
	}
	p.Kill()
	if _, err := p.Wait(); err != nil {
		t.Error(err)
	}
	if exit, err := j.Wait(); err != nil || exit.Signal != unix.SIGKILL {
		t.Errorf("%+v %v", exit, err)
	}
}

// A process whose parent does not wait for it keeps the kernel from letting the sandbox's init go, but nobody
// from learning how the sandbox ended.
func TestAGuestThatNobodyWaitsFor(t *testing.T) {
	p, s := host(t, nil)
	s.Args = []string{"sleep", "1000"}
	j := &Joined{spec: s}
	files := &files{}
	err := j.start(files)
	files.close()
	if err != nil {
		t.Fatal(err)
	}
	p.Kill()
	if exit, err := p.Wait(); err != nil || exit.Reason != Interrupted {
		t.Errorf("%+v %v", exit, err)
	}
	if status, err := wait(j.pid); err != nil || status.Signal() != unix.SIGKILL { // it was still there
		t.Errorf("%v %v", status, err)
	}
	j.result.Close()
	unix.Close(j.pidfd)
}

// slow gives a sandbox the time that much work takes where all is emulated.
func slow(s *Spec) { s.Limits.Wall, s.Limits.CPU = 5*time.Minute, 5*time.Minute }

// A program that is left with its terminal goes on, and is not hung up.
func TestAProgramIsLeft(t *testing.T) {
	_, s := host(t, slow)
	s.Terminal = true
	s.Args = []string{"sh", "-c", "mkfifo done; echo ready; read x; seq 100000; echo over >done; exec sleep 1000"}
	j, err := Join(s)
	if err != nil {
		t.Fatal(err)
	}
	readUntil(t, j.Terminal, "ready")
	if _, err := j.Terminal.Write([]byte("\r")); err != nil {
		t.Fatal(err)
	}
	if err := j.Leave(); err != nil {
		t.Fatal(err)
	}
	j.Terminal.Close()
	s.Terminal = false
	if exit, out := join(t, s, "cat", "done"); out != "over\n" { // which waits until somebody writes to it
		t.Errorf("%+v %q", exit, out)
	}
	select {
	case <-j.done:
		t.Error("it has ended")
	default:
	}
	j.Kill()
	if exit, err := j.Wait(); err != nil || exit.Signal != unix.SIGKILL {
		t.Errorf("%+v %v", exit, err)
	}
}

func TestJoiningLeaksNoDescriptors(t *testing.T) {
	_, s := host(t, slow)
	count := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	join(t, s, "true")
	before := count()
	for range 10 {
		join(t, s, "true")
		c := s
		c.Args, c.Dir = []string{"true"}, "/nowhere"
		if _, err := Join(c); err == nil {
			t.Fatal("no error")
		}
		c.Dir, c.Terminal, c.Args = "/", true, []string{"nowhere"}
		j, err := Join(c)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = j.Wait()
		j.Terminal.Close()
	}
	after := 0
	defer func() { t.Logf("%d descriptors before, %d after", before, after) }()
	// Where no control group accounts for the sandbox, its meter has a file open now and then; what leaked stays.
	until(t, func() bool { after = count(); return after <= before })
	if n, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0); err != nil || n != 1 {
		t.Errorf("dumpable is %d %v after it", n, err)
	}
}

// Where no control group accounts for it, what joined counts all the same.
func TestGuestsAreCounted(t *testing.T) {
	p, s := host(t, func(s *Spec) { s.Groups, s.Limits.Memory = nil, 64*resource.MiB })
	s.Args = []string{"/payload", "payload", "touch", "200", "keep"}
	j, err := Join(s)
	if err != nil {
		t.Fatal(err)
	}
	exit, err := p.Wait()
	if err != nil || exit.Reason != OverMemory {
		t.Errorf("%+v %v", exit, err)
	}
	if exit, err := j.Wait(); err != nil || exit.Signal != unix.SIGKILL {
		t.Errorf("joined: %+v %v", exit, err)
	}
}
