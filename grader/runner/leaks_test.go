package runner

import (
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"pocket/grader"
	"pocket/runtime/resource"
	"pocket/runtime/stray"
)

// TestLeaks runs very many jobs in this process, some of which pass a limit or cannot be started: when the runner is
// closed this process holds what it held before, to the descriptor.
func TestLeaks(t *testing.T) {
	n := map[string]int{"sample": 150, "all": 10000}[os.Getenv("POCKET_TEST_LEAKS")]
	if n == 0 {
		t.Skip("it takes minutes: set POCKET_TEST_LEAKS to sample or all, as .ci/run faults and .ci/whole do")
	}
	program := staticC(t)
	warm := newRunner(t)
	leak(t, warm, program, 20)
	if err := warm.Close(); err != nil {
		t.Fatal(err)
	}
	own := func() stray.Held {
		t.Helper()
		runtime.GC()
		held, err := stray.Own(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		held["goroutines"] = runtime.NumGoroutine()
		return held
	}
	before, host, began := own(), stray.Now(), time.Now()
	r := newRunner(t) // which keeps one descriptor until it is collected
	leak(t, r, program, n)
	took := time.Since(began)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	for _, more := range host.Grown(max(n/10, 70), time.Minute) {
		t.Errorf("grown by %d jobs: %s", n, more)
	}
	after := own()
	t.Logf("%d jobs in %v; before %v, after %v; of the host: %s", n, took.Round(time.Millisecond), before, after, host.Since())
	for name, spare := range map[string]int{"descriptors": 1, "goroutines": 0, "threads": 4, "mappings": 64, "KiB of memory": 16 << 10} {
		if after[name] > before[name]+spare {
			t.Errorf("%s: %d, before %d", name, after[name], before[name])
		}
	}
}

func leak(t *testing.T, r *Runner, program measured, n int) {
	t.Helper()
	tight := resource.Limits{CPU: time.Second, Wall: 10 * time.Second, Memory: 64 * resource.MiB, Processes: 32, Output: 1000, Files: 16 * resource.MiB}
	for i := range n {
		job := grader.Job{Args: program.args, Stdin: grader.Text{Inline: "17\n"}, Limits: tight, Mounts: []grader.Volume{{Host: program.dir, Target: "/submission"}}}
		want := "17\n"
		switch i % 10 {
		case 7:
			job.Args, want = []string{"/bin/sh", "-c", "while :; do echo much; done"}, strings.Repeat("much\n", 200)
		case 8:
			job.Args, want = []string{"/not/there"}, ""
		case 9:
			job.Args = []string{"/bin/sh", "-c", "sleep 100 & cat; exit 0"}
		}
		if o := r.Run(t.Context(), job); (o.Err != nil) != o.NotFound || o.NotFound != (i%10 == 8) || !strings.HasPrefix(want, string(o.Stdout)) {
			t.Fatalf("job %d: %+v, output %q", i, o, o.Stdout)
		}
	}
}
