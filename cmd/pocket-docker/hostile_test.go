package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pocket/fixtures/hostile"
	"pocket/runtime/cgroup"
	"pocket/runtime/resource"
	"pocket/runtime/stray"
)

// contained is where hostile programs are run in containers.
type contained struct {
	root, tmp string
	programs  string // those written in C, compiled
	groups    bool   // control groups are there as on the host
	memory    bool   // a memory controller is among them
}

// TestHostile runs each program of fixtures/hostile/attacks.txt that is something for a container, and looks at
// the host meanwhile: it ends as it must, the host's memory stays bounded, the monitor small, its log within
// what it may have, and nothing is left. As root it does so also where there is no control group.
func TestHostile(t *testing.T) {
	attacks, err := hostile.Attacks("../../fixtures")
	if err != nil {
		t.Fatal(err)
	}
	settings := strings.Fields(os.Getenv("POCKET_TEST_HOSTILE"))
	if len(settings) == 0 {
		t.Skip(`it takes minutes: set POCKET_TEST_HOSTILE to "host none" or one of them, as .ci/run hostile does`)
	}
	for _, needed := range []error{canMakeNamespaces(), missing("gcc"), missing("python3")} {
		if needed != nil && os.Getenv("POCKET_TEST_REQUIRE") == "" {
			t.Skip(needed)
		} else if needed != nil {
			t.Fatal(needed)
		}
	}
	if err := stray.Adopt(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0) })
	l, err := net.Listen("unix", "@pocket-hostile") // which no container may reach
	if err == nil {
		t.Cleanup(func() { l.Close() })
	} else if !errors.Is(err, unix.EADDRINUSE) { // by the same test of the other program
		t.Fatal(err)
	}
	programs := t.TempDir()
	for _, setting := range settings {
		t.Run(setting, func(t *testing.T) {
			if setting != "host" && setting != "none" {
				t.Fatal("POCKET_TEST_HOSTILE: no such setting")
			}
			if setting == "none" && os.Geteuid() != 0 {
				t.Skip("only root can hide the control groups that it has")
			}
			where := makeContained(t, programs, setting == "host")
			for _, a := range attacks {
				if a.Contained != nil && (where.groups || dependsOnGroups[a.Row]) {
					t.Run(a.Name(), func(t *testing.T) { where.see(t, a) })
				}
			}
		})
	}
}

func missing(program string) error {
	_, err := exec.LookPath(program)
	return err
}

// dependsOnGroups are the rows of attacks against what control groups hold.
var dependsOnGroups = map[int]bool{1: true, 2: true, 3: true, 6: true, 9: true, 11: true}

func makeContained(t *testing.T, programs string, groups bool) contained {
	t.Helper()
	// Nothing inside may have this in a name or in a text. The state folder's path is in a container's mountinfo(5).
	canary := filepath.Join(t.TempDir(), "pocket-canary")
	if err := os.WriteFile(canary, []byte("pocket-canary\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	where := contained{root: filepath.Join(t.TempDir(), "state"), tmp: t.TempDir(), programs: programs, groups: groups,
		memory: groups && cgroup.Detect().Memory.Version != 0}
	if _, err := where.run(t, io.Discard, "run", "--rm", "host", "true"); err != nil {
		t.Fatal(err)
	}
	return where
}

// run runs pocket-docker.
func (where contained) run(t *testing.T, to io.Writer, args ...string) (hostile.Seen, error) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Args[0] = "pocket-docker"
	cmd.Env = append(os.Environ(), "POCKET_ROOT="+where.root, "TMPDIR="+where.tmp, "POCKET_CANARY=pocket-canary")
	if !where.groups {
		hostile.WithoutGroups(cmd)
	}
	// A line, and more than a program may ever read.
	cmd.Stdin = io.MultiReader(strings.NewReader("5\n"), strings.NewReader(strings.Repeat(" ", 4<<20)))
	if slices.Contains(args, "seven") {
		cmd.Stdin = strings.NewReader("7\n")
	}
	cmd.Stdout, cmd.Stderr = to, to
	return hostile.Run(cmd)
}

// more is what the host may lose of its memory beside a container's limit, by the attacks of the first rows. Other
// tests run at the same time, so that more than this counts when it is seen every time.
const (
	more         = 64 << 20
	rowsOfMemory = 7
	tries        = 5
)

func (where contained) see(t *testing.T, a hostile.Attack) {
	files, err := hostile.Files(where.root, where.tmp)
	if err != nil {
		t.Fatal(err)
	}
	bound := where.bound(a)
	var ended string
	var seen hostile.Seen
	for range tries {
		if ended, seen = where.attack(t, a); a.Row > rowsOfMemory || seen.Drop <= bound {
			break
		}
	}
	t.Logf("%s; the host lost %s, the monitor had %s, %v", ended, resource.Size(seen.Drop).Human(), resource.Size(seen.Own).Human(), seen.Took.Round(time.Millisecond))
	if how, _, _ := strings.Cut(ended, ":"); !slices.Contains(a.Contained, how) {
		t.Errorf("%s, want %s", ended, a.Contained)
	}
	if a.Row <= rowsOfMemory && seen.Drop > bound {
		t.Errorf("the host lost %s of memory, more than %s", resource.Size(seen.Drop).Human(), resource.Size(bound).Human())
	}
	if seen.Own >= 64<<20 {
		t.Errorf("the monitor itself had %s", resource.Size(seen.Own).Human())
	}
	if len(seen.Left) > 0 {
		t.Errorf("left: %q", seen.Left)
	}
	if now, err := hostile.Files(where.root, where.tmp); err != nil || len(stray.Beyond(files, now)) > 0 {
		t.Errorf("files are left: %q %v", stray.Beyond(files, now), err)
	}
}

// attack runs one program in a container, looks at what it keeps, and removes it. It says how the program ended, and
// what it said.
func (where contained) attack(t *testing.T, a hostile.Attack) (string, hostile.Seen) {
	t.Helper()
	name := "attack"
	timeout := "60s"
	switch {
	case a.Row == 10:
		timeout = "1500ms"
	case os.Getenv("POCKET_TEST_VM") != "":
		timeout = "120s"
	}
	args := []string{"run", "-i", "--name", name, "--memory", "64m", "--pids-limit", "32", "--timeout", timeout, "--cpu-time", where.time(a),
		"--ulimit", "nofile=1024", "-e", "HOSTILE_CONTAINER=1", "-v", where.programs + ":/hostile:ro", "--tmpfs", "/tmp:size=16m", "--shm-size", "16m"}
	if a.Case == "few-processes" {
		args = append(args, "--label", "seven", "--memory", "256m", "--pids-limit", "16")
	}
	var out tail
	seen, err := where.run(t, &out, append(args, where.command(t, a)...)...)
	ended := "right"
	exit := (*exec.ExitError)(nil)
	switch said := out.String(); {
	case strings.Contains(said, "a limit was passed"):
		ended = "stopped"
	case errors.As(err, &exit) || !strings.Contains(said, "25\n"):
		ended = "fails"
	case err != nil:
		t.Fatal(err)
	}
	if exit != nil && exit.ExitCode() == 125 && !strings.HasSuffix(a.Program, "exits_125.sh") {
		t.Errorf("pocket-docker itself is at fault")
	}
	if kept := size(where.root); kept > 40<<20 {
		t.Errorf("%s are kept of it, more than three files of 10 MiB and their database", resource.Size(kept).Human())
	}
	began := time.Now()
	if removed, err := where.run(t, &out, "rm", "-f", "-v", name); err != nil || len(removed.Left) > 0 {
		t.Errorf("rm: %v %q\n%s", err, removed.Left, out.String())
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("removing it took %v", took)
	}
	return fmt.Sprintf("%s: %.90q", ended, last(strings.TrimSpace(out.String()), 90)), seen
}

// time is the limit on processor time: little for what must meet it.
func (where contained) time(a hostile.Attack) string {
	if os.Getenv("POCKET_TEST_VM") != "" || slices.Contains(a.Contained, "right") {
		return "10s"
	}
	return "500ms"
}

// command is how a program is called inside; one in C is compiled, once.
func (where contained) command(t *testing.T, a hostile.Attack) []string {
	t.Helper()
	source := filepath.Join("../../fixtures", a.Program)
	base := strings.ReplaceAll(a.Program, "/", "-")
	compiled := filepath.Join(where.programs, base)
	if _, err := os.Stat(compiled); err != nil {
		var cmd *exec.Cmd
		if filepath.Ext(source) == ".c" {
			cmd = exec.Command("gcc", "-O1", "-w", "-o", compiled, source, "-lm", "-lpthread", "-lrt")
		} else {
			cmd = exec.Command("cp", source, compiled)
		}
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
	}
	inside := "/hostile/" + base
	switch filepath.Ext(source) {
	case ".py":
		return []string{"host", "python3", inside}
	case ".sh":
		return []string{"host", "sh", inside}
	}
	return []string{"host", inside}
}

// bound is what the host may lose of its memory. Where nothing counts what pipes and sockets buffer, nor what belongs
// to no process, only the processes' own pages, and the time, are held: the warning says so. Those programs
// stop by themselves then.
func (where contained) bound(a hostile.Attack) int64 {
	limit := int64(64 << 20)
	if a.Case == "few-processes" {
		limit = 256 << 20
	}
	name := strings.TrimSuffix(filepath.Base(a.Program), ".c")
	if !where.memory && slices.Contains([]string{"pipes", "sockets", "in_flight", "memfd", "sysv_shm", "message_queues"}, name) {
		limit += 1 << 30
	}
	return limit + more
}

// tail keeps the end of what is written to it.
type tail struct{ bytes.Buffer }

func (t *tail) Write(b []byte) (int, error) {
	if t.Len()+len(b) > 1<<16 {
		t.Reset()
	}
	return t.Buffer.Write(b[max(0, len(b)-1<<15):])
}

func (t *tail) String() string { return t.Buffer.String() }

func last(s string, n int) string { return s[max(0, len(s)-n):] }

// size is how many bytes the files below a folder have.
func size(dir string) int64 {
	var total int64
	list, _ := stray.Files(dir)
	for _, f := range list {
		if info, err := os.Lstat(filepath.Join(dir, f)); err == nil && info.Mode().IsRegular() {
			total += info.Size()
		}
	}
	return total
}
