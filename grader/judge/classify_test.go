package judge

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pocket/grader"
	"pocket/runtime/hint"
	"pocket/runtime/resource"
)

func interpreted(c grader.Case) Command {
	return Command{Args: append([]string{"python3", "/submission/a.py"}, c.Args...), Env: []string{"A=1", "B=2"}}
}

func binary(grader.Case) Command { return Command{Args: []string{"/build/main"}} }

func memoryBy(by resource.By) []resource.Enforcement {
	return []resource.Enforcement{{Limit: "cpu", By: resource.ByMonitor}, {Limit: "memory", By: by}}
}

func TestClassify(t *testing.T) {
	limits := resource.Limits{CPU: time.Second, Wall: 5 * time.Second, Memory: 64 * resource.MiB, Output: resource.KiB}
	python := Program{Run: interpreted, Package: "python3"}
	java := Program{Run: interpreted, OutOfMemory: []string{"java.lang.OutOfMemoryError"}}
	everything := grader.Outcome{
		ExitCode: 1, Signal: "SIGKILL", Stdout: []byte("25\n"), OutputBytes: 4096,
		Usage: resource.Usage{CPU: 2 * time.Second, Wall: 9 * time.Second, Memory: resource.GiB},
	}
	with := func(out grader.Outcome, change func(*grader.Outcome)) grader.Outcome {
		change(&out)
		return out
	}
	for name, test := range map[string]struct {
		program Program
		out     grader.Outcome
		want    grader.Verdict
		detail  string // a part of it
	}{
		"right":          {python, grader.Outcome{Stdout: []byte("25\n")}, grader.AC, ""},
		"wrong":          {python, grader.Outcome{Stdout: []byte("26\n")}, grader.WA, `line 1, column 1: expected "25"`},
		"nothing":        {python, grader.Outcome{}, grader.WA, "line 1"},
		"exit code":      {python, grader.Outcome{ExitCode: 3, Stdout: []byte("25\n")}, grader.RTE, "exit code 3"},
		"signal":         {python, grader.Outcome{Signal: "SIGABRT"}, grader.RTE, "SIGABRT"},
		"output":         {python, grader.Outcome{Limit: grader.OutputLimit, OutputBytes: 4096, Signal: "SIGKILL"}, grader.OLE, "output limit 1KiB: 4096 bytes written to standard output"},
		"output counted": {python, grader.Outcome{OutputBytes: 1025}, grader.OLE, "1025 bytes"},
		"output, errors": {python, grader.Outcome{Limit: grader.OutputLimit, OutputBytes: 2, ErrorBytes: 5000, Signal: "SIGKILL"}, grader.OLE, "output limit 1KiB: 5000 bytes written to standard error"},
		"errors counted": {python, grader.Outcome{Stdout: []byte("25\n"), ErrorBytes: 1025}, grader.OLE, "1025 bytes written to standard error"},
		"refused":        {Program{Run: binary}, grader.Outcome{Refused: "the command line is too long"}, grader.CE, "the command line is too long"},
		"output full":    {python, grader.Outcome{OutputBytes: 1024, Stdout: []byte("25\n")}, grader.AC, ""},
		"cpu": {python, grader.Outcome{Limit: grader.CPULimit, Signal: "SIGKILL",
			Usage: resource.Usage{CPU: 1001 * time.Millisecond, Wall: 1100 * time.Millisecond}},
			grader.TLE, "cpu limit 1s: cpu 1.001s, wall 1.1s"},
		"cpu counted": {python, grader.Outcome{Stdout: []byte("25\n"), Usage: resource.Usage{CPU: 1001 * time.Millisecond}}, grader.TLE, "cpu limit"},
		"cpu exactly": {python, grader.Outcome{Stdout: []byte("25\n"), Usage: resource.Usage{CPU: time.Second}}, grader.AC, ""},
		"wall": {python, grader.Outcome{Limit: grader.WallLimit, Signal: "SIGKILL",
			Usage: resource.Usage{CPU: time.Millisecond, Wall: 5 * time.Second}},
			grader.TLE, "wall limit 5s: cpu 1ms, wall 5s"},
		"memory": {python, grader.Outcome{Limit: grader.MemoryLimit, Signal: "SIGKILL", Enforcement: memoryBy(resource.ByCgroup2),
			Usage: resource.Usage{Memory: 64 * resource.MiB, MemorySource: "memory.peak"}},
			grader.MLE, "memory limit 64MiB: peak 64MiB (memory.peak)"},
		"peak, controlled":   {python, grader.Outcome{Stdout: []byte("25\n"), Enforcement: memoryBy(resource.ByCgroup1), Usage: resource.Usage{Memory: 65 * resource.MiB}}, grader.AC, ""},
		"peak, polled":       {python, grader.Outcome{Stdout: []byte("25\n"), Enforcement: memoryBy(resource.ByPoll), Usage: resource.Usage{Memory: 65 * resource.MiB}}, grader.MLE, "peak 65MiB"},
		"peak, unknown":      {python, grader.Outcome{Stdout: []byte("25\n"), Usage: resource.Usage{Memory: 65 * resource.MiB}}, grader.MLE, ""},
		"heap":               {java, grader.Outcome{ExitCode: 1, Stderr: []byte("Exception java.lang.OutOfMemoryError: Java heap space\n")}, grader.MLE, "memory limit"},
		"heap, survived":     {java, grader.Outcome{Stdout: []byte("25\n"), Stderr: []byte("java.lang.OutOfMemoryError")}, grader.AC, ""},
		"our fault first":    {python, with(everything, func(o *grader.Outcome) { o.Err = errors.New("mount: no"); o.Limit = grader.MemoryLimit }), grader.JE, "mount: no"},
		"memory before time": {python, with(everything, func(o *grader.Outcome) { o.Limit = grader.MemoryLimit }), grader.MLE, ""},
		"time before output": {python, with(everything, func(o *grader.Outcome) { o.Usage.Memory = 0; o.Limit = grader.OutputLimit }), grader.TLE, ""},
		"output before exit": {python, with(everything, func(o *grader.Outcome) { o.Usage = resource.Usage{} }), grader.OLE, ""},
		"signal before exit": {python, with(everything, func(o *grader.Outcome) { o.Usage = resource.Usage{}; o.OutputBytes = 0 }), grader.RTE, "SIGKILL"},
		"interpreter":        {python, grader.Outcome{NotFound: true, Err: errors.New("exec python3: no such file")}, grader.JE, "install the Debian package python3"},
		"no program":         {Program{Run: binary}, grader.Outcome{NotFound: true, Err: errors.New("exec /build/main: exec format error")}, grader.CE, "nothing that can be executed"},
		"hint":               {python, grader.Outcome{Err: hint.With(errors.New("a\nb"), "do it")}, grader.JE, "a; b; hint: do it"},
	} {
		c := grader.Case{Name: "one", Points: 2, Limits: limits}
		r := classify(c, test.program, limits, test.out, []byte("25\n"))
		if r.Verdict != test.want || !strings.Contains(r.Detail, test.detail) || strings.Contains(r.Detail, "\n") {
			t.Errorf("%s: %s %q, want %s …%q…", name, r.Verdict, r.Detail, test.want, test.detail)
		}
		if want := map[bool]float64{true: 2}[r.Verdict == grader.AC]; r.Score != want || r.Points != 2 || r.Case != "one" {
			t.Errorf("%s: score %v of %v", name, r.Score, r.Points)
		}
	}
}

// TestLongArguments: a command line that is too long because of the suite is not the submission's fault.
func TestLongArguments(t *testing.T) {
	c := grader.Case{Args: []string{strings.Repeat("x", maxNames)}}
	r := classify(c, Program{Run: binary}, resource.Limits{}, grader.Outcome{Refused: "the command line is too long"}, nil)
	if r.Verdict != grader.JE || !strings.Contains(r.Detail, "args") {
		t.Errorf("%+v", r)
	}
}

func TestPresentation(t *testing.T) {
	c := grader.Case{Compare: grader.Compare{Mode: grader.Exact}}
	r := classify(c, Program{Run: binary}, resource.Limits{}, grader.Outcome{Stdout: []byte("25 \n")}, []byte("25\n"))
	if r.Verdict != grader.PE || !strings.Contains(r.Difference, "·") || !strings.Contains(r.Detail, "AC if") || !strings.HasPrefix(r.WouldPass, "if trailing spaces") {
		t.Errorf("%+v", r)
	}
}

func TestClassifyCompile(t *testing.T) {
	p := Program{Compile: &Command{Args: []string{"gcc", "a.c"}}, Package: "gcc"}
	for name, test := range map[string]struct {
		out    grader.Outcome
		want   grader.Verdict
		detail string
	}{
		"fine":     {grader.Outcome{Stderr: []byte("warning")}, grader.AC, ""},
		"mistake":  {grader.Outcome{ExitCode: 1, Stderr: []byte("a.c:1: error")}, grader.CE, "gcc: exit code 1"},
		"crash":    {grader.Outcome{Signal: "SIGSEGV"}, grader.CE, "gcc ended by SIGSEGV"},
		"memory":   {grader.Outcome{Limit: grader.MemoryLimit, ExitCode: 1}, grader.CE, "gcc went over its memory limit 1GiB"},
		"time":     {grader.Outcome{Limit: grader.CPULimit}, grader.CE, "cpu limit 1m0s"},
		"messages": {grader.Outcome{Limit: grader.OutputLimit}, grader.CE, "output limit 1MiB"},
		"missing":  {grader.Outcome{NotFound: true, Err: errors.New("exec gcc: no")}, grader.JE, "gcc cannot be started in the sandbox (exec gcc: no); install the Debian package gcc"},
		"refused":  {grader.Outcome{Refused: "the compiler left files too deep"}, grader.CE, "the compiler left files too deep"},
		"our own":  {grader.Outcome{Err: errors.New("clone: no")}, grader.JE, "clone: no"},
	} {
		r := classifyCompile(p, CompileLimits, test.out)
		if r.Verdict != test.want || !strings.Contains(r.Detail, test.detail) || r.Case != "compile" {
			t.Errorf("%s: %s %q, want %s %q", name, r.Verdict, r.Detail, test.want, test.detail)
		}
	}
}

func TestKeptTextIsBoundedAndStorable(t *testing.T) {
	long := strings.Repeat("é", int(maxMessages))
	cutHead, cutTail := head("x"+long, maxMessages), tail([]byte(long+"x"), maxStderr)
	if len(cutHead) > int(maxMessages)+20 || !strings.HasSuffix(cutHead, "(cut)\n") || !strings.HasPrefix(cutHead, "xé") {
		t.Errorf("head keeps %d bytes", len(cutHead))
	}
	if len(cutTail) > int(maxStderr)+20 || !strings.HasPrefix(cutTail, "… (cut)\né") || !strings.HasSuffix(cutTail, "éx") {
		t.Errorf("tail keeps %d bytes: %q", len(cutTail), cutTail[:20])
	}
	if got := storable("a\x00b\xffc"); got != "a\u2400b\ufffdc" {
		t.Errorf("storable %q", got)
	}
}
