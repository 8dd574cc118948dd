//go:build failpoint

package main

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/stray"
)

// TestRandomKills kills, at a random moment of a container's beginning, what runs of pocket-docker: the command or the
// monitor. Whatever moment it was, ps is right afterwards, the same command succeeds, and nothing strays.
func TestRandomKills(t *testing.T) {
	rounds := howMany(t, 6, 200)
	w := newFaultyWalk(t, "")
	archive := newShellArchive(t, w.dir)
	w.must("import", archive, "image")
	run := []string{"run", "-d", "--name", "one", "-v", "/data", "--memory", "64m", "image", "sh", "-c", "echo up; exec sleep 1000"}
	began := time.Now()
	w.must(run...)
	span := time.Since(began) * 3 / 2 // beyond its end, when only the monitor is left
	w.must("rm", "-f", "-v", "one")
	before := w.left(nil)
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0))
	killed, tried, makers := 0, 0, map[int]bool{}
	for ; killed < rounds; tried++ {
		if tried == 10*rounds {
			t.Fatalf("%d of %d rounds met a process", killed, tried)
		}
		cmd := w.command(context.Background(), nil, run...)
		var said bytes.Buffer
		cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &said, &said, endsWithin
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(random.Int64N(int64(span)))) // the moment is what is random
		if all := w.ours(); len(all) > 0 {
			victim := all[random.IntN(len(all))]
			if makers[victim] = true; kill(t, victim) {
				killed++
			}
		}
		_ = cmd.Wait() // it may have been killed, or its monitor
		makers[cmd.Process.Pid] = true
		w.right()
		w.empty()
		w.must(run...)
		w.empty()
	}
	t.Logf("%d of %d rounds met a process, seed %d", killed, tried, seed)
	for _, name := range stray.Beyond(before, w.left(makers)) {
		t.Error("left behind in the state folder:", name)
	}
}

// kill kills a process and waits until it is dead; false says that it had ended.
func kill(t *testing.T, pid int) bool {
	t.Helper()
	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return false
	}
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0); err != nil {
		return false
	}
	for {
		_, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, int(endsWithin.Milliseconds()))
		if err == nil {
			return true
		}
		if !errors.Is(err, unix.EINTR) {
			t.Fatal(err)
		}
	}
}

// ours are the processes of pocket-docker that work on this walk's state folder, told by their environment
// (proc_pid_environ(5)); what runs in a container has another.
func (w *walk) ours() (pids []int) {
	w.t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		w.t.Fatal(err)
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		text, err := os.ReadFile(filepath.Join("/proc", e.Name(), "environ"))
		if err != nil && !errors.Is(err, os.ErrNotExist) && !errors.Is(err, os.ErrPermission) && !errors.Is(err, unix.ESRCH) {
			w.t.Fatal(err)
		}
		if bytes.Contains(text, []byte("POCKET_ROOT="+w.path("state")+"\x00")) {
			pids = append(pids, pid)
		}
	}
	return pids
}
