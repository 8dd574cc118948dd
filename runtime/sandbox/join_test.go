package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/idmap"
	"pocket/runtime/rootfs"
)

// host runs a sandbox with a terminal device, that sleeps until the test ends, and returns the Spec of a
// program that joins it.
func host(t *testing.T, change func(*Spec)) (*Process, JoinSpec) {
	t.Helper()
	s := spec(t, "sh", "-c", "echo up; exec sleep 1000")
	for i := range s.Root.Mounts {
		s.Root.Mounts[i].Terminals = s.Root.Mounts[i].Kind == rootfs.Dev
	}
	up, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	s.Limits.Wall, s.Stdout.File = 3*s.Limits.Wall, w
	if change != nil {
		change(&s)
	}
	p, err := Start(s)
	w.Close()
	if err != nil {
		t.Fatalf("start: %v", err)
	}
	t.Cleanup(func() {
		p.Kill()
		if _, err := p.Wait(); err != nil {
			t.Errorf("the sandbox's end: %v", err)
		}
		up.Close()
	})
	if _, err := io.ReadFull(up, make([]byte, 3)); err != nil {
		t.Fatal(err)
	}
	pidfd, err := unix.PidfdOpen(p.Pid(), 0)
	if err != nil {
		t.Fatal(err)
	}
	file := os.NewFile(uintptr(pidfd), "pidfd")
	t.Cleanup(func() { file.Close() })
	return p, JoinSpec{Init: p.Pid(), Pidfd: file, Env: s.Env, Dir: s.Dir, UID: s.UID, GID: s.GID,
		Capabilities: s.Capabilities, Seccomp: s.Seccomp}
}

// join runs a program to its end and returns what it wrote to both streams.
func join(t *testing.T, s JoinSpec, args ...string) (Exit, string) {
	t.Helper()
	var out, errs bytes.Buffer
	s.Args, s.Stdout.Writer, s.Stderr.Writer = args, &out, &errs
	j, err := Join(s)
	if err != nil {
		t.Fatalf("join: %v", err)
	}
	exit, err := j.Wait()
	if err != nil {
		t.Fatalf("wait: %v (stderr %q)", err, errs.String())
	}
	return exit, out.String() + errs.String()
}

func TestAProgramJoins(t *testing.T) {
	_, s := host(t, nil)
	exit, out := join(t, s, "sh", "-c", "echo out; echo err >&2; exit 3")
	if out != "out\nerr\n" || exit.Code != 3 || exit.Signal != 0 || exit.Reason != Exited || exit.Written != [2]int64{4, 4} {
		t.Errorf("out %q, exit %+v", out, exit)
	}
	if exit, _ := join(t, s, "sh", "-c", "kill -ABRT $$"); exit.Signal != unix.SIGABRT {
		t.Errorf("%+v", exit)
	}
}

// What the sandbox's own program sees of itself is what one that joins sees.
func TestWhoJoinsIsAsConfinedAsWhoIsThere(t *testing.T) {
	script := `
grep -E '^(Cap|NoNewPrivs|Seccomp:|Sig(Blk|Ign|Cgt)|[UG]id|Groups)' /proc/self/status
for n in user mnt pid net ipc uts cgroup; do readlink /proc/self/ns/$n; done
cat /proc/self/cgroup; ulimit -a; pwd; hostname; umask; grep Cpus_allowed: /proc/self/status; ls /proc/self/fd`
	s := spec(t, "sh", "-c", script+"; echo up; exec sleep 1000")
	_, want, _ := run(t, func() Spec { s := s; s.Args = []string{"sh", "-c", script}; return s }())
	_, guest := host(t, func(h *Spec) { h.Limits.OpenFiles, h.Limits.CPUs = 77, 1 })
	_, got := join(t, guest, "sh", "-c", script)
	skip := func(text string) string { // what differs between two sandboxes
		var lines []string
		for _, l := range strings.Split(text, "\n") {
			if !strings.Contains(l, ":[") && !strings.Contains(l, ":/") && !strings.HasPrefix(l, "nofiles") &&
				!strings.Contains(l, "open files") && !strings.HasPrefix(l, "Cpus") {
				lines = append(lines, l)
			}
		}
		return strings.Join(lines, "\n")
	}
	if skip(got) != skip(want) {
		t.Errorf("who joins sees\n%s\n, who is there\n%s", got, want)
	}
	if !strings.Contains(got, "77") {
		t.Errorf("the limit of open files is not the sandbox's:\n%s", got)
	}
}

func TestWhoJoinsIsInTheSandboxesNamespacesAndGroups(t *testing.T) {
	p, s := host(t, nil)
	s.Stdout.Writer = io.Discard
	s.Args = []string{"sleep", "1000"}
	j, err := Join(s)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Started(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"user", "mnt", "pid", "net", "ipc", "uts", "cgroup"} {
		a, err1 := os.Readlink(fmt.Sprintf("/proc/%d/ns/%s", p.Pid(), name))
		b, err2 := os.Readlink(fmt.Sprintf("/proc/%d/ns/%s", j.Pid(), name))
		if a != b || err1 != nil || err2 != nil {
			t.Errorf("%s: %s and %s (%v, %v)", name, a, b, err1, err2)
		}
	}
	a, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", p.Pid()))
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", j.Pid()))
	if string(a) != string(b) || len(a) == 0 {
		t.Errorf("control groups\n%s and\n%s", a, b)
	}
	if err := j.Signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if exit, err := j.Wait(); err != nil || exit.Signal != unix.SIGTERM {
		t.Errorf("%+v %v", exit, err)
	}
	if err := j.Signal(unix.SIGTERM); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("a signal after the end: %v", err)
	}
}

func TestWhatCannotBeJoined(t *testing.T) {
	_, s := host(t, nil)
	for _, c := range []struct {
		program string
		want    unix.Errno
	}{{"no-such-program", unix.ENOENT}, {"/etc/hosts", unix.EACCES}, {"/usr", unix.EACCES}} {
		s.Args = []string{c.program}
		j, err := Join(s)
		if err != nil {
			t.Fatal(err)
		}
		var exec *ExecError
		if err := j.Started(); !errors.As(err, &exec) || exec.Errno != c.want {
			t.Errorf("%s: started: %v, want %v", c.program, err, c.want)
		}
		if _, err = j.Wait(); !errors.As(err, &exec) || exec.Errno != c.want {
			t.Errorf("%s: %v, want %v", c.program, err, c.want)
		}
	}
	s.Args, s.Dir = []string{"true"}, "/nowhere"
	if _, err := Join(s); !errors.Is(err, ErrDirectory) || !strings.Contains(err.Error(), "working directory /nowhere: no such file") {
		t.Errorf("got %v", err)
	}
	p, s := host(t, nil)
	p.Kill()
	if _, err := p.Wait(); err != nil {
		t.Fatal(err)
	}
	s.Args = []string{"true"}
	if _, err := Join(s); !errors.Is(err, ErrEnded) {
		t.Errorf("a sandbox that has ended: %v", err)
	}
}

func TestWhoJoinsCannotReachOut(t *testing.T) {
	_, s := host(t, nil)
	if _, out := join(t, s, "ls", "/proc/self/fd"); out != "0\n1\n2\n3\n" {
		t.Errorf("descriptors inside: %q", out)
	}
	for n := 3; n < 64; n++ { // CVE-2024-21626
		c := s
		c.Args, c.Dir = []string{"pwd"}, fmt.Sprintf("/proc/self/fd/%d", n)
		if j, err := Join(c); err == nil {
			_, _ = j.Wait()
			t.Errorf("working directory %s was accepted", c.Dir)
		}
	}
	// CVE-2019-5736: an interpreter /proc/self/exe is our init's step, which is sealed, and not our binary.
	script := `printf '#!/proc/self/exe\n' >/tmp/x; chmod +x /tmp/x`
	if exit, out := join(t, s, "sh", "-c", script); exit.Code != 0 {
		t.Skip("no script can be made: ", out)
	}
	hold, release, err := os.Pipe() // that init waits for the end of its input
	if err != nil {
		t.Fatal(err)
	}
	defer hold.Close()
	s.Args, s.Stdin = []string{"/tmp/x"}, hold
	j, err := Join(s)
	if err == nil {
		err = j.Started()
	}
	if err != nil {
		t.Fatal(err)
	}
	if exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", j.Pid())); err != nil || !strings.Contains(exe, "init") {
		t.Errorf("what runs inside is %s (%v)", exe, err)
	}
	release.Close()
	if _, err := j.Wait(); err != nil {
		t.Error(err)
	}
}

// TestAWatcherInsideSeesNothingOfOurs (CVE-2016-9962) looks, as the sandbox's root with all that the sandbox may do, at every
// process that appears while others join, for a file of the host.
func TestAWatcherInsideSeesNothingOfOurs(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	secret, err := os.Open(self) // a descriptor that must not be seen
	if err != nil {
		t.Fatal(err)
	}
	defer secret.Close()
	_, s := host(t, func(h *Spec) {
		h.IDs, h.UID, h.GID, h.Seccomp = idmap.Single(0), 0, 0, nil
		slow(h)
		for c := 0; c <= unix.CAP_LAST_CAP; c++ {
			h.Capabilities = append(h.Capabilities, c)
		}
	})
	var found bytes.Buffer
	w := s
	w.Args, w.Stdout.Writer = []string{"/payload", "payload", "watch", "x"}, &found
	watcher, err := Join(w)
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if exit, out := join(t, s, "true"); exit.Code != 0 {
			t.Fatal(exit, out)
		}
	}
	_ = watcher.Signal(unix.SIGTERM)
	if exit, err := watcher.Wait(); err != nil || exit.Code != 0 {
		t.Errorf("the watcher: %+v %v", exit, err)
	}
	if !strings.HasPrefix(found.String(), "watched ") || strings.Contains(found.String(), "/") {
		t.Errorf("seen from inside: %s", found.String())
	}
	t.Log(found.String())
}

func TestAJoinedTerminal(t *testing.T) {
	_, s := host(t, nil)
	s.Terminal, s.Rows, s.Cols = true, 31, 71
	// No shell waits for input here: a signal just before its read would be acted on only when that returns.
	s.Args = []string{"sh", "-c", "stty size; tty; trap 'stty size; exit 5' WINCH; echo ready; while :; do sleep 0.1; done"}
	j, err := Join(s)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Terminal.Close()
	text := readUntil(t, j.Terminal, "ready")
	if !strings.Contains(text, "31 71\r\n/dev/pts/") {
		t.Errorf("the terminal shows %q", text)
	}
	if err := j.Resize(22, 44); err != nil {
		t.Fatal(err)
	}
	if text = readUntil(t, j.Terminal, "22 44"); !strings.Contains(text, "22 44") {
		t.Errorf("after a resize the terminal shows %q", text)
	}
	if exit, err := j.Wait(); err != nil || exit.Code != 5 {
		t.Errorf("%+v %v", exit, err)
	}
}

// readUntil reads a terminal until it shows a text, or ends. What the deadline cuts off was not to come.
func readUntil(t *testing.T, f *os.File, want string) string {
	t.Helper()
	_ = f.SetReadDeadline(time.Now().Add(20 * time.Second))
	var all []byte
	b := make([]byte, 1024)
	for !bytes.Contains(all, []byte(want)) {
		n, err := f.Read(b)
		if all = append(all, b[:n]...); err != nil {
			break
		}
	}
	return string(all)
}
