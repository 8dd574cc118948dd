package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"pocket/grader"
	"pocket/runtime/cgroup"
	"pocket/runtime/resource"
)

// promise is one hostile or unlucky program, written in C and in Python, and what must be seen of it.
type promise struct {
	name     string
	programs [2]string // below fixtures/
	only     string    // the case that provokes it; "" for all
	verdict  grader.Verdict
	detail   string // part of the case's detail
	check    func(t *testing.T, r grader.Result, ours resource.Size)
}

var promises = []promise{
	{"infinite loop", programs("squares/time-limit/loops"), "given", grader.TLE, "cpu limit", nil},
	{"sleep", programs("squares/time-limit/sleeps"), "given", grader.TLE, "wall limit", nil},
	{"blocked read", programs("squares/time-limit/blocks"), "given", grader.TLE, "wall limit", nil},
	{"memory touched", programs("squares/memory-limit/touches"), "given", grader.MLE, "", memoryWasSeen},
	{"memory reserved", [2]string{"squares/accepted/reserved_mmap.c", "squares/accepted/reserved.py"}, "given", grader.AC, "", nil},
	{"fork bomb", programs("squares/time-limit/fork_bomb"), "few-processes", grader.TLE, "", endedSoon},
	{"yes", programs("squares/output-limit/yes"), "given", grader.OLE, "", weStaySmall},
	{"abort", programs("squares/run-time-error/aborts"), "given", grader.RTE, "SIGABRT", nil},
	{"segfault", programs("squares/run-time-error/null_pointer"), "given", grader.RTE, "SIGSEGV", nil},
	{"exit 3", programs("squares/run-time-error/exits_3"), "given", grader.RTE, "exit code 3", nil},
	{"daemon", programs("squares/accepted/daemon"), "given", grader.AC, "", nil},
	{"case volume", folder("wordcount/accepted/writes-volume"), "", grader.AC, "", nil},
	{"answer file", folder("wordcount/accepted/opens-answer"), "", grader.AC, "", nil},
	{"network", programs("squares/accepted/connects_nowhere"), "given", grader.AC, "", nil},
}

func programs(path string) [2]string { return [2]string{path + ".c", path + ".py"} }
func folder(path string) [2]string   { return [2]string{path + "-c", path + "-py"} }

// TestPromises is the list of what a grader must not get wrong, on whatever control groups this host has.
func TestPromises(t *testing.T) {
	t.Logf("control groups: %+v", cgroup.Detect().Controllers())
	for _, p := range promises {
		for _, program := range p.programs {
			t.Run(p.name+"/"+filepath.Base(program), func(t *testing.T) { p.see(t, program) })
		}
	}
}

func (p promise) see(t *testing.T, program string) {
	var flags []string
	if p.only != "" {
		flags = []string{"--case", p.only}
	}
	name, _, _ := strings.Cut(program, "/")
	suite := suiteOf(t, name)
	switch {
	case p.verdict != grader.TLE:
		suite = patient(t, suite)
	case p.detail == "wall limit" && os.Getenv("POCKET_TEST_VM") != "":
		suite = suiteWith(t, suite, "limits: {cpu: 20s, wall: 3s,") // only to start takes half a second there
	}
	reports, process := runGrade(t, suite, []string{filepath.Join("../../fixtures", program)}, flags...)
	report := reports[0]
	skipWithout(t, report, p.verdict)
	if report.Verdict != p.verdict {
		t.Fatalf("%s, want %s\n%s", report.Verdict, p.verdict, explain(report))
	}
	if left := processesNamed("left-behind"); len(left) > 0 {
		t.Errorf("processes are left: %v", left)
	}
	seen := report.Results[0]
	if !strings.Contains(seen.Detail, p.detail) {
		t.Errorf("detail %q does not say %q", seen.Detail, p.detail)
	}
	ours := resource.Size(process.SysUsage().(*syscall.Rusage).Maxrss) * resource.KiB
	t.Logf("%s %s: cpu %v, wall %v, memory %s (%s); ours %s", seen.Verdict, seen.Detail, seen.Usage.CPU, seen.Usage.Wall,
		seen.Usage.Memory.Human(), seen.Usage.MemorySource, ours.Human())
	if p.check != nil {
		p.check(t, seen, ours)
	}
}

// limits is what the suites say of time, and patience what a test says instead.
const limits = "limits: {cpu: 1s, wall: 3s,"

// patient is a copy of a suite with more time, for what must not run out of it: more wall time because this
// machine may be busy, and more CPU time too under an emulated kernel, which is over ten times slower.
func patient(t *testing.T, dir string) string {
	t.Helper()
	if os.Getenv("POCKET_TEST_VM") != "" {
		return suiteWith(t, dir, "limits: {cpu: 20s, wall: 120s,")
	}
	return suiteWith(t, dir, "limits: {cpu: 1s, wall: 60s,")
}

// suiteWith is a copy of a suite with other limits on time.
func suiteWith(t *testing.T, dir, more string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "suite.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), limits) {
		return dir // a suite with limits of its own
	}
	slow := filepath.Join(t.TempDir(), filepath.Base(dir))
	if err := os.CopyFS(slow, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(text), limits, more, 1)
	if err := os.WriteFile(filepath.Join(slow, "suite.yaml"), []byte(changed), 0o644); err != nil {
		t.Fatal(err)
	}
	return slow
}

// processesNamed lists processes anywhere on the host by the name that fixtures give what they leave.
func processesNamed(name string) []string {
	var found []string
	files, _ := filepath.Glob("/proc/[0-9]*/comm")
	for _, f := range files {
		if b, err := os.ReadFile(f); err == nil && strings.TrimSpace(string(b)) == name {
			found = append(found, f)
		}
	}
	return found
}

func memoryWasSeen(t *testing.T, r grader.Result, _ resource.Size) {
	if r.Usage.Memory < 32*resource.MiB {
		t.Errorf("the memory it took is not seen: %s", r.Usage.Memory.Human())
	}
}

// endedSoon: a second after the limit on wall time everything is over; that nothing is left follows from
// the end of PID 1, which was waited for.
func endedSoon(t *testing.T, r grader.Result, _ resource.Size) {
	for _, e := range r.Enforcement {
		if e.Limit == "wall" {
			limit, err := time.ParseDuration(e.Requested)
			if err != nil || r.Usage.Wall > limit+time.Second {
				t.Errorf("ended after %v, limit %v %v", r.Usage.Wall, limit, err)
			}
			return
		}
	}
	t.Error("no wall limit is recorded")
}

func weStaySmall(t *testing.T, _ grader.Result, ours resource.Size) {
	if ours >= 64*resource.MiB {
		t.Errorf("the grader itself took %s", ours.Human())
	}
}
