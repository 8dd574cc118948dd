package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pocket/fixtures/hostile"
	"pocket/grader"
	"pocket/runtime/stray"
)

// TestKilledAmidAttack kills the grader by SIGKILL while a fork bomb and a daemon run: they die with it, and the
// same command then comes to the right verdicts and leaves nothing.
func TestKilledAmidAttack(t *testing.T) {
	adopt(t)
	db := filepath.Join(t.TempDir(), "grade.db")
	suite := suiteWith(t, "../../suites/hostile", "limits: {cpu: 60s, wall: 60s,")
	args := []string{"run", "--json", "-j", "1", "--db", db, "--case", "five", suite, "../../fixtures/hostile/time-limit/stops_again.c"}
	cmd := pocketGrade(t, args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for len(descendants(cmd.Process.Pid)) < 3 { // its first process, the program, and the program's child
		if cmd.ProcessState != nil {
			t.Fatal("it has ended")
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if left := stray.Processes(10 * time.Second); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
	suiteNow := suiteWith(t, "../../suites/hostile", "limits: {cpu: 1s, wall: 1500ms,")
	args[len(args)-2] = suiteNow
	next := pocketGrade(t, args...)
	var out bytes.Buffer
	next.Stdout = &out
	seen, _ := hostile.Run(next)
	if !strings.Contains(out.String(), `"verdict": "TLE"`) || len(seen.Left) > 0 {
		t.Errorf("left: %q\n%s", seen.Left, out.String())
	}
	if groups := stray.Groups(map[int]bool{cmd.Process.Pid: true}); len(groups) > 0 {
		t.Errorf("the next run left groups of the killed one: %q", groups)
	}
}

// descendants lists the processes below one, as far as they can be seen.
func descendants(pid int) []string {
	var list []string
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, task := range tasks {
		text, _ := os.ReadFile(task) // it may have ended
		for _, child := range strings.Fields(string(text)) {
			list = append(list, child)
			n := 0
			if _, err := fmt.Sscan(child, &n); err == nil {
				list = append(list, descendants(n)...)
			}
		}
	}
	return list
}

// manySuite has a hundred cases; the program below comes to each verdict in turn.
const manySuite = `version: 1
name: many
limits: {cpu: 2s, wall: 300s, memory: 64MiB, output: 64KiB, processes: 16, files: 4MiB}
cases:
`

const manyProgram = `import os, signal, sys
n = int(input())
kind = n % 6
if kind == 1:
    print("wrong"); sys.exit()
if kind == 2:
    sys.exit(3)
if kind == 3:
    os.kill(os.getpid(), signal.SIGKILL)
if kind == 4:
    sys.stdout.write("x" * (1 << 20))
if kind == 5:
    for i in range(8):
        if os.fork() == 0:
            os._exit(0)
open("/tmp/mine", "x").write(str(n))
open("/dev/shm/mine", "x").write(str(n))
print(n)
`

// TestManyAtOnce runs a hundred sandboxes at once and one after the other: the verdicts are the same, and what is
// counted for a user of the host's, such as processes and pipes, is enough for all.
func TestManyAtOnce(t *testing.T) {
	if testing.Short() {
		t.Skip("a hundred sandboxes at once")
	}
	if _, err := exec.LookPath("python3"); err != nil && os.Getenv("POCKET_TEST_REQUIRE") == "" {
		t.Skip(err)
	}
	adopt(t)
	dir := t.TempDir()
	text := manySuite
	for i := range 100 {
		text += fmt.Sprintf("  - {name: c%d, input: \"%d\\n\", answer: \"%d\\n\"}\n", i, i, i)
	}
	for name, content := range map[string]string{"suite/suite.yaml": text, "many.py": manyProgram} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var verdicts [2]string
	for i, jobs := range []string{"1", "100"} {
		cmd := pocketGrade(t, "run", "--json", "--no-cache", "-j", jobs, "--db", filepath.Join(dir, jobs+".db"), filepath.Join(dir, "suite"), filepath.Join(dir, "many.py"))
		var out bytes.Buffer
		cmd.Stdout = &out
		seen, _ := hostile.Run(cmd)
		var answer struct{ Reports []grader.Report }
		if err := json.Unmarshal(out.Bytes(), &answer); err != nil || len(answer.Reports) != 1 {
			t.Fatalf("%v\n%s", err, out.String())
		}
		for _, r := range answer.Reports[0].Results {
			if r.Verdict == grader.OLE { // by SIGKILL or an error in writing, whichever comes first
				r.ExitCode, r.Signal = 0, ""
			}
			verdicts[i] += fmt.Sprintln(r.Case, r.Verdict, r.ExitCode, r.Signal)
		}
		t.Logf("%s at once: %v, the grader had %d MiB", jobs, seen.Took.Round(time.Millisecond), seen.Own>>20)
		if len(seen.Left) > 0 {
			t.Errorf("left: %q", seen.Left)
		}
	}
	alone, together := strings.Split(verdicts[0], "\n"), strings.Split(verdicts[1], "\n")
	if more, less := stray.Beyond(alone, together), stray.Beyond(together, alone); len(more)+len(less) > 0 {
		t.Errorf("at once %q, one after the other %q", more, less)
	}
	for _, want := range []string{"c0 AC 0 ", "c1 WA 0 ", "c2 RTE 3 ", "c3 RTE 0 SIGKILL", "c4 OLE", "c5 AC 0 "} {
		if !strings.Contains(verdicts[0], want) {
			t.Errorf("not %q in\n%s", want, verdicts[0])
		}
	}
}

// What no control group holds, doctor names.
func TestDoctorNamesWhatIsNotHeld(t *testing.T) {
	cmd := pocketGrade(t, "doctor")
	if os.Geteuid() == 0 {
		hostile.WithoutGroups(cmd)
	}
	text, err := cmd.CombinedOutput()
	if os.Geteuid() != 0 && !strings.Contains(string(text), "degraded  memory limit") {
		t.Skip("a control group of this user's holds it")
	}
	for _, want := range []string{"memory limit     polled", "pipes and sockets", "process limit    RLIMIT_NPROC", "cpu time         clocks of living processes", "may be missed"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q is not said: %v\n%s", want, err, text)
		}
	}
}
