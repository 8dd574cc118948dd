package runner

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pocket/grader"
	"pocket/runtime/resource"
)

// measured is a program that reads a number and prints it, and the folder that it lies in.
type measured struct {
	name, dir string
	args      []string // as a case runs it, the folder at /submission
	plain     []string // as the host runs it
}

// BenchmarkCase measures, in turn in one run, how long one case takes from its job to its outcome: as plain
// fork and exec, in our sandbox with all limits, and under bwrap, which limits nothing. What counts are the
// ratios of the medians, which it prints; times on a shared machine drift.
func BenchmarkCase(b *testing.B) {
	for _, m := range []func(testing.TB) measured{staticC, python} {
		program := m(b)
		b.Run(program.name, func(b *testing.B) { measure(b, program) })
	}
}

const echoC = `#include <stdio.h>
int main(void) { long n; if (scanf("%ld", &n) != 1) return 1; printf("%ld\n", n); return 0; }
`

func staticC(t testing.TB) measured {
	dir := t.TempDir()
	source, binary := filepath.Join(dir, "echo.c"), filepath.Join(dir, "echo")
	if err := os.WriteFile(source, []byte(echoC), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("gcc", "-O2", "-static", "-o", binary, source).CombinedOutput(); err != nil {
		t.Skipf("a static C program cannot be made (Debian: gcc libc6-dev): %v %s", err, out)
	}
	return measured{"C", dir, []string{"/submission/echo"}, []string{binary}}
}

func python(t testing.TB) measured {
	dir := t.TempDir()
	script := filepath.Join(dir, "echo.py")
	if err := os.WriteFile(script, []byte("print(int(input()))\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	const interpreter = "/usr/bin/python3"
	if _, err := os.Stat(interpreter); err != nil {
		t.Skip("there is no Python (Debian: python3)")
	}
	return measured{"Python", dir, []string{interpreter, "-B", "/submission/echo.py"}, []string{interpreter, "-B", script}}
}

func measure(b *testing.B, m measured) {
	r, err := New(b.Context(), "host", nil)
	if err != nil {
		b.Fatal(err)
	}
	runs := []struct {
		name string
		run  func() string
	}{
		{"plain", func() string { return command(b, m.plain...) }},
		{"sandbox", func() string { return m.case1(b, r) }},
	}
	if bwrap, err := exec.LookPath("bwrap"); err == nil {
		args := append([]string{bwrap, "--unshare-all", "--ro-bind", "/usr", "/usr", "--ro-bind", "/bin", "/bin", "--ro-bind", "/lib", "/lib",
			"--ro-bind-try", "/lib64", "/lib64", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--ro-bind", m.dir, "/submission"}, m.args...)
		runs = append(runs, struct {
			name string
			run  func() string
		}{"bwrap", func() string { return command(b, args...) }})
	}
	spent := make([][]time.Duration, len(runs))
	for b.Loop() {
		for i, one := range runs {
			start := time.Now()
			out := one.run()
			spent[i] = append(spent[i], time.Since(start))
			if out != "17\n" {
				b.Fatalf("%s printed %q", one.name, out)
			}
		}
	}
	b.ReportMetric(0, "ns/op") // of all of them together, which says nothing
	for i, one := range runs {
		b.ReportMetric(float64(median(spent[i]).Microseconds()), one.name+"-µs")
		if i > 0 {
			b.ReportMetric(float64(median(spent[i]))/float64(median(spent[0])), one.name+"/plain")
		}
	}
	if len(runs) == 3 {
		b.ReportMetric(float64(median(spent[2]))/float64(median(spent[1])), "bwrap/sandbox")
	}
}

// case1 runs the program as the judge would.
func (m measured) case1(b *testing.B, r *Runner) string {
	o := r.Run(b.Context(), grader.Job{
		Args: m.args, Stdin: grader.Text{Inline: "17\n"}, Mounts: []grader.Volume{{Host: m.dir, Target: "/submission"}},
		Limits: resource.Limits{CPU: time.Second, Wall: 3 * time.Second, Memory: 64 * resource.MiB, Processes: 32,
			Output: resource.MiB, Files: 16 * resource.MiB},
	})
	if o.Err != nil || o.ExitCode != 0 {
		b.Fatalf("%+v", o)
	}
	return string(o.Stdout)
}

func command(b *testing.B, args ...string) string {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin = strings.NewReader("17\n")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		b.Fatalf("%q: %v: %s", args, err, out.String())
	}
	return out.String()
}

func median(list []time.Duration) time.Duration {
	return slices.Sorted(slices.Values(list))[len(list)/2]
}
