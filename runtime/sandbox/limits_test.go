package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/resource"
)

func payload(t testing.TB, args ...string) Spec {
	return spec(t, append([]string{"/payload", "payload"}, args...)...)
}

func TestMemoryLimit(t *testing.T) {
	s := payload(t, "touch", "600")
	s.Limits.Memory = 64 * resource.MiB
	exit, out, _ := run(t, s)
	if exit.Reason != OverMemory || out != "" {
		t.Errorf("touched: %+v, output %q", exit, out)
	}
	if _, counted := countedHere(t); counted && exit.OOM != OOMTrue || !counted && exit.OOM != OOMUnknown {
		t.Errorf("OOM is %s", exit.OOM)
	}
	s = payload(t, "reserve", "1024")
	s.Limits.Memory = 64 * resource.MiB
	if exit, out, _ = run(t, s); exit.Reason != Exited || out != "reserved\n" || exit.OOM == OOMTrue {
		t.Errorf("reserved: %+v, output %q", exit, out)
	}
}

// countedHere says whether the kernel counts OOM kills for us.
func countedHere(t *testing.T) (int64, bool) {
	g, _, err := groups.New(resource.Limits{}, false)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Remove()
	return g.OOMKills()
}

func TestCPULimit(t *testing.T) {
	for _, threads := range []string{"1", "4"} {
		s := payload(t, "spin", threads)
		s.Limits.CPU = 300 * time.Millisecond
		exit, _, _ := run(t, s)
		if exit.Reason != OverCPU || exit.Usage.CPU < s.Limits.CPU {
			t.Errorf("%s threads: %+v", threads, exit)
		}
		t.Logf("%s threads: cpu %v of %v (%s)", threads, exit.Usage.CPU, s.Limits.CPU, exit.Usage.CPUSource)
	}
}

func TestWallLimit(t *testing.T) {
	s := spec(t, "sleep", "1000")
	s.Limits.Wall = 200 * time.Millisecond
	if exit, _, _ := run(t, s); exit.Reason != OverWall || exit.Signal != unix.SIGKILL {
		t.Errorf("%+v", exit)
	}
}

func TestOutputLimit(t *testing.T) {
	s := spec(t, "yes")
	s.Stdout.Limit = resource.MiB
	exit, out, _ := run(t, s)
	if exit.Reason != OverOutput || len(out) != int(resource.MiB) {
		t.Errorf("%d bytes, %+v", len(out), exit)
	}
	s = spec(t, "head", "-c", "1048576", "/dev/zero")
	s.Stdout.Limit = resource.MiB
	if exit, out, _ = run(t, s); exit.Reason != Exited || len(out) != int(resource.MiB) {
		t.Errorf("exactly the limit: %d bytes, %+v", len(out), exit)
	}
}

func TestProcessLimit(t *testing.T) {
	s := payload(t, "forks")
	s.Limits.Processes = 20 // the payload's own threads count too
	exit, out, errs := run(t, s)
	n := 0
	if _, err := fmt.Sscan(out, &n); err != nil || n < 1 || n >= 21 {
		t.Errorf("%d processes (%q, %q), %+v", n, out, errs, exit)
	}
}

func TestNothingIsLeft(t *testing.T) {
	marker := fmt.Sprintf("%d.%d", 100000+os.Getpid(), time.Now().UnixNano()%1000000)
	for _, script := range []string{
		"(setsid sleep " + marker + " &) ; exit 0",
		"trap '' TERM INT HUP; (sleep " + marker + " &) ; kill -9 $$",
		"sleep " + marker + " & kill -STOP $$",
	} {
		s := spec(t, "sh", "-c", script)
		s.Limits.Wall = time.Second
		run(t, s)
		if found := processesWith(marker); len(found) > 0 {
			t.Errorf("%s: left behind: %v", script, found)
		}
	}
	if left := groupsOfOurs(); len(left) > 0 {
		t.Errorf("control groups are left: %v", left)
	}
}

// processesWith lists processes whose arguments contain the text.
func processesWith(text string) []string {
	var found []string
	lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range lines {
		if b, err := os.ReadFile(path); err == nil && strings.Contains(string(b), text) && !strings.Contains(string(b), "sh\x00-c") {
			found = append(found, path+": "+strings.ReplaceAll(string(b), "\x00", " "))
		}
	}
	return found
}

func groupsOfOurs() []string {
	var left []string
	for _, c := range groups.Controllers() {
		if c.Dir != "" {
			dirs, _ := filepath.Glob(filepath.Join(c.Dir, fmt.Sprintf("pocket-%d-*", os.Getpid())))
			left = append(left, dirs...)
		}
	}
	return left
}

func TestKillEndsTheSandbox(t *testing.T) {
	p, err := Start(spec(t, "sleep", "1000"))
	if err != nil {
		t.Fatal(err)
	}
	p.Kill()
	p.Kill()
	exit, err := p.Wait()
	if err != nil || exit.Reason != Interrupted {
		t.Errorf("%+v %v", exit, err)
	}
	if err := p.Signal(unix.SIGTERM); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("a signal to an ended sandbox: %v", err)
	}
}

func TestSignalsReachTheProgram(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	s := spec(t, "sh", "-c", "trap 'exit 42' USR1; echo ready; while :; do sleep 0.01; done")
	s.Stdout.File = w
	p, err := Start(s)
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Read(make([]byte, 16)); err != nil { // "ready": the trap is set
		t.Fatal(err)
	}
	if err := p.Signal(unix.SIGUSR1); err != nil {
		t.Error(err)
	}
	if exit, err := p.Wait(); err != nil || exit.Code != 42 {
		t.Errorf("%+v %v", exit, err)
	}
}

func TestNoWayOut(t *testing.T) {
	exit, out, errs := run(t, payload(t, "connect"))
	if exit.Code != 0 || !strings.Contains(out, "socket: -1 operation not permitted") {
		t.Errorf("connect: %+v %q %q", exit, out, errs)
	}
	exit, out, errs = run(t, payload(t, "attack-init"))
	if exit.Code != 0 || out != "still here\n" {
		t.Errorf("attack on the init: %+v %q %q", exit, out, errs)
	}
}
