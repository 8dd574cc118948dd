package trial

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"pocket/grader"
	"pocket/runtime/resource"
)

// three is a suite of three cases with a limit of a second.
func three() *grader.Suite {
	s := &grader.Suite{StopEarly: true, Groups: []grader.Group{{Name: "g", Requires: []string{"sample"}}}}
	for _, name := range []string{"a", "b", "c"} {
		limits := resource.Limits{CPU: time.Second, Wall: 3 * time.Second, Memory: 100 * resource.MiB}
		s.Cases = append(s.Cases, grader.Case{Name: name, Group: "g", Limits: limits})
	}
	return s
}

// one is a submission's report: for each case the verdict and the milliseconds of CPU time, "AC 20".
func one(name string, want []grader.Verdict, verdict grader.Verdict, cases ...string) Tried {
	r := grader.Report{Verdict: verdict}
	for i, text := range cases {
		v, took, _ := strings.Cut(text, " ")
		cpu, _ := time.ParseDuration(took + "ms")
		r.Results = append(r.Results, grader.Result{
			Case: string(rune('a' + i)), Verdict: grader.Verdict(v),
			Usage: resource.Usage{CPU: cpu, Wall: cpu, Memory: 10 * resource.MiB},
		})
	}
	return Tried{Reference: Reference{Name: name, Want: want}, Report: r}
}

func TestOf(t *testing.T) {
	slow := one("slow", verdicts["tle"], grader.TLE, "AC 1", "TLE 1000", "TLE 1000")
	slow.Longer = map[string]grader.Result{
		"b": {Verdict: grader.AC, Usage: resource.Usage{CPU: 1400 * time.Millisecond}},
		"c": {Verdict: grader.TLE, Usage: resource.Usage{CPU: 4 * time.Second}},
	}
	got := Of(three(), []Tried{
		one("right", verdicts["ac"], grader.AC, "AC 20", "AC 300", "AC 10"),
		one("quick", verdicts["ac"], grader.AC, "AC 30", "AC 10", "AC 10"),
		one("wrong", verdicts["wa"], grader.WA, "AC 990", "WA 1", "WA 1"),
		one("odd", verdicts["rejected"], grader.RTE, "AC 1", "AC 1", "RTE 1"),
		one("broken", verdicts["ce"], grader.CE, "SKIP 0", "SKIP 0", "SKIP 0"),
		slow,
	})
	first := Time{Submission: "right", Case: "b", Clock: "cpu", Took: 300 * time.Millisecond, Limit: time.Second}
	cases := []Case{
		{Name: "a", Catches: []string{}, Alone: []string{}, Slowest: &Time{"quick", "a", "cpu", 30 * time.Millisecond, time.Second, false}},
		{Name: "b", Catches: []string{"wrong", "slow"}, Alone: []string{}, Slowest: &first},
		{Name: "c", Catches: []string{"wrong", "odd", "slow"}, Alone: []string{"odd"}, Slowest: &Time{"right", "c", "cpu", 10 * time.Millisecond, time.Second, false}},
	}
	if !reflect.DeepEqual(got.Cases, cases) {
		t.Errorf("cases %+v\nwant  %+v", got.Cases, cases)
	}
	if *got.Slowest != first {
		t.Errorf("slowest %+v", got.Slowest)
	}
	if want := (Time{"slow", "b", "cpu", 1400 * time.Millisecond, time.Second, false}); *got.Fastest != want {
		t.Errorf("fastest %+v", got.Fastest)
	}
	if want := (Memory{"right", "a", 10 * resource.MiB, 100 * resource.MiB}); *got.Largest != want {
		t.Errorf("largest %+v", got.Largest)
	}
	if failed, broken := got.Failed(); failed || broken {
		t.Error("failed or broken")
	}
	want := []string{"the limit is near to slow, which is too slow: cpu 1.4s of 1s (140 %) for case b", "catch no wrong program: a"}
	if remarks := got.Remarks(); !reflect.DeepEqual(remarks, want) {
		t.Errorf("%q", remarks)
	}
	if s := got.Submissions[2]; s.Passed != 1 || !s.AsIs || !reflect.DeepEqual(s.ByCase, []grader.Verdict{"AC", "WA", "WA"}) {
		t.Errorf("%+v", s)
	}
}

func TestRemarks(t *testing.T) {
	wall := one("waits", verdicts["tle"], grader.TLE, "TLE 0")
	wall.Report.Results[0].Usage.Wall = 3 * time.Second
	big := one("big", verdicts["ac"], grader.AC, "AC 1")
	big.Report.Results[0].Usage.Memory = 90 * resource.MiB
	machine := one("machine", verdicts["ac"], grader.AC, "AC 1")
	machine.Report.Results[0].Usage.Memory = 150 * resource.MiB
	machine.Report.Results[0].Enforcement = []resource.Enforcement{{Limit: "cpu", Requested: "1s"}, {Limit: "memory", Requested: "356MiB"}}
	right, wrong := one("right", verdicts["ac"], grader.AC, "AC 1"), one("wrong", verdicts["wa"], grader.WA, "WA 1")
	for name, c := range map[string]struct {
		all            []Tried
		want           []string
		failed, broken bool
	}{
		"nothing":           {nil, nil, false, false},
		"all is well":       {[]Tried{right, wrong}, nil, false, false},
		"only right":        {[]Tried{right}, []string{"no submission is meant to be wrong: whether the cases find mistakes is not known"}, false, false},
		"only wrong":        {[]Tried{wrong}, []string{"no submission is meant to be accepted: whether the suite can be solved is not known"}, false, false},
		"slow":              {[]Tried{one("s", verdicts["ac"], grader.AC, "AC 600"), wrong}, []string{"the limit is near to s, which is accepted: cpu 600ms of 1s (60 %) for case a"}, false, false},
		"waits by wall":     {[]Tried{right, wall}, nil, false, false},
		"memory":            {[]Tried{big, wrong}, []string{"the memory limit is near to big, which is accepted: 90MiB of 100MiB (90 %) for case a"}, false, false},
		"memory of its own": {[]Tried{machine, wrong}, nil, false, false},
		"not found wrong":   {[]Tried{right, wrong, one("w", verdicts["rejected"], grader.AC, "AC 1")}, []string{"w is AC and should be rejected"}, true, false},
		"another mistake":   {[]Tried{right, one("w", verdicts["rte"], grader.WA, "WA 1")}, []string{"w is WA and should be RTE"}, true, false},
		"our own mistake":   {[]Tried{right, wrong, one("j", verdicts["ac"], grader.JE, "JE 1")}, []string{"j is JE and should be AC"}, true, true},
		"not even started":  {[]Tried{wrong, {Reference: Reference{Name: "n", Want: verdicts["ac"]}, Report: grader.Report{Verdict: grader.CE, Detail: "no"}}}, []string{"n is CE and should be AC: no"}, true, false},
	} {
		s := three()
		s.Cases = s.Cases[:1]
		trial := Of(s, c.all)
		if got := trial.Remarks(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if failed, broken := trial.Failed(); failed != c.failed || broken != c.broken {
			t.Errorf("%s: failed %v, broken %v", name, failed, broken)
		}
	}
}

func TestReferences(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"wrong_answer/b.py", "accepted/z.py", "accepted/.hidden", "accepted/a/main.py", "TLE/x.c", "notes/x", "README", ".git/x"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	all, odd, err := References(&grader.Suite{Submissions: dir})
	var got []string
	for _, r := range all {
		got = append(got, r.Name+" "+words(r.Want))
		if r.Path != filepath.Join(dir, r.Name) {
			t.Errorf("%+v", r)
		}
	}
	if text := strings.Join(got, ", "); err != nil || text != "accepted/a AC, accepted/z.py AC, TLE/x.c TLE, wrong_answer/b.py WA" {
		t.Errorf("%s, %v", text, err)
	}
	if text := strings.Join(odd, ", "); text != "notes, README" {
		t.Errorf("odd %s", text)
	}
	if all, odd, err := References(&grader.Suite{}); all != nil || odd != nil || err != nil {
		t.Errorf("%v %v %v", all, odd, err)
	}
	if _, _, err := References(&grader.Suite{Submissions: filepath.Join(dir, "none")}); err == nil || !strings.HasSuffix(err.Error(), "none: no such file or directory") {
		t.Errorf("%v", err)
	}
}

func TestWholeAndPatientLeaveTheSuiteAlone(t *testing.T) {
	s := three()
	if w := Whole(s); w.StopEarly || w.Groups[0].Requires != nil {
		t.Errorf("%+v", w)
	}
	if p := Patient(s); p.Cases[0].Limits.CPU != Patience*time.Second || p.Cases[0].Limits.Wall != 3*Patience*time.Second {
		t.Errorf("%+v", p.Cases[0])
	}
	if !reflect.DeepEqual(s, three()) {
		t.Errorf("changed: %+v", s)
	}
}
