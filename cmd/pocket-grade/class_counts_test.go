package main

import (
	"os/exec"
	"strings"
	"testing"
)

// outOfTime says whether the program runs out of time somewhere: such a verdict depends on how busy the
// machine is, so that it is found out by several executions and never taken from an earlier run.
func (p classProgram) outOfTime() bool { return strings.Contains(p.want, "TLE") }

// needed is how many executions a run's results stand for, by source.
func (c *class) needed(t *testing.T, run int) map[int]int {
	t.Helper()
	byID := map[string]int{}
	for _, s := range c.students {
		byID[s.name] = s.source
	}
	all := map[int]int{}
	for _, r := range c.reports(t, "grade.db", run) {
		sum := 0
		for _, result := range r.Results {
			if result.Verdict != "SKIP" {
				sum += max(1, len(result.Samples))
			}
		}
		if source, ok := byID[r.Student.Name]; ok {
			all[source] = max(all[source], sum)
		}
	}
	return all
}

// wantNothingTwice compares the executions that were counted with those that the results stand for: what was
// running when the grader was killed had to be begun again, and what had ended and was being written: on a busy
// disk that can be as much again.
func (c *class) wantNothingTwice(t *testing.T, kills int) {
	t.Helper()
	executed, needed := c.ticks.executions(t), c.needed(t, 1)
	again := 0
	for source, p := range c.sources {
		more := executed[source] - needed[source]
		switch {
		case more < 0:
			t.Errorf("%s (source %d): %d executions, but %d are recorded", p.name, source, executed[source], needed[source])
		case p.outOfTime() && more > 4*kills, !p.outOfTime() && more > kills:
			t.Errorf("%s (source %d): executed %d times, needed %d, killed %d times", p.name, source, executed[source], needed[source], kills)
		case !p.outOfTime():
			again += more
		}
	}
	t.Logf("%d executions, %d of them again after %d kills with %d cases at once", total(executed), total(executed)-total(needed), kills, classJobs)
	if again > kills*2*classJobs {
		t.Errorf("%d executions more than needed: more than were running or being written when the grader was killed", again)
	}
}

// again gives the same command once more: all but what ran out of time is known.
func (c *class) again(t *testing.T) {
	before := c.ticks.executions(t)
	spent := graded(t, c.command(t, "grade.db"))
	c.wantVerdicts(t, "grade.db", 2)
	executed := 0
	for source, after := range c.ticks.executions(t) {
		more := after - before[source]
		executed += more
		if p := c.sources[source]; more > 0 && !p.outOfTime() {
			t.Errorf("%s (source %d) was executed %d times, although its verdicts are known", p.name, source, more)
		}
	}
	t.Logf("again in %.1f s, with %d executions of programs that run out of time", spent.Seconds(), executed)
}

// busy grades the class anew while as many other processes as there are processors want all of their time.
func (c *class) busy(t *testing.T, jobs string) {
	for range 2 {
		load := exec.Command("sh", "-c", "while :; do :; done")
		if err := load.Start(); err != nil {
			t.Fatal(err)
		}
		defer load.Wait()
		defer load.Process.Kill()
	}
	db := "busy" + jobs + ".db"
	spent := graded(t, c.command(t, db, "-j", jobs))
	t.Logf("graded in %.1f s", spent.Seconds())
	c.wantVerdicts(t, db, 1)
}
