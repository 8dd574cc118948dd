package linux

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/internal/trial"
)

func TestInitImageIsSmallAndStartsAsELF(t *testing.T) {
	image := InitImage()
	if len(image) >= initLimit {
		t.Errorf("the init has %d bytes, promised are under %d", len(image), initLimit)
	}
	if !strings.HasPrefix(string(image), "\x7fELF") {
		t.Errorf("no ELF header: % x", image[:8])
	}
	t.Logf("init: %d bytes", len(image))
}

// runInit executes the init as an ordinary child with its result on a pipe.
func runInit(t *testing.T, argv []string, env []string) (Report, bool) {
	t.Helper()
	return ParseReport(runInitRaw(t, argv, env))
}

func runInitRaw(t *testing.T, argv []string, env []string) []byte {
	t.Helper()
	file, err := InitFile()
	if err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	high, err := unix.FcntlInt(w.Fd(), unix.F_DUPFD_CLOEXEC, FirstFD)
	if err != nil {
		t.Fatal(err)
	}
	w.Close()
	p := &Program{}
	p.Add(Call{Step: "result", Nr: unix.SYS_DUP3, Args: []any{high, 3, 0}},
		Call{Step: "init", Nr: unix.SYS_EXECVEAT, Args: []any{int(file.Fd()), "", argv, env, unix.AT_EMPTY_PATH}})
	// A PID namespace of its own where we may, so that the init's kill(-1) stays inside.
	s := &Spawn{Cgroup: -1, Outer: p, Flags: unix.CLONE_NEWUSER | unix.CLONE_NEWPID}
	pid, err := s.Run()
	unix.Close(high)
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOSPC) {
		trial.Lacks(t, "no user namespaces here: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	reap(pid)
	return b
}

func TestInitReportsHowThePayloadEnded(t *testing.T) {
	report, ok := runInit(t, []string{"init", "/nowhere/sh", "/bin/sh", "", "sh", "-c", "exit 7"}, nil)
	if !ok || report.Kind != Ended || report.Status.ExitStatus() != 7 {
		t.Errorf("exit 7: %+v %v", report, ok)
	}
	report, ok = runInit(t, []string{"init", "/bin/sh", "", "sh", "-c", "kill -SEGV $$"}, nil)
	if !ok || report.Kind != Ended || report.Status.Signal() != unix.SIGSEGV {
		t.Errorf("SIGSEGV: %+v %v", report, ok)
	}
	report, ok = runInit(t, []string{"init", "/bin/sh", "", "sh", "-c", "(sleep 1000 &) ; exit 3"}, []string{"PATH=/bin:/usr/bin"})
	if !ok || report.Status.ExitStatus() != 3 {
		t.Errorf("a process left behind: %+v %v", report, ok)
	}
}

func TestInitReportsWhyThePayloadDidNotStart(t *testing.T) {
	for _, c := range []struct {
		path string
		want unix.Errno
	}{{"/nowhere", unix.ENOENT}, {"/etc/passwd", unix.EACCES}, {"/etc/passwd/x", unix.ENOENT}} {
		report, ok := runInit(t, []string{"init", c.path, "", "x"}, nil)
		if !ok || report.Kind != NoExec || report.Errno != c.want {
			t.Errorf("%s: %+v %v, want %v", c.path, report, ok, c.want)
		}
	}
}

// The step before a program that joins becomes that program, in a session of its own, or says why not.
func TestTheStepBeforeAProgram(t *testing.T) {
	script := "kill -0 $$ && exit 5"
	if b := runInitRaw(t, []string{"exec", "/nowhere/sh", "/bin/sh", "", "sh", "-c", script}, nil); string(b) != "\x00" {
		t.Errorf("of a program that runs %q was told", b)
	}
	for _, c := range []struct {
		paths []string
		want  unix.Errno
	}{{[]string{"/nowhere"}, unix.ENOENT}, {[]string{"/etc/passwd", "/nowhere"}, unix.EACCES}, {[]string{"/etc/passwd/x"}, unix.ENOENT}} {
		report, failed := ParseStep(runInitRaw(t, append(append([]string{"exec"}, c.paths...), "", "x"), nil))
		if !failed || report.Errno != c.want {
			t.Errorf("%q: %+v %v, want %v", c.paths, report, failed, c.want)
		}
	}
}

func TestInitHoldsUntilItsInputEnds(t *testing.T) {
	if report, ok := runInit(t, []string{"init"}, nil); ok {
		t.Errorf("a holder reported %+v", report)
	}
}

func TestAFailedStepIsNamedAndLeavesNoProcess(t *testing.T) {
	outer := &Program{}
	outer.Add(Call{Step: "tolerated", Nr: unix.SYS_CLOSE, Args: []any{-1}, Pass: unix.EBADF},
		Call{Step: "close nothing", Nr: unix.SYS_CLOSE, Args: []any{-1}})
	_, err := (&Spawn{Cgroup: -1, Outer: outer}).Run()
	var step *StepError
	if !errors.As(err, &step) || step.Step != "close nothing" || step.Errno != unix.EBADF {
		t.Errorf("got %v", err)
	}
	inner := &Program{}
	fd := NewValue("fd")
	inner.Add(Call{Step: "open", Nr: unix.SYS_OPENAT, Args: []any{unix.AT_FDCWD, "/dev/null", 0}, Out: fd},
		Call{Step: "close", Nr: unix.SYS_CLOSE, Args: []any{fd}},
		Call{Step: "close again", Nr: unix.SYS_CLOSE, Args: []any{fd}})
	_, err = (&Spawn{Cgroup: -1, Outer: &Program{}, Inner: inner, After: &Program{}}).Run()
	if !errors.As(err, &step) || step.Step != "close again" || step.Errno != unix.EBADF {
		t.Errorf("got %v", err)
	}
	if _, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); err != unix.ECHILD {
		t.Errorf("a child is left: %v", err)
	}
}

// A child that is stopped before it has executed anything, as one who is inside may do, holds up its parent's
// thread only, and not for ever. Where it held up a collection, nothing here would ever go on.
func TestAStoppedChildHoldsUpNobodyElse(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	inner, self := &Program{}, NewValue("pid")
	inner.Add(Call{Step: "tell", Nr: unix.SYS_WRITE, Args: []any{int(w.Fd()), "x", 1}},
		Call{Step: "ask", Nr: unix.SYS_GETPID, Out: self},
		Call{Step: "stop", Nr: unix.SYS_KILL, Args: []any{self, int(unix.SIGSTOP)}},
		Call{Step: "fail", Nr: unix.SYS_CLOSE, Args: []any{-1}})
	done := make(chan error, 1)
	go func() {
		_, err := (&Spawn{Cgroup: -1, Outer: &Program{}, Inner: inner, After: &Program{}, Patience: 300 * time.Millisecond}).Run()
		done <- err
	}()
	if _, err := r.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	if err := <-done; !errors.Is(err, ErrHeld) {
		t.Errorf("got %v", err)
	}
	if _, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); err != unix.ECHILD {
		t.Errorf("a child is left: %v", err)
	}
}

// TestTheChildRunsNothingOfTheGoRuntime reads the machine code: what runs between clone(2) and execve(2)
// calls nothing but its own functions, and never asks for a larger stack.
func TestTheChildRunsNothingOfTheGoRuntime(t *testing.T) {
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go command to disassemble with")
	}
	binary := filepath.Join(t.TempDir(), "test") // a running test has no symbols, one that is kept has
	if out, err := exec.Command(goTool, "test", "-c", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	const own = "pocket/runtime/internal/linux."
	out, err := exec.Command(goTool, "tool", "objdump", "-s", `internal/linux\.(runOuter|runInner|execute|exit|call|vfork)(\.abi0)?$`, binary).CombinedOutput()
	if err != nil || !strings.Contains(string(out), own+"execute(SB)") {
		t.Fatalf("%v: %.500s", err, out)
	}
	for _, line := range strings.Split(string(out), "\n") {
		_, target, called := strings.Cut(line, "CALL ")
		for _, parents := range []string{"runtime.entersyscall(SB)", "runtime.exitsyscall(SB)"} { // before and after the child
			target = strings.Replace(target, parents, own, 1)
		}
		if called && !strings.HasPrefix(target, own) && !strings.Contains(target, "runtime.race") {
			t.Error(line)
		}
	}
}

func TestAResultThatShouldBeZero(t *testing.T) {
	p := &Program{}
	p.Add(Call{Step: "pid", Nr: unix.SYS_GETPID, Zero: true})
	_, err := (&Spawn{Cgroup: -1, Outer: p}).Run()
	if !errors.Is(err, unix.EOWNERDEAD) {
		t.Errorf("got %v", err)
	}
}

func TestProgramPrintsItsCalls(t *testing.T) {
	fd := NewValue("fd")
	p := &Program{}
	p.Add(Call{Step: "open it", Nr: unix.SYS_OPENAT, Args: []any{-100, "/x", 0}, Out: fd},
		Call{Step: "close it", Nr: unix.SYS_CLOSE, Args: []any{fd}})
	want := "open it: fd = openat(-100, \"/x\", 0)\nclose it: close(fd)\n"
	if got := p.String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
