package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"pocket/runtime/stray"
)

// leaksOf is how many times something is done that could leak, by POCKET_TEST_LEAKS. Without it the test is skipped.
func leaksOf(t *testing.T, sample, all int) int {
	t.Helper()
	switch os.Getenv("POCKET_TEST_LEAKS") {
	case "":
		t.Skip("it takes minutes: set POCKET_TEST_LEAKS to sample or all, as .ci/run faults and .ci/whole do")
	case "sample":
		return sample
	case "all":
		return all
	default:
		t.Fatal("POCKET_TEST_LEAKS: want sample or all")
	}
	return 0
}

// TestLeaks does each thing very often: nothing is held afterwards that was not before, and the database is small
// after prune. What other programs hold at the same time is spared: what leaks does so each time.
func TestLeaks(t *testing.T) {
	n := leaksOf(t, 150, 1000)
	w := newWalk(t)
	archive := newShellArchive(t, w.dir)
	w.must("import", archive, "image")
	w.must("run", "--rm", "-v", "/data", "image", "sh", "-c", "true") // so that what is made once is there
	files := w.left(nil)
	run := []string{"run", "--memory", "64m", "--cpus", "1", "--pids-limit", "64", "-v", "/data", "--shm-size", "1m"}
	t.Run("run-rm", func(t *testing.T) {
		w.often(t, n, func(i int) {
			w.says(i, append(run, "--rm", "image", "sh", "-c", fmt.Sprintf("echo %d | tee /data/x /dev/shm/x > /x; cat /x", i))...)
		})
	})
	t.Run("run-and-prune", func(t *testing.T) {
		w.often(t, n, func(i int) {
			w.says(i, append(run, "-a", "stdout", "image", "sh", "-c", fmt.Sprintf("echo %d | tee /data/x /dev/shm/x > /x; cat /x", i))...)
			if i%50 == 49 {
				w.must("prune", "-f", "--volumes")
			}
		})
		w.must("prune", "-f", "--volumes")
	})
	size := w.database()
	t.Logf("%d containers: the database has %d bytes after prune, %d each", 2*n, size, size/int64(2*n))
	if perRun := size / int64(2*n); perRun >= 1024 && size > 768<<10 {
		t.Errorf("the database has %d bytes a run after prune", perRun)
	}
	t.Run("health-and-exec", func(t *testing.T) { w.monitorStaysSmall(t, n) })
	w.must("prune", "-f", "--volumes")
	if more := stray.Beyond(files, w.left(nil)); len(more) > 0 {
		t.Errorf("left in the state folder: %q", more)
	}
}

// says wants a command to print a number.
func (w *walk) says(i int, args ...string) {
	w.t.Helper()
	if got := w.must(args...); got != fmt.Sprintln(i) {
		w.t.Errorf("%q: %q", args, got)
	}
}

// often does something n times and looks at what is held.
func (w *walk) often(t *testing.T, n int, do func(i int)) {
	t.Helper()
	before, began := stray.Now(), time.Now()
	for i := range n {
		do(i)
	}
	took := time.Since(began)
	for _, more := range before.Grown(max(n/10, 70), endsWithin) {
		t.Errorf("grown by %d times: %s", n, more)
	}
	t.Logf("%d times in %v; grown: %s", n, took.Round(time.Millisecond), before.Since())
}

// database is how many bytes the database and its side files have.
func (w *walk) database() (size int64) {
	w.t.Helper()
	for _, name := range []string{"state.db", "state.db-wal"} {
		info, err := os.Stat(w.path("state/" + name))
		if err == nil {
			size += info.Size()
		}
	}
	if size == 0 {
		w.t.Error("there is no database")
	}
	return size
}

// monitorStaysSmall has one monitor check its container's health again and again, and others enter it: the monitor
// holds afterwards what it held before.
func (w *walk) monitorStaysSmall(t *testing.T, n int) {
	w.must("run", "-d", "--name", "again", "--health-cmd", "true", "--health-interval", "20ms", "image", "sleep", "1000")
	defer func() { w.must("rm", "-f", "-v", "again") }()
	pid, err := strconv.Atoi(strings.TrimSpace(w.must("inspect", "--format", "{{.State.MonitorPid}}", "again")))
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		w.must("exec", "again", "sh", "-c", "true")
	}
	before := between(t, pid)
	w.often(t, n, func(i int) { w.says(i, "exec", "again", "sh", "-c", fmt.Sprint("echo ", i)) })
	after := between(t, pid)
	t.Logf("the monitor: %v, before %v", after, before)
	if after["descriptors"] > before["descriptors"]+4 || after["threads"] > before["threads"]+8 || after["KiB of memory"] > before["KiB of memory"]+8<<10 {
		t.Errorf("the monitor has grown: %v, before %v", after, before)
	}
}

// between is the least that a process holds in a while: what it holds when no check of health is under way.
func between(t *testing.T, pid int) stray.Held {
	t.Helper()
	least := stray.Held{}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for range 200 {
		<-tick.C
		now, err := stray.Own(pid)
		if errors.Is(err, os.ErrPermission) {
			continue // while it makes a sandbox, whose memory it shares, nobody may look into it
		}
		if err != nil {
			t.Fatal(err)
		}
		for name, n := range now {
			if had, seen := least[name]; !seen || n < had {
				least[name] = n
			}
		}
	}
	if len(least) == 0 {
		t.Fatal("the monitor cannot be looked into")
	}
	return least
}
