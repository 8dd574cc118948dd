//go:build failpoint

package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pocket/grader"
	"pocket/runtime/stray"
)

// TestFaults has each failpoint that a grader comes to fail in each way, each time it is come to: the fault is told as
// one of ours, results are right afterwards, the same command finds every verdict, and nothing strays.
func TestFaults(t *testing.T) {
	howMany(t, 1, 1)
	known, err := stray.Points("../../grader", "../../runtime", ".")
	if err != nil || len(known) == 0 {
		t.Fatal(len(known), err)
	}
	ours, err := stray.Points("../../grader", ".")
	if err != nil {
		t.Fatal(err)
	}
	healthy := newFaultyWalk(t, "")
	healthy.grade()
	come := healthy.trace()
	for step := range ours {
		if !slices.ContainsFunc(come, func(p passed) bool { return p.step == step }) {
			t.Errorf("the failpoint %s is never come to", step)
		}
	}
	places := faultsOf(come, known)
	t.Logf("%d failpoints, come to %d times: %d faults", len(ours), len(come), len(places))
	every, tried, met := max(1, len(places)/howMany(t, 8, len(places))), 0, 0
	var slowest []time.Duration
	for i, fail := range places {
		if i%every != every/2 {
			continue
		}
		tried++
		t.Run(fail, func(t *testing.T) {
			w := newFaultyWalk(t, fail)
			w.grade()
			if w.fired() {
				met++
			}
			slowest = append(slowest, w.looks...)
		})
	}
	slices.Sort(slowest)
	if n := len(slowest); n > 0 {
		t.Logf("%d faults tried, %d met; results afterwards took %v in the middle, %v of 95 %%, %v at most", tried, met, slowest[n/2], slowest[n*95/100], slowest[n-1])
	}
	if met < tried-max(tried/20, 4) { // what is done side by side is not come to as often each time
		t.Errorf("of %d faults only %d were met", tried, met)
	}
}

// passed is a line of the trace.
type passed struct {
	pid    int
	step   string
	n      int
	action string
}

// faultsOf are all that can be tried: each failpoint, each time it was come to, with each action.
func faultsOf(come []passed, killOnly map[string]bool) []string {
	all := map[string]bool{}
	for _, p := range come {
		actions := []string{"kill", "ENOSPC", "EIO", "EMFILE", "ENOMEM"}
		if killOnly[p.step] {
			actions = actions[:1]
		}
		for _, action := range actions {
			all[fmt.Sprintf("%s:%d=%s", p.step, p.n, action)] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// faultyWalk is a walk on which something fails.
type faultyWalk struct {
	*walk
	faulty []string        // of the environment
	looks  []time.Duration // how long each look at the results took
}

func newFaultyWalk(t *testing.T, fail string) *faultyWalk {
	w := &faultyWalk{walk: newWalk(t)}
	if err := os.WriteFile(w.path("trace"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	w.faulty = []string{"POCKET_FAIL=" + fail, "POCKET_FAIL_TRACE=" + w.path("trace")}
	return w
}

func (w *faultyWalk) trace() (list []passed) {
	w.t.Helper()
	text, err := os.ReadFile(w.path("trace"))
	if err != nil {
		w.t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		words := append(strings.Fields(line), "")
		var p passed
		var errPID, errN error
		p.pid, errPID = strconv.Atoi(words[0])
		p.n, errN = strconv.Atoi(words[2])
		if p.step, p.action = words[1], words[3]; errPID != nil || errN != nil {
			w.t.Fatalf("line %q of the trace", line)
		}
		list = append(list, p)
	}
	return list
}

func (w *faultyWalk) fired() bool {
	return slices.ContainsFunc(w.trace(), func(p passed) bool { return p.action != "" })
}

// run is the command that grades the two submissions.
func (w *walk) run() []string {
	return []string{"run", "-j", "2", "--db", w.path("db"), w.path("suite"), w.path("in/square.sh"), w.path("in/square.c")}
}

// grade grades two submissions, and looks at the results. What meets the fault may fail, and is given again.
func (w *faultyWalk) grade() {
	w.t.Helper()
	for _, args := range [][]string{w.run(), {"results", "--db", w.path("db"), "latest"}} {
		o := w.try(w.faulty, args...)
		fired := w.fired()
		if !fired && o.status != 0 || fired && o.status != 0 && o.status != judgeError && o.status != -1 {
			w.t.Errorf("%q: %v", args, o)
		}
		w.fair()
		if o.status != 0 {
			o = w.try(w.faulty, args...)
		}
		if o.status != 0 {
			w.t.Errorf("given again, %q: %v", args, o)
		}
	}
	all := w.results()
	for _, name := range []string{"square.sh", "square.c"} {
		if r := all[name]; r.Verdict != "AC" || len(r.Results) != 3 {
			w.t.Errorf("%s: %+v", name, r)
		}
	}
	makers := map[int]bool{}
	for _, p := range w.trace() {
		makers[p.pid] = true
	}
	w.left(makers)
}

// results are the reports of all runs in the database, by submission the last.
func (w *faultyWalk) results() map[string]grader.Report {
	w.t.Helper()
	all := map[string]grader.Report{}
	began := time.Now()
	o := w.try(nil, "results", "--db", w.path("db"), "--json")
	w.looks = append(w.looks, time.Since(began))
	var runs []struct{ ID int64 }
	if o.status == wrongUse { // there is no database yet, or no run in it
		return all
	}
	if err := json.Unmarshal([]byte(o.out), &runs); err != nil || o.status != 0 {
		w.t.Errorf("results: %v %v", err, o)
	}
	for i := len(runs) - 1; i >= 0; i-- {
		o := w.try(nil, "report", "--db", w.path("db"), "--run", strconv.FormatInt(runs[i].ID, 10), "--format", "json")
		var answer struct{ Submissions []grader.Report }
		if err := json.Unmarshal([]byte(o.out), &answer); err != nil || o.status != 0 {
			w.t.Errorf("report: %v %v", err, o)
		}
		for _, r := range answer.Submissions {
			all[r.Submission] = r
		}
	}
	return all
}

// fair wants that no verdict is held against a student who did nothing wrong.
func (w *faultyWalk) fair() {
	w.t.Helper()
	for name, r := range w.results() {
		for _, c := range append(r.Results, grader.Result{Case: "the whole", Verdict: r.Verdict}) {
			if c.Verdict != grader.AC && c.Verdict != grader.JE && c.Verdict != grader.SKIP {
				w.t.Errorf("%s: %s is %s: %s", name, c.Case, c.Verdict, c.Detail)
			}
		}
	}
}

// howMany is how much of something long is done: POCKET_TEST_FAULTS is sample, whole or a number. Without it the test
// is skipped.
func howMany(t *testing.T, sample, whole int) int {
	t.Helper()
	switch text := os.Getenv("POCKET_TEST_FAULTS"); text {
	case "":
		t.Skip("it takes long: set POCKET_TEST_FAULTS to sample, whole or a number, as .ci/run faults does")
	case "sample":
		return sample
	case "whole":
		return whole
	default:
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			t.Fatalf("POCKET_TEST_FAULTS=%s: want sample, whole or a number from 1", text)
		}
		return min(n, whole)
	}
	return 0
}
