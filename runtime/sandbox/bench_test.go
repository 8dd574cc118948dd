package sandbox

import (
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/internal/linux"
)

// BenchmarkStart measures, in turn in one run, how long a program that does nothing takes from start to
// end: bare vfork and exec, in our sandbox, in one of a template, and under bwrap where it is installed. What counts are the
// ratios of the medians, which it prints; times on a shared machine drift.
func BenchmarkStart(b *testing.B) {
	program := "/bin/true"
	if static, err := exec.LookPath("busybox"); err == nil {
		program = static
	}
	sandboxed := spec(b, program, "true")
	quick := sandboxed
	template, err := NewTemplate(quick)
	if err != nil {
		b.Fatal(err)
	}
	defer template.Close()
	quick.Template = template
	runs := []struct {
		name string
		run  func(b *testing.B)
	}{
		{"plain", func(b *testing.B) { plain(b, program) }},
		{"sandbox", func(b *testing.B) { run(b, sandboxed) }},
		{"template", func(b *testing.B) { run(b, quick) }},
	}
	if bwrap, err := exec.LookPath("bwrap"); err == nil {
		runs = append(runs, struct {
			name string
			run  func(b *testing.B)
		}{"bwrap", func(b *testing.B) { bwrapped(b, bwrap, program) }})
	}
	spent := make([][]time.Duration, len(runs))
	for b.Loop() {
		for i, r := range runs {
			start := time.Now()
			r.run(b)
			spent[i] = append(spent[i], time.Since(start))
		}
	}
	b.ReportMetric(0, "ns/op") // of all of them together, which says nothing
	ratio := func(i, j int) float64 { return float64(median(spent[i])) / float64(median(spent[j])) }
	for i, r := range runs {
		b.ReportMetric(float64(median(spent[i]).Microseconds()), r.name+"-µs")
		if i > 0 {
			b.ReportMetric(ratio(i, 0), r.name+"/plain")
		}
	}
	if len(runs) == 4 {
		b.ReportMetric(ratio(1, 3), "sandbox/bwrap")
		b.ReportMetric(ratio(3, 2), "bwrap/template")
	}
}

func median(list []time.Duration) time.Duration {
	return slices.Sorted(slices.Values(list))[len(list)/2]
}

// plain is the floor: vfork, exec, wait, with the output on a pipe as the others have it.
func plain(b *testing.B, program string) {
	r, w, err := os.Pipe()
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	p := &linux.Program{}
	p.Add(linux.Call{Step: "exec", Nr: unix.SYS_EXECVEAT, Args: []any{unix.AT_FDCWD, program, []string{"true"}, []string{}, 0}})
	pid, err := (&linux.Spawn{Cgroup: -1, Outer: p}).Run()
	if err != nil {
		b.Fatal(err)
	}
	w.Close()
	if _, err := wait(pid); err != nil {
		b.Fatal(err)
	}
}

func bwrapped(b *testing.B, bwrap, program string) {
	cmd := exec.Command(bwrap, "--unshare-all", "--ro-bind", "/usr", "/usr", "--ro-bind", "/bin", "/bin", "--ro-bind", "/lib", "/lib",
		"--ro-bind-try", "/lib64", "/lib64", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", program, "true")
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
}
