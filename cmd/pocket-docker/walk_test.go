package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"pocket/runtime/stray"
)

// walk is commands one after the other on a state folder of their own, and what they leave behind.
type walk struct {
	t      *testing.T
	dir    string // of all files: state, tmp, trace
	env    []string
	mounts []string
}

// endsWithin is how long a command may take before it counts as stuck: long on a starved machine.
const endsWithin = 90 * time.Second

func newWalk(t *testing.T) *walk {
	t.Helper()
	if err := canMakeNamespaces(); err != nil {
		if os.Getenv("POCKET_TEST_REQUIRE") != "" {
			t.Fatal(err)
		}
		t.Skip("no sandbox can be made here: ", err)
	}
	if err := stray.Adopt(); err != nil {
		t.Fatal(err)
	}
	w := &walk{t: t, dir: t.TempDir()}
	var err error
	if w.mounts, err = stray.Mounts(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(w.dir, 0o755); err != nil { // the containers' root passes through
		t.Fatal(err)
	}
	if err := os.Mkdir(w.path("tmp"), 0o700); err != nil {
		t.Fatal(err)
	}
	w.env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + w.dir, "TMPDIR=" + w.path("tmp"), "POCKET_ROOT=" + w.path("state")}
	return w
}

// newShellArchive makes the archive of a root filesystem with a shell in a folder. Where the host has nothing to make it
// of the test is skipped, but not in CI.
func newShellArchive(t *testing.T, dir string) string {
	t.Helper()
	archive := filepath.Join(dir, shellArchive)
	if err := makeShellArchive(archive); err != nil {
		if os.Getenv("POCKET_TEST_REQUIRE") != "" {
			t.Fatal("no archive: ", err)
		}
		t.Skip("no archive: ", err)
	}
	return archive
}

func (w *walk) path(name string) string { return filepath.Join(w.dir, name) }

// outcome is how a command ended.
type outcome struct {
	out, err string
	failed   error
	took     time.Duration
}

func (o outcome) String() string { return fmt.Sprintf("%v\n%s%s", o.failed, o.out, o.err) }

// command makes a command of pocket-docker with more of the environment.
func (w *walk) command(ctx context.Context, env []string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "/proc/self/exe", args...)
	cmd.Args[0], cmd.Env, cmd.Dir = "pocket-docker", append(w.env, env...), w.dir
	return cmd
}

// try runs a command to its end.
func (w *walk) try(env []string, args ...string) (o outcome) {
	ctx, cancel := context.WithTimeout(context.Background(), endsWithin)
	defer cancel()
	cmd := w.command(ctx, env, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.WaitDelay = endsWithin / 10
	began := time.Now()
	o.failed = cmd.Run()
	o.took, o.out, o.err = time.Since(began), out.String(), errs.String()
	if ctx.Err() != nil {
		w.t.Errorf("%q does not end", args)
	}
	return o
}

// must runs a command that has to succeed, and returns what it wrote.
func (w *walk) must(args ...string) string {
	w.t.Helper()
	o := w.try(nil, args...)
	if o.failed != nil {
		w.t.Errorf("%q: %v", args, o)
	}
	return o.out
}

// empty removes all containers with their volumes.
func (w *walk) empty() {
	w.t.Helper()
	if ids := strings.Fields(w.must("ps", "-aq")); len(ids) > 0 {
		w.must(append([]string{"rm", "-f", "-v"}, ids...)...)
	}
}

// left is what there is of strays: rows, processes, groups of these makers, mounts, files in the folder for
// temporary ones. What else lies in the state folder is returned.
func (w *walk) left(makers map[int]bool) (files []string) {
	w.t.Helper()
	for _, args := range [][]string{{"ps", "-aq"}, {"volume", "ls", "-q"}} {
		if rows := w.must(args...); rows != "" {
			w.t.Errorf("%q shows:\n%s", args, rows)
		}
	}
	for _, p := range stray.Processes(endsWithin) {
		w.t.Error("left behind:", p)
	}
	for _, group := range stray.Groups(makers) {
		w.t.Error("left behind:", group)
	}
	mounts, err := stray.Mounts()
	for _, mount := range stray.Beyond(w.mounts, mounts) {
		if strings.Contains(mount, w.dir) || strings.Contains(mount, "pocket") {
			w.t.Error("left behind: mount", mount)
		}
	}
	temporary, errTemporary := stray.Files(w.path("tmp"))
	if len(temporary) > 1 { // the folder itself is one
		w.t.Errorf("left behind in the folder for temporary files: %q", temporary[1:])
	}
	files, errState := stray.Files(w.path("state"))
	if err := errors.Join(err, errTemporary, errState); err != nil {
		w.t.Error(err)
	}
	return files
}

// howMany is how much of something long is done: POCKET_TEST_FAULTS is sample, whole or a number. Without it the test
// is skipped.
func howMany(t *testing.T, sample, whole int) int {
	t.Helper()
	switch text := os.Getenv("POCKET_TEST_FAULTS"); text {
	case "":
		t.Skip("it takes long: set POCKET_TEST_FAULTS to sample, whole or a number, as .ci/run faults does")
	case "sample":
		return sample
	case "whole":
		return whole
	default:
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			t.Fatalf("POCKET_TEST_FAULTS=%s: want sample, whole or a number from 1", text)
		}
		return min(n, whole)
	}
	return 0
}
