package judge

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"pocket/grader"
	"pocket/runtime/resource"
)

const second = time.Second

// execution is what a fake runner does: how long it runs, and what it prints. over: until it is ended.
type execution struct {
	cpu, wall time.Duration
	over      grader.Limit
	text      string
}

// scripted executes one after the other, and tells how many ran at once with the last.
func scripted(t *testing.T, all []execution) (fake, *int) {
	var mu sync.Mutex
	n := 0
	return func(_ context.Context, job grader.Job) grader.Outcome {
		mu.Lock()
		defer mu.Unlock()
		if n == len(all) {
			t.Errorf("it runs more than %d times", n)
			return grader.Outcome{}
		}
		e := all[n]
		n++
		if job.Limits.CPU != 1150*time.Millisecond || job.Limits.Wall != 3450*time.Millisecond {
			t.Errorf("limits %v, %v", job.Limits.CPU, job.Limits.Wall)
		}
		return grader.Outcome{Limit: e.over, Stdout: []byte(e.text), Usage: resource.Usage{CPU: e.cpu, Wall: e.wall},
			Enforcement: []resource.Enforcement{{Limit: "cpu", Requested: "1.15s", Enforced: "1.15s"}, {Limit: "wall", Requested: "3.45s"}, {Limit: "output", Requested: "1.15s"}}}
	}, &n
}

func TestDoubtfulTimes(t *testing.T) {
	const ms = time.Millisecond
	fast := execution{100 * ms, 200 * ms, "", "0\n"}
	slow, late := execution{900 * ms, 900 * ms, "", "0\n"}, execution{1100 * ms, 1100 * ms, "", "0\n"}
	loops, sleeps := execution{1160 * ms, 1200 * ms, grader.CPULimit, ""}, execution{1 * ms, 3460 * ms, grader.WallLimit, ""}
	waits := execution{100 * ms, 2800 * ms, "", "0\n"}
	wrong, slowWrong := execution{100 * ms, 200 * ms, "", "1\n"}, execution{850 * ms, 900 * ms, "", "1\n"}
	for name, test := range map[string]struct {
		repeat     int
		runs       []execution
		want       grader.Verdict
		cpu        time.Duration
		borderline bool
		flaky      bool
	}{
		"fast":                    {1, []execution{fast}, grader.AC, 100 * ms, false, false},
		"loops":                   {1, []execution{loops}, grader.TLE, 1160 * ms, false, false},
		"sleeps":                  {1, []execution{sleeps}, grader.TLE, 1 * ms, false, false},
		"within":                  {1, []execution{slow, fast}, grader.AC, 100 * ms, true, false},
		"within again":            {1, []execution{slow, slow}, grader.AC, 900 * ms, true, false},
		"within, then over":       {1, []execution{slow, late}, grader.AC, 900 * ms, true, false},
		"near on the clock":       {1, []execution{waits, waits}, grader.AC, 100 * ms, true, false},
		"sleeps too long":         {1, []execution{{1 * ms, 3100 * ms, "", "0\n"}, {1 * ms, 3100 * ms, "", "0\n"}}, grader.TLE, 1 * ms, true, false},
		"over, then within":       {1, []execution{late, slow}, grader.AC, 900 * ms, true, false},
		"over twice, then within": {1, []execution{late, late, slow}, grader.AC, 900 * ms, true, false},
		"over four times":         {1, []execution{late, {1050 * ms, 1100 * ms, "", "0\n"}, late, late}, grader.TLE, 1050 * ms, true, false},
		"over, then far over":     {1, []execution{late, loops}, grader.TLE, 1100 * ms, true, false},
		"over, then wrong":        {1, []execution{late, slowWrong}, grader.WA, 850 * ms, true, false},
		"within, then wrong":      {1, []execution{slow, wrong}, grader.WA, 100 * ms, true, true},
		"repeated":                {3, []execution{fast, fast, fast}, grader.AC, 100 * ms, false, false},
		"repeated, once wrong":    {3, []execution{fast, wrong, fast}, grader.WA, 100 * ms, false, true},
		"repeated, once loops":    {2, []execution{fast, loops}, grader.TLE, 1160 * ms, false, true},
		"repeated, once late":     {2, []execution{late, fast, fast}, grader.AC, 100 * ms, true, false},
	} {
		s := numbered(1)
		s.Cases[0].Limits = resource.Limits{CPU: second, Wall: 3 * second}
		runner, ran := scripted(t, test.runs)
		report, err := Run(context.Background(), runner, s, stage(t, "a.py", ""), Program{Run: interpreted}, Options{Workers: 2, Repeat: test.repeat})
		r := report.Results[0]
		if err != nil || r.Verdict != test.want || r.Usage.CPU != test.cpu || r.Borderline != test.borderline || r.Flaky != test.flaky || *ran != len(test.runs) {
			t.Errorf("%s: %s %v borderline %v flaky %v after %d of %d runs, %v", name, r.Verdict, r.Usage.CPU, r.Borderline, r.Flaky, *ran, len(test.runs), err)
		}
		if e := r.Enforcement; e[0].Requested != "1s" || e[1].Requested != "3s" || e[2].Requested != "1.15s" {
			t.Errorf("%s: enforcement %+v", name, e)
		}
		if len(test.runs) == 1 && r.Samples != nil || len(test.runs) > 1 && len(r.Samples) != len(test.runs) {
			t.Fatalf("%s: samples %+v", name, r.Samples)
		}
		for i, sample := range r.Samples {
			if sample.Usage.CPU != test.runs[i].cpu || sample.Alone != (i >= test.repeat) {
				t.Errorf("%s: sample %d is %+v", name, i, sample)
			}
		}
	}
}

// A submission whose every case goes over its limit by a little is not run again for ever.
func TestFewAreRunAgainInVain(t *testing.T) {
	s := numbered(20)
	for i := range s.Cases {
		s.Cases[i].Limits = resource.Limits{CPU: second, Wall: 3 * second}
	}
	var mu sync.Mutex
	runs := 0
	runner := fake(func(context.Context, grader.Job) grader.Outcome {
		mu.Lock()
		defer mu.Unlock()
		runs++
		return grader.Outcome{Usage: resource.Usage{CPU: 1050 * time.Millisecond, Wall: 1100 * time.Millisecond}}
	})
	report, err := Run(context.Background(), runner, s, stage(t, "a.py", ""), Program{Run: interpreted}, Options{Workers: 1})
	if want := 20 + mostLost*mostReruns; err != nil || runs != want {
		t.Errorf("%d runs, want %d, %v", runs, want, err)
	}
	for _, r := range report.Results {
		if r.Verdict != grader.TLE || !r.Borderline {
			t.Errorf("%+v", r)
		}
	}
}

func TestStarved(t *testing.T) {
	limits := resource.Limits{CPU: second, Wall: 3 * second}
	result := func(v grader.Verdict, cpu, wall time.Duration) grader.Result {
		return grader.Result{Verdict: v, Usage: resource.Usage{CPU: cpu, Wall: wall}}
	}
	for name, test := range map[string]struct {
		r    grader.Result
		busy time.Duration
		want bool
	}{
		"on a busy machine":    {result(grader.TLE, second/2, 3*second), 2 * second, true},
		"on an idle one":       {result(grader.TLE, second/2, 3*second), second / 10, false},
		"with processor time":  {result(grader.TLE, second, 3*second), 2 * second, false},
		"another verdict":      {result(grader.MLE, second/2, 3*second), 2 * second, false},
		"asleep":               {result(grader.TLE, second/100, 3*second), 2 * second, false},
		"never let run":        {result(grader.TLE, second/100, 3450*time.Millisecond), 3 * second, true},
		"not looked at":        {result(grader.TLE, second/100, 5*second), 0, true},
		"not looked at, but":   {result(grader.AC, second/100, 5*second), 0, false},
		"where nothing counts": {result(grader.TLE, second/2, 3*second), 0, false},
	} {
		if s := weigh(test.r, limits, grader.WallLimit, test.busy); s.starved != test.want || s.near {
			t.Errorf("%s: %+v", name, s)
		}
	}
	// Run again alone, it keeps its limits: that counts. When it does not, nothing is borderline.
	starved := weigh(result(grader.TLE, second/2, 3*second), limits, grader.WallLimit, 2*second)
	fine := weigh(result(grader.AC, second/2, second), limits, "", 0)
	unseen := weigh(result(grader.TLE, second/100, 5*second), limits, "", 0)
	hopeless := weigh(result(grader.TLE, second/2, 3*second), limits, grader.WallLimit, 0)
	for _, test := range []struct {
		all        []sample
		again      bool
		want       grader.Verdict
		borderline bool
	}{
		{[]sample{starved}, true, grader.TLE, true},
		{[]sample{starved, fine}, false, grader.AC, true},
		{[]sample{starved, hopeless}, false, grader.TLE, false},
		{[]sample{starved, starved}, true, grader.TLE, true},
		{[]sample{unseen, unseen}, true, grader.TLE, true},
		{[]sample{unseen, fine}, false, grader.AC, true},
		{[]sample{starved, starved, starved, starved}, false, grader.TLE, true},
		{[]sample{fine}, false, grader.AC, false},
	} {
		if r := settle(test.all); again(test.all, 1) != test.again || r.Verdict != test.want || r.Borderline != test.borderline {
			t.Errorf("%+v: again %v, %+v", test, again(test.all, 1), r)
		}
	}
}

// TestAloneMeansAlone: while a case runs again no other does.
func TestAloneMeansAlone(t *testing.T) {
	var mu sync.Mutex
	running, seen := 0, map[string]int{}
	runner := fake(func(ctx context.Context, job grader.Job) grader.Outcome {
		mu.Lock()
		running++
		seen[job.Stdin.Inline]++
		alone := seen[job.Stdin.Inline] > 1
		if alone && running > 1 {
			t.Errorf("%d others run beside it", running-1)
		}
		mu.Unlock()
		time.Sleep(time.Millisecond) // so that the others have the time to begin
		mu.Lock()
		defer mu.Unlock()
		running--
		out := echo(ctx, job)
		if strings.TrimSpace(job.Stdin.Inline) == "3" {
			out.Usage.CPU = second
		}
		if job.Limits.Cpuset == "" {
			t.Error("it is kept to no processor")
		}
		return out
	})
	s := numbered(12)
	for i := range s.Cases {
		s.Cases[i].Limits.CPU = second
	}
	options := Options{Pool: NewPool([]string{"0", "1", "2", "3"})}
	report, err := Run(context.Background(), runner, s, stage(t, "a.py", ""), Program{Run: interpreted}, options)
	if err != nil || seen["3\n"] != 2 || !report.Results[3].Borderline {
		t.Errorf("%v, %+v, %v", seen, report.Results[3], err)
	}
}

func TestHonestLeavesTheList(t *testing.T) {
	all := []resource.Enforcement{{Limit: "cpu", Requested: "1.15s"}}
	want := fmt.Sprint(all)
	if got := honest(all, resource.Limits{CPU: second}); got[0].Requested != "1s" || fmt.Sprint(all) != want || !reflect.DeepEqual(honest(nil, resource.Limits{}), []resource.Enforcement(nil)) {
		t.Errorf("%v of %v", got, all)
	}
}
