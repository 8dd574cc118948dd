package judge

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"pocket/grader"
	"pocket/runtime/resource"
)

// toolchain is a Runner with a compiler that has a cache. What a field says of a command stands for its
// outcome.
type toolchain struct {
	identity       string
	identify, warm grader.Outcome
	atWarm         func() // called while the cache is being filled

	mu       sync.Mutex
	counts   map[string]int // jobs by their first argument
	compiled []grader.Job
}

func (c *toolchain) Interact(context.Context, grader.Interaction) grader.Exchange {
	return grader.Exchange{}
}

func (c *toolchain) Run(ctx context.Context, job grader.Job) grader.Outcome {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil {
		c.counts = map[string]int{}
	}
	c.counts[job.Args[0]]++
	switch job.Args[0] {
	case "identify":
		out := c.identify
		out.Stdout = []byte(c.identity)
		return out
	case "warm":
		if c.atWarm != nil {
			c.mu.Unlock()
			c.atWarm()
			c.mu.Lock()
		}
		if err := ctx.Err(); err != nil {
			return grader.Outcome{Err: err, Interrupted: true}
		}
		out := c.warm
		if !slices.Contains(job.Env, "CACHE=/work/out") || !job.Compile {
			out.ExitCode = 9
		}
		out.Err = errors.Join(out.Err, os.Mkdir(filepath.Join(job.Save, "ab"), 0o700),
			os.WriteFile(filepath.Join(job.Save, "ab", "library"), []byte("compiled"), 0o600))
		return out
	case "compile":
		c.compiled = append(c.compiled, job)
		return grader.Outcome{Err: os.WriteFile(filepath.Join(job.Save, "main"), nil, 0o755)}
	}
	return echo(ctx, job)
}

func (c *toolchain) count(command string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts[command]
}

// last is the folder that the last compiler saw as its cache; "" for none.
func (c *toolchain) last(t *testing.T) string {
	t.Helper()
	job := c.compiled[len(c.compiled)-1]
	found := ""
	for _, m := range job.Mounts {
		if m.Target == "/cache" {
			found = m.Host
		}
	}
	want := "CACHE=/work/private"
	if found != "" {
		want = "CACHE=/cache"
	}
	if !slices.Equal(job.Env, []string{"A=1", want}) {
		t.Errorf("environment %q, want %s", job.Env, want)
	}
	return found
}

func cached() Program {
	env := []string{"A=1", "CACHE=/work/private"}
	return Program{
		Compile: &Command{Args: []string{"compile"}, Env: env}, Run: binary, Package: "toolchain",
		Cache: &Cache{
			Language: "go", Title: "Go", Variable: "CACHE", At: "/cache",
			Identify: Command{Args: []string{"identify"}, Env: env}, Warm: Command{Args: []string{"warm"}, Env: env},
		},
	}
}

// gradeCached grades a submission that must be accepted.
func gradeCached(t *testing.T, runner grader.Runner, root string, sub *Staged) {
	t.Helper()
	s := numbered(2)
	if sub.workspace.Root != root { // who grades at once shares a workspace, whose root was set before
		sub.workspace.Root = root
	}
	report, err := Run(context.Background(), runner, s, sub, cached(), Options{})
	if err != nil || report.Verdict != grader.AC {
		t.Errorf("%+v, %v", report, err)
	}
}

// ownCaches gives the test a folder of caches of its own.
func ownCaches(t *testing.T) (shelf string) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", dir)
	return filepath.Join(dir, "pocket-grade", "libraries")
}

func listed(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestCacheIsFilledOnce(t *testing.T) {
	shelf := ownCaches(t)
	runner := &toolchain{identity: "1.26"}
	var told []string
	for range 2 { // two invocations
		first := stage(t, "a.go", "1")
		first.workspace.OnWarm = func(title string, err error) { told = append(told, title) }
		gradeCached(t, runner, "host", first)
		gradeCached(t, runner, "host", stageIn(t, first.workspace, "b.go", "2"))
	}
	if runner.count("identify") != 2 || runner.count("warm") != 1 || runner.count("compile") != 4 {
		t.Errorf("runs: %v, want 2 identify, 1 warm, 4 compile", runner.counts)
	}
	if !slices.Equal(told, []string{"Go"}) {
		t.Errorf("told %q", told)
	}
	folder := runner.last(t)
	if filepath.Dir(folder) != shelf || !strings.HasPrefix(filepath.Base(folder), "go-") || len(listed(t, shelf)) != 1 {
		t.Errorf("cache %s in %s: %q", folder, shelf, listed(t, shelf))
	}
	for path, want := range map[string]fs.FileMode{"": 0o755, "ab": 0o755, "ab/library": 0o644} {
		about, err := os.Stat(filepath.Join(folder, path))
		if err != nil || about.Mode().Perm() != want {
			t.Errorf("%q: %v, %v, want %o: the sandbox's user must be able to read it", path, about, err, want)
		}
	}
}

func TestCacheDependsOn(t *testing.T) {
	ownCaches(t)
	runner := &toolchain{}
	folders := map[string]bool{}
	for _, test := range []struct{ rootFS, identity string }{{"host", "1.25"}, {"host", "1.26"}, {"debian", "1.26"}, {"host", "1.25"}} {
		runner.identity = test.identity
		gradeCached(t, runner, test.rootFS, stage(t, "a.go", ""))
		folders[runner.last(t)] = true
	}
	if len(folders) != 3 || folders[""] || runner.count("warm") != 3 {
		t.Errorf("%d fillings of %v, want 3", runner.count("warm"), folders)
	}
}

func TestCacheFails(t *testing.T) {
	for name, test := range map[string]struct {
		runner *toolchain
		told   string // a part of what is told at last
	}{
		"identify":     {&toolchain{identify: grader.Outcome{ExitCode: 2, Stderr: []byte("bad flag\nusage")}}, "identify: exit code 2: bad flag"},
		"warm":         {&toolchain{warm: grader.Outcome{ExitCode: 1}}, "warm: exit code 1"},
		"warm killed":  {&toolchain{warm: grader.Outcome{Limit: grader.CPULimit}}, "warm went over its"},
		"warm cannot":  {&toolchain{warm: grader.Outcome{Err: errors.New("no space left")}}, "no space left"},
		"warm missing": {&toolchain{warm: grader.Outcome{NotFound: true}}, "warm cannot be started"},
		"not there":    {&toolchain{identify: grader.Outcome{NotFound: true}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			shelf := ownCaches(t)
			sub, told := stage(t, "a.go", "1"), ""
			sub.workspace.OnWarm = func(title string, err error) {
				if err != nil {
					told += err.Error()
				}
			}
			gradeCached(t, test.runner, "host", sub)
			gradeCached(t, test.runner, "host", stageIn(t, sub.workspace, "a.go", "2"))
			if folder := test.runner.last(t); folder != "" {
				t.Errorf("compiled with %s", folder)
			}
			if !strings.Contains(told, test.told) || (told == "") != (test.told == "") {
				t.Errorf("told %q, want %q", told, test.told)
			}
			if test.runner.count("identify") != 1 || len(listed(t, shelf)) != 0 {
				t.Errorf("tried %d times, left %q", test.runner.count("identify"), listed(t, shelf))
			}
		})
	}
}

func TestCacheAtOnce(t *testing.T) {
	ownCaches(t)
	runner := &toolchain{}
	first := stage(t, "a.go", "0")
	first.workspace.Root = "host"
	subs := []*Staged{first}
	for _, text := range []string{"1", "2", "3"} {
		subs = append(subs, stageIn(t, first.workspace, "a.go", text))
	}
	var all sync.WaitGroup
	for _, sub := range subs {
		all.Go(func() { gradeCached(t, runner, "host", sub) })
	}
	all.Wait()
	if runner.count("warm") != 1 || runner.count("compile") != 4 || runner.last(t) == "" {
		t.Errorf("runs: %v, want 1 warm and 4 compile", runner.counts)
	}
}

// Two processes that fill the same cache at the same time.
func TestCacheTwice(t *testing.T) {
	shelf := ownCaches(t)
	var both sync.WaitGroup
	both.Add(2)
	runner := &toolchain{atWarm: func() { both.Done(); both.Wait() }}
	var all sync.WaitGroup
	for _, sub := range []*Staged{stage(t, "a.go", ""), stage(t, "a.go", "")} {
		all.Go(func() { gradeCached(t, runner, "host", sub) })
	}
	all.Wait()
	if left := listed(t, shelf); len(left) != 1 || runner.count("warm") != 2 {
		t.Errorf("%d fillings left %q", runner.count("warm"), left)
	}
	for _, job := range runner.compiled {
		if !slices.ContainsFunc(job.Mounts, func(v grader.Volume) bool { return v.Target == "/cache" && filepath.Dir(v.Host) == shelf }) {
			t.Errorf("compiled without the cache: %+v", job.Mounts)
		}
	}
}

func TestCacheWithoutUserFolder(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T, shelf string) error{
		"no home": func(t *testing.T, _ string) error {
			t.Setenv("XDG_CACHE_HOME", "")
			return os.Unsetenv("HOME")
		},
		"a file": func(_ *testing.T, shelf string) error { return os.WriteFile(shelf, nil, 0o644) },
		"others": func(_ *testing.T, shelf string) error {
			return errors.Join(os.Mkdir(shelf, 0o755), os.Chmod(shelf, 0o777))
		},
	} {
		t.Run(name, func(t *testing.T) {
			shelf := filepath.Dir(ownCaches(t))
			t.Setenv("HOME", os.Getenv("HOME")) // so that it is there again after the test
			if err := prepare(t, shelf); err != nil {
				t.Fatal(err)
			}
			runner := &toolchain{}
			sub := stage(t, "a.go", "")
			gradeCached(t, runner, "host", sub)
			gradeCached(t, runner, "host", stageIn(t, sub.workspace, "a.go", "2"))
			if folder := runner.last(t); !strings.HasPrefix(folder, sub.workspace.dir) || runner.count("warm") != 1 {
				t.Errorf("cache %q, filled %d times, want one in %s", folder, runner.count("warm"), sub.workspace.dir)
			}
			if left := listed(t, filepath.Dir(shelf)); len(left) > 1 {
				t.Errorf("left %q", left)
			}
		})
	}
}

func TestCacheInterrupted(t *testing.T) {
	shelf := ownCaches(t)
	ctx, cancel := context.WithCancel(context.Background())
	runner := &toolchain{atWarm: cancel}
	sub := stage(t, "a.go", "")
	if _, err := Run(ctx, runner, numbered(1), sub, cached(), Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if left := listed(t, shelf); len(left) != 0 || runner.count("compile") != 0 {
		t.Errorf("left %q, runs %v", left, runner.counts)
	}
	runner.atWarm = nil
	gradeCached(t, runner, "", sub)
	if runner.last(t) == "" {
		t.Error("the interruption was remembered as a failure")
	}
}

func TestCacheRemovedMeanwhile(t *testing.T) {
	shelf := ownCaches(t)
	runner := &toolchain{}
	sub := stage(t, "a.go", "1")
	gradeCached(t, runner, "host", sub)
	if err := os.RemoveAll(shelf); err != nil {
		t.Fatal(err)
	}
	gradeCached(t, runner, "host", stageIn(t, sub.workspace, "a.go", "2"))
	if _, err := os.Stat(runner.last(t)); err != nil || runner.count("warm") != 2 {
		t.Errorf("filled %d times, %v", runner.count("warm"), err)
	}
}

func TestCacheLimits(t *testing.T) {
	ownCaches(t)
	var got resource.Limits
	p := cached()
	p.CompileLimits = resource.Limits{Files: resource.GiB}
	runner := fake(func(ctx context.Context, job grader.Job) grader.Outcome {
		if job.Args[0] == "warm" {
			got = job.Limits
		}
		return (&toolchain{}).Run(ctx, job)
	})
	if _, err := Run(context.Background(), runner, numbered(1), stage(t, "a.go", ""), p, Options{}); err != nil {
		t.Fatal(err)
	}
	if got.Files != resource.GiB || got.CPU != CompileLimits.CPU || got.Output == 0 {
		t.Errorf("limits %+v: those of the compiler are wanted", got)
	}
}
