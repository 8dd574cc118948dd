package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// lesson is a suite of many cases and a submission that solves it.
type lesson struct {
	name       string
	cases      int
	dir        string
	submission string   // in dir
	plain      []string // the program as the host runs it
	inside     []string // as bwrap runs it, dir at /submission
}

// BenchmarkCases measures, in turn in one run, cases per second with one and with two workers: through the
// whole of pocket-grade (the real program with its store, without the cache of verdicts), by a plain loop that
// starts the program and compares its output, and by the same loop with bwrap. What a run takes beside its
// cases, as compiling, is not counted: that of one case is taken off. What counts are the ratios of the medians.
func BenchmarkCases(b *testing.B) {
	program := filepath.Join(b.TempDir(), "pocket-grade")
	if out, err := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", program, ".").CombinedOutput(); err != nil {
		b.Fatalf("build: %v %s", err, out)
	}
	for _, l := range []func(testing.TB) *lesson{lessonInC, lessonInPython} {
		one := l(b)
		for _, workers := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s/j%d", one.name, workers), func(b *testing.B) { one.measure(b, program, workers) })
		}
	}
}

func lessonInC(t testing.TB) *lesson {
	l := newLesson(t, "C", 300)
	l.write(t, "echo.static", "#include <stdio.h>\nint main(void) { long n; if (scanf(\"%ld\", &n) != 1) return 1; printf(\"%ld\\n\", n); return 0; }\n")
	l.write(t, "languages.yaml", `- name: static
  title: C, linked statically
  extensions: [.static]
  package: gcc libc6-dev
  identify: [[gcc, --version]]
  compile: [gcc, -O2, -static, -o, /work/out/main, -x, c, "{sources}"]
  run: [/build/main]
  try: |
    #include <stdio.h>
    int main(void) { puts("ok"); return 0; }
`)
	binary := filepath.Join(l.dir, "echo")
	if out, err := exec.Command("gcc", "-O2", "-static", "-o", binary, "-x", "c", filepath.Join(l.dir, "echo.static")).CombinedOutput(); err != nil {
		t.Skipf("a static C program cannot be made (Debian: gcc libc6-dev): %v %s", err, out)
	}
	l.submission, l.plain, l.inside = "echo.static", []string{binary}, []string{"/submission/echo"}
	return l
}

func lessonInPython(t testing.TB) *lesson {
	l := newLesson(t, "Python", 60)
	l.write(t, "echo.py", "print(int(input()))\n")
	l.write(t, "languages.yaml", "[]\n")
	const interpreter = "/usr/bin/python3"
	if _, err := os.Stat(interpreter); err != nil {
		t.Skip("there is no Python (Debian: python3)")
	}
	l.submission = "echo.py"
	l.plain, l.inside = []string{interpreter, "-B", filepath.Join(l.dir, "echo.py")}, []string{interpreter, "-B", "/submission/echo.py"}
	return l
}

func newLesson(t testing.TB, name string, cases int) *lesson {
	l := &lesson{name: name, cases: cases, dir: t.TempDir()}
	text := `version: 1
name: many
limits: {cpu: 1s, wall: 3s, memory: 64MiB, output: 1MiB, processes: 32, files: 16MiB}
compare: lines
cases:
`
	for n := range cases {
		text += fmt.Sprintf("  - {name: c%d, input: \"%d\\n\", answer: \"%d\\n\"}\n", n, n, n)
	}
	l.write(t, "suite.yaml", text)
	return l
}

func (l *lesson) write(t testing.TB, name, text string) {
	if err := os.WriteFile(filepath.Join(l.dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (l *lesson) measure(b *testing.B, program string, workers int) {
	l.grade(b, program, workers, "c0") // the toolchain is examined once
	ways := []struct {
		name string
		run  func() time.Duration
	}{
		{"plain", func() time.Duration { return l.loop(b, workers, l.plain) }},
		{"pocket", func() time.Duration {
			return l.grade(b, program, workers, "*") - l.grade(b, program, workers, "c0")
		}},
	}
	if bwrap, err := exec.LookPath("bwrap"); err == nil {
		args := append([]string{bwrap, "--unshare-all", "--ro-bind", "/usr", "/usr", "--ro-bind", "/bin", "/bin", "--ro-bind", "/lib", "/lib",
			"--ro-bind-try", "/lib64", "/lib64", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--ro-bind", l.dir, "/submission"}, l.inside...)
		ways = append(ways, struct {
			name string
			run  func() time.Duration
		}{"bwrap", func() time.Duration { return l.loop(b, workers, args) }})
	}
	rates := make([][]float64, len(ways))
	for b.Loop() {
		for i, way := range ways {
			rates[i] = append(rates[i], float64(l.cases)/way.run().Seconds())
		}
	}
	b.ReportMetric(0, "ns/op") // of all of them together, which says nothing
	middle := func(i int) float64 { return slices.Sorted(slices.Values(rates[i]))[len(rates[i])/2] }
	for i, way := range ways {
		b.ReportMetric(middle(i), way.name+"-cases/s")
	}
	b.ReportMetric(middle(0)/middle(1), "plain/pocket")
	if len(ways) == 3 {
		b.ReportMetric(middle(1)/middle(2), "pocket/bwrap")
	}
}

// grade is one run of pocket-grade, all of whose cases must be accepted.
func (l *lesson) grade(b *testing.B, program string, workers int, pattern string) time.Duration {
	cmd := exec.Command(program, "run", "-q", "--new", "--no-cache", "-j", strconv.Itoa(workers), "--db", filepath.Join(l.dir, "grade.db"),
		"--case", pattern, "--languages", filepath.Join(l.dir, "languages.yaml"), l.dir, filepath.Join(l.dir, l.submission))
	cmd.Env = append(os.Environ(), "POCKET_ROOT="+filepath.Join(l.dir, "state"), "XDG_CACHE_HOME="+filepath.Join(l.dir, "cache"))
	start := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	return time.Since(start)
}

// loop runs a program once for each case, by so many workers at once, and compares what it prints.
func (l *lesson) loop(b *testing.B, workers int, args []string) time.Duration {
	start := time.Now()
	var next atomic.Int64
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for n := next.Add(1); n <= int64(l.cases); n = next.Add(1) {
				want := strconv.FormatInt(n, 10) + "\n"
				cmd := exec.Command(args[0], args[1:]...)
				cmd.Stdin = strings.NewReader(want)
				var out bytes.Buffer
				cmd.Stdout, cmd.Stderr = &out, &out
				if err := cmd.Run(); err != nil || out.String() != want {
					b.Errorf("%q: %v: %s", args, err, out.String())
					return
				}
			}
		})
	}
	all.Wait()
	return time.Since(start)
}
