package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"pocket/fixtures/hostile"
	"pocket/runtime/cgroup"
	"pocket/runtime/resource"
	"pocket/runtime/stray"
)

// What each of stress-ng's stressors gets, and what may happen. Those for inter-process communication are of the
// classes os, pipe and scheduler.
const (
	stressMemory  = 64 << 20
	stressEnds    = 10 * time.Second // the container's limit on the clock
	stressLate    = 10 * time.Second // more until it is removed, on a machine that has much to do
	stressClasses = "memory vm pipe os scheduler filesystem"
)

// TestStress runs stress-ng's stressors, one after the other, each in a container of 64 MiB, one processor and 64
// processes: each ends in time, the host's memory stays bounded, and nothing is left.
func TestStress(t *testing.T) {
	how := os.Getenv("POCKET_TEST_STRESS")
	if how == "" {
		t.Skip("it takes minutes: set POCKET_TEST_STRESS to sample, all or the names of stressors, as .ci/run and .ci/whole do")
	}
	for _, needed := range []error{canMakeNamespaces(), missing("stress-ng")} {
		if needed != nil && os.Getenv("POCKET_TEST_REQUIRE") == "" {
			t.Skip(needed)
		} else if needed != nil {
			t.Fatal(needed)
		}
	}
	if err := stray.Adopt(); err != nil {
		t.Fatal(err)
	}
	names, seconds := stressors(t), 3
	switch how {
	case "all":
	case "sample":
		names, seconds = []string{"vm", "sockmany", "fork", "msg", "oom-pipe", "memfd", "shm-sysv", "tmpfs", "dirmany", "zombie", "mlockmany", "bad-altstack"}, 1
	default:
		names = strings.Fields(how)
	}
	where := contained{root: t.TempDir(), tmp: t.TempDir(), groups: true, memory: cgroup.Detect().Memory.Version != 0}
	if err := os.Chmod(where.root, 0o711); err != nil {
		t.Fatal(err)
	}
	if _, err := where.run(t, &bytes.Buffer{}, "run", "--rm", "host", "true"); err != nil {
		t.Fatal(err)
	}
	ended := map[string]int{}
	var most hostile.Seen
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			how, seen := where.stress(t, name, seconds)
			ended[how]++
			most.Drop, most.Own, most.Took = max(most.Drop, seen.Drop), max(most.Own, seen.Own), max(most.Took, seen.Took)
		})
	}
	t.Logf("%d stressors: %v; the host lost %s at most, the monitor had %s, the longest took %v", len(names), ended,
		resource.Size(most.Drop).Human(), resource.Size(most.Own).Human(), most.Took.Round(time.Millisecond))
}

// stressors are those of the classes, each once.
func stressors(t *testing.T) (names []string) {
	t.Helper()
	for _, class := range strings.Fields(stressClasses) {
		text, err := exec.Command("stress-ng", "--class", class+"?").CombinedOutput()
		_, list, ok := strings.Cut(string(text), "stressors:")
		if !ok {
			t.Fatalf("class %s: %v %s", class, err, text)
		}
		names = append(names, strings.Fields(list)...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// stress runs one stressor and says how it ended.
func (where contained) stress(t *testing.T, name string, seconds int) (string, hostile.Seen) {
	t.Helper()
	files, err := hostile.Files(where.root, where.tmp)
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"run", "--rm", "--memory", fmt.Sprint(stressMemory), "--cpus", "1", "--pids-limit", "64", "--timeout", stressEnds.String(),
		"--tmpfs", "/scratch:size=32m", "-w", "/scratch", "host", "stress-ng", "--" + name, "2", "-t", fmt.Sprint(seconds), "--temp-path", "/scratch"}
	if name == "oom-pipe" { // which it would not do otherwise, because hosts do not bear it
		args = append(args, "--pathological")
	}
	bound := int64(stressMemory + more)
	if !where.memory {
		bound += stressUncounted
	}
	var ended string
	var seen hostile.Seen
	for range tries { // other tests take memory at the same time
		var out tail
		seen, err = where.run(t, &out, args...)
		if ended = stressEnded(t, err, out.String()); seen.Drop <= bound {
			break
		}
	}
	if late := stressEnds + stressLate; seen.Took > late && os.Getenv("POCKET_TEST_VM") == "" {
		t.Errorf("it took %v, more than %v", seen.Took, late)
	}
	if seen.Drop > bound {
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
	t.Logf("%s; the host lost %s, %v", ended, resource.Size(seen.Drop).Human(), seen.Took.Round(time.Millisecond))
	return ended, seen
}

// stressUncounted is what the host may lose beside the limit where no memory controller counts what pipes, sockets and
// files in memory that nobody maps have.
const stressUncounted = 1 << 30

// stressEnded says how stress-ng ended, by its exit status (stress-ng(1), EXIT STATUS).
func stressEnded(t *testing.T, err error, said string) string {
	t.Helper()
	exit := (*exec.ExitError)(nil)
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err, said)
	}
	switch {
	case strings.Contains(said, "a limit was passed"):
		return "stopped by a limit"
	case err == nil:
		return "ended"
	case exit.ExitCode() == 1 && strings.Contains(said, "No stress workers") || exit.ExitCode() == 3 || exit.ExitCode() == 4:
		return "not possible there"
	case exit.ExitCode() == 2:
		return "failed there"
	}
	t.Errorf("%v\n%s", err, said)
	return "otherwise"
}
