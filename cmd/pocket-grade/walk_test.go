package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"pocket/runtime/stray"
)

// walk is commands one after the other with folders of their own, and what they leave behind.
type walk struct {
	t      *testing.T
	dir    string // of all files: suite, submissions, database, tmp
	env    []string
	mounts []string
}

// endsWithin is how long a command may take before it counts as stuck: long on a starved machine.
const endsWithin = 300 * time.Second

// walkSuite has a checker, so that three programs are compiled and run, and a case without it.
const walkSuite = `version: 1
name: walk
rootfs: host
limits: {cpu: 5s, wall: 60s, memory: 64MiB}
checker: check.sh
cases:
  - {name: one, input: "1\n", answer: "1\n"}
  - {name: two, input-file: two.in, answer: "4\n"}
  - {name: three, input: "3\n", answer: "9\n", compare: lines}
`

var walkFiles = map[string]string{
	"suite/suite.yaml": walkSuite,
	"suite/two.in":     "2\n",
	"suite/check.sh":   "read a < \"$2\"; read b < \"$3\"; [ \"$a\" = \"$b\" ]\n",
	"in/square.sh":     "read n; echo $((n * n))\n",
	"in/square.c":      "#include <stdio.h>\nint main(void) { int n; scanf(\"%d\", &n); printf(\"%d\\n\", n * n); return 0; }\n",
}

func newWalk(t *testing.T) *walk {
	t.Helper()
	for _, what := range []string{"sandbox", "program:gcc"} {
		if ok, err := condition(what); err != nil {
			t.Fatal(what, err)
		} else if !ok {
			t.Skip("there is no ", what)
		}
	}
	if err := stray.Adopt(); err != nil {
		t.Fatal(err)
	}
	w := &walk{t: t, dir: t.TempDir()}
	mounts, err := stray.Mounts()
	if w.mounts = mounts; err != nil {
		t.Fatal(err)
	}
	for name, text := range walkFiles {
		w.write(name, text)
	}
	for _, name := range []string{"tmp", "cache"} {
		if err := os.Mkdir(w.path(name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for dir := w.dir; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) { // sandboxes pass through
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	w.env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + w.dir, "TMPDIR=" + w.path("tmp"), "XDG_CACHE_HOME=" + w.path("cache"),
		"POCKET_ROOT=" + w.path("state"), asGrader + "=1"}
	return w
}

func (w *walk) path(name string) string { return filepath.Join(w.dir, name) }

func (w *walk) write(name, text string) {
	w.t.Helper()
	path := w.path(name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
		w.t.Fatal(err)
	}
}

// outcome is how a command ended.
type outcome struct {
	out, err string
	status   int // -1: by a signal
	took     time.Duration
}

func (o outcome) String() string { return fmt.Sprintf("exit status %d\n%s%s", o.status, o.out, o.err) }

// command makes a command of pocket-grade with more of the environment.
func (w *walk) command(ctx context.Context, env []string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "/proc/self/exe", args...)
	cmd.Args[0], cmd.Env, cmd.Dir = "pocket-grade", append(w.env, env...), w.dir
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
	_ = cmd.Run() // the status tells
	o.took, o.out, o.err, o.status = time.Since(began), out.String(), errs.String(), cmd.ProcessState.ExitCode()
	if ctx.Err() != nil {
		w.t.Errorf("%q does not end", args)
	}
	return o
}

// left tells of what is left behind beside the database: processes, groups of these makers, mounts, files.
func (w *walk) left(makers map[int]bool) {
	w.t.Helper()
	if o := w.try(nil, "clean", "--cache"); o.status != 0 {
		w.t.Error(o)
	}
	for _, p := range stray.Processes(endsWithin) {
		w.t.Error("left behind:", p)
	}
	for _, group := range stray.Groups(makers) {
		w.t.Error("left behind:", group)
	}
	if mounts, err := stray.Mounts(); err != nil || len(mounts) > len(w.mounts) {
		w.t.Errorf("mounts: %q %v", stray.Beyond(w.mounts, mounts), err)
	}
	for _, folder := range []string{"tmp", "cache"} {
		files, err := stray.Files(w.path(folder))
		if err != nil {
			w.t.Error(err)
		}
		for _, name := range files {
			if info, err := os.Stat(filepath.Join(w.path(folder), name)); err == nil && (folder == "tmp" && name != "." || !info.IsDir()) {
				w.t.Errorf("left behind in %s: %s", folder, name)
			}
		}
	}
	if _, err := os.Stat(w.path("db-graders")); !errors.Is(err, os.ErrNotExist) {
		w.t.Error("left behind: db-graders", err)
	}
}
