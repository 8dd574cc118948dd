package judge

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"pocket/grader"
	"pocket/runtime/resource"
)

// Toolchain is what compiles and runs the programs of a language; it comes from the table of languages.
type Toolchain struct {
	Language string    // its name in the table
	Title    string    // its name for people
	Package  string    // what must be installed where it is missing
	Identify []Command // each runs one of its programs and prints the version
	Sample   *Sample   // nil: it is not tried
}

// Sample is a program that prints "ok", by which a toolchain is tried.
type Sample struct {
	File, Text string
	Program    Program
}

// Found is what is known of a toolchain in a root file system.
type Found struct {
	Version  string // the first line that the first of its programs prints
	Identity string // changes with the version of any of its programs
	Problem  string // why it cannot be used; "" when a program was compiled and run with it
}

// sampleLimits are those of the sample that is run: whatever the suite allows, a toolchain works or not.
var sampleLimits = resource.Limits{
	CPU: 20 * time.Second, Wall: time.Minute, Memory: 512 * resource.MiB, Processes: 64,
	Files: 16 * resource.MiB, Output: resource.MiB,
}

// finding is a toolchain that is being examined or was.
type finding struct {
	Found
	ended chan struct{}
	known bool // false: that was interrupted, and whoever waits must do it again
	tried bool // the sample was run here and not only by an earlier invocation
}

// Examine says whether a toolchain can be used in a root file system: its programs tell their versions, and
// a sample is compiled and run, once for this and later invocations. The answer is remembered. The error
// says that it was interrupted.
func (w *Workspace) Examine(ctx context.Context, runner grader.Runner, pool *Pool, t Toolchain) (Found, error) {
	return bench{runner: runner, pool: pool}.examine(ctx, w, &t, false)
}

// examine is Examine; again asks for a sample that is run in this invocation. A program without a toolchain
// is taken as it is.
func (at bench) examine(ctx context.Context, w *Workspace, t *Toolchain, again bool) (Found, error) {
	if t == nil {
		return Found{}, nil
	}
	at.turn = -1 // before all submissions: whoever is earlier may wait for what this finds
	key := t.Language
	for {
		w.mu.Lock()
		f, known := w.found[key]
		if known && again && f.over() && f.Problem == "" && !f.tried {
			known = false
		}
		if !known {
			f = &finding{ended: make(chan struct{})}
			w.found[key] = f
		}
		w.mu.Unlock()
		if !known {
			return at.find(ctx, w, key, f, t, again)
		}
		select {
		case <-f.ended:
		case <-ctx.Done():
			return Found{}, ctx.Err()
		}
		if f.known && (!again || f.tried || f.Problem != "") {
			return f.Found, nil
		}
	}
}

func (f *finding) over() bool {
	select {
	case <-f.ended:
		return true
	default:
		return false
	}
}

func (at bench) find(ctx context.Context, w *Workspace, key string, f *finding, t *Toolchain, again bool) (Found, error) {
	var err error
	defer func() { // also when something breaks
		if f.known = err == nil; !f.known {
			w.mu.Lock()
			if w.found[key] == f {
				delete(w.found, key)
			}
			w.mu.Unlock()
		}
		close(f.ended)
	}()
	if f.Found, err = at.identify(ctx, t); err != nil || f.Problem != "" || t.Sample == nil {
		return f.Found, err
	}
	mark, errMark := w.tried(t, f.Identity)
	if !again && errMark == nil && isMarked(mark) {
		return f.Found, nil
	}
	if f.Problem, err = at.try(ctx, w, t); err != nil {
		return f.Found, err
	}
	f.tried = true
	if f.Problem == "" && errMark == nil {
		_ = os.WriteFile(mark, nil, 0o644) // where nothing can be remembered, it is tried each time
	} else if errMark == nil {
		_ = os.Remove(mark)
	}
	return f.Found, nil
}

// identify asks a toolchain's programs for their versions.
func (at bench) identify(ctx context.Context, t *Toolchain) (Found, error) {
	f := Found{}
	limits := CompileLimits
	limits.Memory = 2 * resource.GiB
	for i, command := range t.Identify {
		out := at.run(ctx, grader.Job{Args: command.Args, Env: merge(command.Env, nil), Limits: limits, Compile: true})
		p := Program{Compile: &command, Package: t.Package}
		switch {
		case out.Interrupted:
			return f, interrupted(ctx, out)
		case out.NotFound:
			f.Problem = missing(p, command.Args[0], out.Err)
			return f, nil
		}
		if err := failure(p, command, limits, out); err != nil {
			f.Problem = "asking for its version: " + err.Error() + install(t.Package)
			return f, nil
		}
		text := storable(strings.TrimSpace(string(out.Stdout) + "\n" + string(out.Stderr)))
		if i == 0 {
			f.Version = firstLine(text, "")
		}
		f.Identity += fmt.Sprintf("%q %q\n", command.Args, text)
	}
	return f, nil
}

// try compiles and runs the sample, and says in one line what went wrong with it.
func (at bench) try(ctx context.Context, w *Workspace, t *Toolchain) (problem string, err error) {
	s, p := t.Sample, t.Sample.Program
	p.Toolchain = nil // or it would be examined
	dir, err := w.folder("sample")
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, s.File), []byte(s.Text), 0o644)
	}
	if err == nil {
		err = os.Chmod(filepath.Join(dir, s.File), 0o644)
	}
	if err = NoRoom(err); errors.Is(err, grader.ErrFull) {
		return "", err
	} else if err != nil {
		return "a sample cannot be made: " + err.Error(), nil
	}
	staged := &Staged{Submission: grader.Submission{Name: t.Language, Files: []string{s.File}}, Dir: dir, workspace: w}
	defer staged.Remove()
	g := grading{bench: at, sub: staged, program: p, lost: new(atomic.Int64)}
	if p.Compile != nil {
		b, err := at.runCompiler(ctx, w, staged, p)
		if err != nil {
			return "", err
		}
		defer removeAll(b.dir)
		if b.result.Verdict != grader.AC {
			return "a sample does not compile: " + explained(b.result.Detail, b.result.Stderr) + install(t.Package), nil
		}
		g.build = b.dir
	}
	return g.runSample(ctx, t)
}

func (g grading) runSample(ctx context.Context, t *Toolchain) (problem string, err error) {
	c := grader.Case{Name: "sample", Limits: sampleLimits, Compare: grader.Compare{Mode: grader.Tokens}}
	job := g.job(c)
	out := g.run(ctx, job)
	if out.Interrupted {
		return "", interrupted(ctx, out)
	}
	r := classify(c, g.program, job.Limits, out, []byte("ok"))
	if r.Verdict == grader.AC {
		return "", nil
	}
	return "a sample does not run: " + explained(r.Detail, r.Stderr) + install(t.Package), nil
}

// explained is a detail with the first line of what the program said.
func explained(detail, said string) string {
	if line := firstLine(strings.TrimSpace(said), ""); line != "" {
		return detail + ": " + line
	}
	return detail
}

// tried names the file that remembers, for all invocations of this user, that a toolchain's sample ran.
func (w *Workspace) tried(t *Toolchain, identity string) (string, error) {
	s, err := w.shelf("tried")
	if err != nil {
		return "", err
	}
	p := t.Sample.Program
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %s %q %v %q", w.Root, t.Language, identity, s, p.Compile, p.Run(grader.Case{})))
	return filepath.Join(string(s), fmt.Sprintf("%s-%x", t.Language, sum[:16])), nil
}

// triedFor is how long it is believed that a toolchain still works.
const triedFor = 7 * 24 * time.Hour

func isMarked(mark string) bool {
	about, err := os.Stat(mark)
	if errors.Is(err, fs.ErrNotExist) || err != nil {
		return false
	}
	return time.Since(about.ModTime()) < triedFor
}

// examineAll examines the toolchains of all entries and of the suite's tools at once, before the first program
// is run, and tells of those that cannot be used. Later nobody who holds the pool's only slot has to wait for
// one who needs a slot to examine. The error says that it was interrupted.
func (w *work) examineAll(ctx context.Context) error {
	used, all := slices.Clone(w.Expected), []*Toolchain(nil)
	for _, e := range w.entries {
		if e.Instead == nil {
			used = append(used, e.Program.Toolchain)
		}
	}
	for _, tool := range w.Workspace.tools {
		used = append(used, tool.program.Toolchain)
	}
	for _, t := range used {
		if t != nil && !slices.ContainsFunc(all, func(o *Toolchain) bool { return o.Language == t.Language }) {
			all = append(all, t)
		}
	}
	problems := make([]error, len(all))
	var stopped []error
	done := make(chan error)
	for i, t := range all {
		go func() {
			f, err := bench{runner: w.Runner, pool: w.Pool}.examine(ctx, w.Workspace, t, false)
			if f.Problem != "" {
				problems[i] = fmt.Errorf("%s cannot be used: %s", t.Title, f.Problem)
			}
			done <- err
		}()
	}
	for range all {
		stopped = append(stopped, <-done)
	}
	for i, problem := range problems {
		if problem != nil && w.OnUnusable != nil {
			w.OnUnusable(all[i].Language, problem)
		}
	}
	return errors.Join(stopped...)
}
