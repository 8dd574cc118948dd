package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"pocket/grader"
)

const (
	classKills = 5
	classJobs  = 2
)

// TestClass grades a class from one zip by one command that is killed five times on the way: every verdict
// is the one that is known, and no case that was recorded runs again. Then the whole again, which executes
// only what ran out of time, and with other numbers of jobs while the machine is busy with something else.
func TestClass(t *testing.T) {
	if os.Getenv("POCKET_TEST_CLASS") == "" {
		t.Skip("it takes minutes: set POCKET_TEST_CLASS to a number of submissions, as .ci/run class does")
	}
	if ok, err := condition("sandbox"); err != nil {
		t.Fatal(err)
	} else if !ok {
		t.Skip("no sandbox can be made here")
	}
	size, err := strconv.Atoi(os.Getenv("POCKET_TEST_CLASS"))
	if err != nil || size < len(classPrograms) {
		t.Fatalf("POCKET_TEST_CLASS=%s: want a number from %d", os.Getenv("POCKET_TEST_CLASS"), len(classPrograms))
	}
	c := makeClass(t, size)
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	temporary := t.TempDir()
	c.ticks = watchTicks(t, temporary)
	t.Setenv("TMPDIR", temporary)
	c.killed(t)
	c.again(t)
	t.Run("shards", c.shards)
	for _, jobs := range []string{"1", "4"} {
		t.Run("busy-j"+jobs, func(t *testing.T) { c.busy(t, jobs) })
	}
}

// command grades the whole class into a database.
func (c *class) command(t *testing.T, db string, flags ...string) *exec.Cmd {
	args := append([]string{"run", "-q", "--db", filepath.Join(c.dir, db), "--roster", filepath.Join(c.dir, "roster.csv"),
		"--batch", filepath.Join(c.dir, "class.zip")}, flags...)
	cmd := pocketGrade(t, append(args, filepath.Join(c.dir, "suite"))...)
	out, err := os.Create(filepath.Join(t.TempDir(), "output")) // no pipe: what is left behind could hold it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { out.Close() })
	cmd.Stdout, cmd.Stderr = out, out
	return cmd
}

// said is what a command wrote.
func said(cmd *exec.Cmd) string {
	text, err := os.ReadFile(cmd.Stdout.(*os.File).Name())
	return fmt.Sprint(string(text), err)
}

// graded runs a command to its end, which must be that not all is accepted.
func graded(t *testing.T, cmd *exec.Cmd) time.Duration {
	t.Helper()
	start := time.Now()
	if err := cmd.Run(); cmd.ProcessState.ExitCode() != notAccepted {
		t.Fatalf("%v\n%s", err, said(cmd))
	}
	return time.Since(start)
}

// killed grades the class, killed again and again after a random number of executions.
func (c *class) killed(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("%d submissions, %d sources, seed %d", len(c.students), len(c.sources), seed)
	random := rand.New(rand.NewPCG(seed, 0))
	step := len(c.sources) * len(classCases) / (classKills + 1)
	start, kills := time.Now(), 0
	for range classKills {
		before := total(c.ticks.executions(t))
		if c.kill(t, before+1+random.IntN(step)) {
			kills++
		}
	}
	last := c.command(t, "grade.db", "-j", strconv.Itoa(classJobs))
	graded(t, last)
	if kills != classKills || !strings.Contains(said(last), "going on with run 1") {
		t.Errorf("killed %d times of %d; the last run said:\n%s", kills, classKills, said(last))
	}
	t.Logf("graded in %.1f s with %d kills", time.Since(start).Seconds(), kills)
	c.wantVerdicts(t, "grade.db", 1)
	c.wantNothingTwice(t, kills)
}

// kill starts the command and kills it after so many executions in all; false when it ended before.
func (c *class) kill(t *testing.T, executions int) bool {
	cmd := c.command(t, "grade.db", "-j", strconv.Itoa(classJobs))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var over atomic.Bool
	ended := make(chan error, 1)
	go func() {
		err := cmd.Wait()
		over.Store(true)
		c.ticks.mu.Lock()
		c.ticks.changed.Broadcast()
		c.ticks.mu.Unlock()
		ended <- err
	}()
	c.ticks.await(executions, over.Load)
	_ = cmd.Process.Kill() // it may have ended
	<-ended
	if status := cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signaled() {
		return true
	}
	t.Log("ended before it was killed:", said(cmd))
	return false
}

// shards grades the class in three parts and merges them: table and verdicts are those of the whole.
func (c *class) shards(t *testing.T) {
	merge := []string{"merge", "--db", filepath.Join(c.dir, "merged.db")}
	for i := 1; i <= 3; i++ {
		db := fmt.Sprintf("shard-%d.db", i)
		graded(t, c.command(t, db, "-j", strconv.Itoa(classJobs), "--shard", fmt.Sprintf("%d/3", i)))
		merge = append(merge, filepath.Join(c.dir, db))
	}
	if out, err := pocketGrade(t, merge...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	c.wantVerdicts(t, "merged.db", 1)
	if whole, merged := c.table(t, "grade.db", 1), c.table(t, "merged.db", 1); !maps.Equal(whole, merged) {
		t.Errorf("whole:\n%v\nmerged:\n%v", whole, merged)
	}
}

// reports are a run's, as JSON has them.
func (c *class) reports(t *testing.T, db string, run int) []grader.Report {
	t.Helper()
	out, err := pocketGrade(t, "report", "--db", filepath.Join(c.dir, db), "--run", strconv.Itoa(run), "--format", "json").Output()
	var answer struct{ Submissions []grader.Report }
	if err == nil {
		err = json.Unmarshal(out, &answer)
	}
	if err != nil {
		t.Fatal(err)
	}
	return answer.Submissions
}

// table is a run's CSV: by student's name, the verdict and those of the cases.
func (c *class) table(t *testing.T, db string, run int) map[string]string {
	t.Helper()
	out, err := pocketGrade(t, "report", "--db", filepath.Join(c.dir, db), "--run", strconv.Itoa(run), "--format", "csv").Output()
	if err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(strings.NewReader(string(out))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	verdicts := map[string]string{}
	for _, record := range records[1:] {
		cell := map[string]string{}
		for i, title := range records[0] {
			cell[title] = record[i]
		}
		verdicts[cell["student_name"]] = strings.TrimSpace(fmt.Sprintln(cell["verdict"], cell["case:two"], cell["case:five"], cell["case:seven"], cell["case:big"]))
		if cell["student_id"] == "" || cell["email"] == "" {
			t.Errorf("%s is not as on the roster: %q", cell["student_name"], record)
		}
	}
	if len(records)-1 != len(verdicts) {
		t.Errorf("%d lines for %d students", len(records)-1, len(verdicts))
	}
	return verdicts
}

// wantVerdicts compares a run with what is known, student by student.
func (c *class) wantVerdicts(t *testing.T, db string, run int) {
	t.Helper()
	got := c.table(t, db, run)
	if len(got) != len(c.students)+1 {
		t.Errorf("%d students, want %d", len(got), len(c.students)+1)
	}
	if v, ok := got["Nemo Nobody"]; !ok || !strings.HasPrefix(v, string(grader.SKIP)) {
		t.Errorf("who handed in nothing got %q", v)
	}
	wrong := 0
	for _, s := range c.students {
		p := c.sources[s.source]
		if want := p.verdict() + " " + p.want; got[s.name] != want {
			wrong++
			t.Errorf("%s (%s): %q, want %q", s.name, p.name, got[s.name], want)
		}
	}
	if wrong > 0 {
		for _, r := range c.reports(t, db, run) {
			if strings.Contains(explain(r), "JE") {
				t.Log(r.Submission, explain(r))
			}
		}
	}
}
