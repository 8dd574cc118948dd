package judge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"pocket/grader"
	"pocket/runtime/hint"
	"pocket/runtime/resource"
)

// CompileLimits are the limits of a compiler where its language asks for no others.
var CompileLimits = resource.Limits{
	CPU: 60 * time.Second, Wall: 120 * time.Second, Memory: resource.GiB, Processes: 256,
	Files: 512 * resource.MiB, Output: resource.MiB,
}

// maxMessages is how much of a compiler's messages is kept: the start, where the first mistake is.
const maxMessages = 64 * resource.KiB

// build is a compiled submission.
type build struct {
	dir    string // what the compiler left in /work/out
	result grader.Result
}

// compile compiles a submission, or finds that an identical one was compiled before. An error means that
// it was interrupted; everything else is in the result, whose verdict is AC, CE or JE.
func (at bench) compile(ctx context.Context, sub *Staged, p Program) (build, error) {
	w := sub.workspace
	// Who holds a slot must not wait for one who needs it, though a submission may be the suite's own checker.
	seated := at.pool == nil
	key := fmt.Sprintf("%s %q %+v %t", sub.Digest, *p.Compile, p.CompileLimits, seated)
	for {
		w.mu.Lock()
		b, known := w.builds[key]
		if !known {
			b = &building{ended: make(chan struct{})}
			w.builds[key] = b
		}
		w.mu.Unlock()
		if !known {
			return at.build(ctx, w, key, b, sub, p)
		}
		if !seated {
			at.pool.pass(at.turn) // it may be a later one that is waited for
		}
		select { // of identical submissions graded at once, one is compiled
		case <-b.ended:
		case <-ctx.Done():
			return build{}, ctx.Err()
		}
		if b.kept {
			return b.build, nil
		}
	}
}

// building is a build that others may wait for. What became of it may be read once it ended.
type building struct {
	build
	ended chan struct{}
	kept  bool // false: it was interrupted, or a fault of ours, and whoever waits must do it again
}

// over says whether it ended.
func (b *building) over() bool {
	select {
	case <-b.ended:
		return true
	default:
		return false
	}
}

// build compiles what no other submission has compiled before.
func (at bench) build(ctx context.Context, w *Workspace, key string, b *building, sub *Staged, p Program) (build, error) {
	var err error
	defer func() { // also when something breaks
		if b.kept = err == nil && (b.result.Verdict == grader.AC || b.result.Verdict == grader.CE); !b.kept {
			w.mu.Lock()
			delete(w.builds, key)
			w.mu.Unlock()
		}
		close(b.ended)
	}()
	b.build, err = at.runCompiler(ctx, w, sub, p)
	return b.build, err
}

func (at bench) runCompiler(ctx context.Context, w *Workspace, sub *Staged, p Program) (build, error) {
	dir, err := w.folder("build")
	if errors.Is(err, grader.ErrFull) {
		return build{}, err
	} else if err != nil {
		return build{result: compiled(grader.JE, "making a folder for the compiler: "+err.Error())}, nil
	}
	limits := p.CompileLimits.Merge(CompileLimits)
	found, err := at.examine(ctx, w, p.Toolchain, false)
	if err != nil {
		return build{}, err
	}
	if found.Problem != "" {
		return build{result: compiled(grader.JE, found.Problem)}, nil
	}
	name := buildName(sub, p, limits, w.Root, found.Identity)
	keeps := found.Identity != "" && w.Root != ""
	if keeps {
		if r, ok := takeBuild(name, dir); ok {
			return build{dir, r}, nil
		}
	}
	job, err := w.useCache(ctx, at, p, grader.Job{
		Args: p.Compile.Args, Env: merge(p.Compile.Env, nil), Mounts: []grader.Volume{sub.volume()},
		Save: dir, Limits: limits, Compile: true,
	})
	if err != nil {
		return build{}, err
	}
	out := at.run(ctx, job)
	if out.Interrupted {
		return build{}, interrupted(ctx, out)
	}
	if out.Err != nil || out.Refused != "" {
		clearOut(dir) // half of what was left needs room, too
	}
	if errors.Is(out.Err, grader.ErrFull) {
		return build{}, out.Err
	}
	b := build{dir: dir, result: classifyCompile(p, limits, out)}
	switch {
	case b.result.Verdict == grader.CE && at.pool != nil: // who holds a slot must not wait for one who needs it
		// Were the toolchain broken, everything would be CE.
		if found, err = at.examine(ctx, w, p.Toolchain, true); err != nil {
			return build{}, err
		} else if found.Problem != "" {
			b.result = compiled(grader.JE, found.Problem)
		}
	case b.result.Verdict == grader.AC && keeps && keepBuild(name, dir, b.result) == nil:
		w.mu.Lock()
		w.keeps = true
		w.mu.Unlock()
	}
	return b, nil
}

func compiled(verdict grader.Verdict, detail string) grader.Result {
	return grader.Result{Case: "compile", Verdict: verdict, Detail: detail}
}

// classifyCompile says what became of a compiler. That it ran over a limit, or left what cannot be kept, is
// the submission's doing: the limits leave room for any honest source.
func classifyCompile(p Program, limits resource.Limits, out grader.Outcome) grader.Result {
	switch {
	case out.NotFound:
		return compiled(grader.JE, missing(p, p.Compile.Args[0], out.Err))
	case out.Err != nil:
		return compiled(grader.JE, oneLine(out.Err))
	}
	r := measured(out)
	r.Case, r.Verdict, r.Detail = "compile", grader.CE, out.Refused
	r.Stderr = head(string(out.Stderr)+string(out.Stdout), maxMessages)
	compiler := cmp.Or(p.Compiler, filepath.Base(p.Compile.Args[0]))
	switch {
	case out.Refused != "":
	case out.Limit != grader.NoLimit:
		r.Detail = compiler + " went over its " + overLimit(out.Limit, limits, out)
	case out.Signal != "":
		r.Detail = compiler + " ended by " + out.Signal
	case out.ExitCode != 0:
		r.Detail = fmt.Sprintf("%s: exit code %d", compiler, out.ExitCode)
	default:
		r.Verdict = grader.AC
	}
	return r
}

// missing says which program is not in the sandbox and what brings it.
func missing(p Program, program string, cause error) string {
	detail := program + " cannot be started in the sandbox"
	if cause != nil {
		detail += " (" + oneLine(cause) + ")"
	}
	return detail + install(p.Package)
}

// install says which Debian packages bring what is missing; "" when that is not known.
func install(packages string) string {
	if packages == "" {
		return ""
	}
	noun := "package "
	if strings.Contains(packages, " ") {
		noun = "packages "
	}
	return "; install the Debian " + noun + packages + " in the suite's root file system"
}

// oneLine writes an error with its hint for a result's detail.
func oneLine(err error) string {
	text := strings.ReplaceAll(err.Error(), "\n", "; ")
	if h := hint.Of(err); h != "" {
		text += "; hint: " + h
	}
	return text
}

// head cuts text to its first n bytes, as text that can be stored.
func head(text string, n resource.Size) string {
	if resource.Size(len(text)) <= n {
		return storable(text)
	}
	return storable(strings.ToValidUTF8(text[:n], "")) + "\n… (cut)\n"
}

// tail cuts text to its last n bytes.
func tail(text []byte, n resource.Size) string {
	if resource.Size(len(text)) <= n {
		return storable(string(text))
	}
	return "… (cut)\n" + storable(strings.ToValidUTF8(string(text[len(text)-int(n):]), ""))
}

// storable makes text of bytes: JSON and SQLite have no way to write others, and some readers of a
// database end a text at NUL. What else could act on a terminal is the report's business.
func storable(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\ufffd"), "\x00", "\u2400")
}
