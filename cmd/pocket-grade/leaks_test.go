package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pocket/runtime/stray"
)

const leaksSuite = `version: 1
name: leaks
rootfs: host
limits: {cpu: 5s, wall: 60s, memory: 64MiB}
cases:
`

// TestLeaks grades very many cases by one command: while it runs, the grader holds no more than at its beginning, and
// afterwards nothing is held that was not before. The database is small, and smaller when the run is removed.
func TestLeaks(t *testing.T) {
	const cases = 100
	submissions := map[string]int{"sample": 4, "all": 100}[os.Getenv("POCKET_TEST_LEAKS")]
	if submissions == 0 {
		t.Skip("it takes minutes: set POCKET_TEST_LEAKS to sample or all, as .ci/run faults and .ci/whole do")
	}
	w := newWalk(t)
	n := cases * submissions
	w.write("suite/suite.yaml", leaksSuite+leaksCases(cases))
	args := []string{"run", "-q", "-j", "2", "--db", w.path("db"), w.path("suite")}
	for i := range submissions {
		name := fmt.Sprintf("in/%d.c", i)
		w.write(name, walkFiles["in/square.c"]+fmt.Sprintf("// %d\n", i)) // or all others were found to be the first
		args = append(args, w.path(name))
	}
	if o := w.try(nil, "run", "-q", "--db", w.path("first"), w.path("suite"), w.path("in/square.c")); o.status != 0 {
		t.Fatal(o) // what is made once is there now
	}
	before, began := stray.Now(), time.Now()
	w.watched(t, args)
	took := time.Since(began)
	for _, more := range before.Grown(max(n/10, 70), endsWithin) {
		t.Errorf("grown by %d cases: %s", n, more)
	}
	t.Logf("%d cases in %v; grown: %s", n, took.Round(time.Millisecond), before.Since())
	w.database(t, n)
	w.left(nil)
}

func leaksCases(n int) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "  - {name: c%d, input: \"%d\\n\", answer: \"%d\\n\"}\n", i, i, i*i)
	}
	return text.String()
}

// watched runs a command to its end, all of whose verdicts must be AC, and compares what its process holds in the
// second tenth of the time with what it holds in the last.
func (w *walk) watched(t *testing.T, args []string) {
	t.Helper()
	cmd := w.command(context.Background(), nil, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	var seen []stray.Held
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if own, err := stray.Own(cmd.Process.Pid); err == nil && own["descriptors"] > 0 {
				seen = append(seen, own)
			} // else it ends just now
			continue
		case err := <-ended:
			if err != nil {
				t.Fatal(err, out.String())
			}
		}
		break
	}
	if len(seen) < 30 {
		t.Fatalf("looked only %d times", len(seen))
	}
	// What is held varies with the cases that run just then; in the first of the time there is none yet.
	part := max(10, len(seen)/10)
	first, last := middle(seen[part:2*part]), middle(seen[len(seen)-part:])
	t.Logf("the grader held %v at first and %v at last", first, last)
	for name, spare := range map[string]int{"descriptors": 48, "threads": 8, "mappings": 64, "KiB of memory": 16 << 10} {
		if last[name] > first[name]+spare {
			t.Errorf("the grader's %s: %d, at first %d", name, last[name], first[name])
		}
	}
}

// middle is the median of each.
func middle(list []stray.Held) stray.Held {
	m := stray.Held{}
	for name := range list[0] {
		slices.SortFunc(list, func(a, b stray.Held) int { return a[name] - b[name] })
		m[name] = list[len(list)/2][name]
	}
	return m
}

// database looks at how big the results are, and again when they are removed.
func (w *walk) database(t *testing.T, cases int) {
	t.Helper()
	size := func() int64 {
		info, err := os.Stat(w.path("db"))
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	full := size()
	if o := w.try(nil, "clean", "--db", w.path("db"), "--runs", "0d"); o.status != 0 {
		t.Fatal(o)
	}
	left := size()
	t.Logf("the database: %d bytes, %d a case; when the run is removed %d", full, full/int64(cases), left)
	if spare := int64(256 << 10); full > int64(cases)*1024+spare || left > spare {
		t.Errorf("the database is bigger than 1 KiB a case (%d), or than empty when there is no run (%d)", full, left)
	}
}
