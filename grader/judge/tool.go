package judge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"pocket/grader"
	"pocket/runtime/resource"
)

// ToolLimits are the limits of a checker or an interactor where the suite asks for no others.
var ToolLimits = resource.Limits{
	CPU: 10 * time.Second, Wall: 30 * time.Second, Memory: 512 * resource.MiB, Processes: 64,
	Files: 64 * resource.MiB, Output: 8 * resource.MiB,
}

// equipped is a checker or an interactor that is ready to be compiled and run.
type equipped struct {
	staged  *Staged
	program Program
}

// Equip makes a checker or an interactor of the suite's known to the workspace, staged in it and with the
// program that its language makes of it. It must be called for each before anything is graded; a tool that
// was not equipped is a JE of the cases that ask for it. Tools are compiled when they are first needed.
func (w *Workspace) Equip(t *grader.Tool, staged *Staged, p Program) {
	w.tools[keyOf(t)] = equipped{staged, p}
}

// keyOf names a tool: others may be made of the same files, with other arguments.
func keyOf(t *grader.Tool) string { return fmt.Sprintf("%q %q", t.Path, t.Language) }

// Where a tool finds what it is to look at, and where it may leave what it has to say.
const (
	toolInput  = "/judge/input"
	toolOutput = "/judge/output"
	toolAnswer = "/judge/answer"
	toolFolder = "/work/out/"
	toolSaid   = "/work/out/" + toolLeft
	toolLeft   = "output" // what an interactor writes for a checker
)

// feedback is what a tool of the kattis protocol may leave.
var feedback = []string{"judgemessage.txt", "teammessage.txt", "score.txt", "score_multiplier.txt"}

// errTool is why a tool cannot be run: the suite's fault, or ours.
type errTool struct{ detail, messages string }

func (e errTool) Error() string { return e.detail }

// tool composes the job of a checker or an interactor, with arguments that its protocol wants; it is
// compiled if it was not before. An errTool says why it cannot be run; any other error that it was
// interrupted.
func (g grading) tool(ctx context.Context, noun string, t *grader.Tool, args []string) (grader.Job, Program, error) {
	w := g.sub.workspace
	e, ok := w.tools[keyOf(t)]
	if !ok {
		return grader.Job{}, Program{}, errTool{detail: "the " + noun + " was not made ready"}
	}
	var b build
	if e.program.Compile != nil {
		var err error
		at := bench{runner: g.runner, slot: g.slot}
		if b, err = at.compile(ctx, e.staged, e.program); err != nil {
			return grader.Job{}, Program{}, fmt.Errorf("compiling the %s: %w", noun, err)
		}
		if b.result.Verdict != grader.AC {
			return grader.Job{}, Program{}, errTool{"the " + noun + " cannot be compiled: " + b.result.Detail, b.result.Stderr}
		}
	}
	limits := t.Limits.Merge(ToolLimits)
	command := e.program.Run(grader.Case{Args: slices.Concat(args, t.Args), Limits: limits})
	job := grader.Job{
		Args: command.Args, Env: merge(command.Env, nil), Mounts: []grader.Volume{e.staged.volume()},
		Build: b.dir, Limits: widen(limits, e.program.Extra),
	}
	if t.Protocol == grader.Kattis {
		job.Collect = feedback
	}
	return g.slot.pin(job), e.program, nil
}

// exhibits is what a tool is to look at: files in a folder of the workspace, or where they lie.
type exhibits struct {
	dir    string
	mounts []grader.Volume
}

// exhibit makes a folder for a case's texts. remove takes it away again.
func (w *Workspace) exhibit() (*exhibits, error) {
	dir, err := w.folder("judging")
	return &exhibits{dir: dir}, err
}

func (e *exhibits) remove() { _ = removeAll(e.dir) } // the workspace goes at the end anyway

// show lets the tool see a text, read-only. A file that others may read is shown as it is.
func (e *exhibits) show(target string, t grader.Text) error {
	if about, err := os.Stat(t.Path); t.Path != "" && err == nil && about.Mode().Perm()&0o004 != 0 {
		e.mounts = append(e.mounts, grader.Volume{Host: t.Path, Target: target})
		return nil
	}
	source := io.Reader(strings.NewReader(t.Inline))
	if t.Path != "" {
		from, err := os.Open(t.Path)
		if err != nil {
			return err
		}
		defer from.Close()
		source = from
	}
	host := filepath.Join(e.dir, path.Base(target))
	to, err := os.OpenFile(host, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return NoRoom(err)
	}
	_, err = io.Copy(to, source)
	if err = errors.Join(err, to.Chmod(0o644), to.Close()); err != nil { // whatever the umask
		return NoRoom(err)
	}
	e.mounts = append(e.mounts, grader.Volume{Host: host, Target: target})
	return nil
}

// toolFault is the result of a case whose checker or interactor cannot be run; the error, as everywhere,
// says that it was interrupted.
func toolFault(r grader.Result, err error) (grader.Result, error) {
	var fault errTool
	if !errors.As(err, &fault) {
		return grader.Result{}, err
	}
	r.Verdict, r.Detail, r.Judge = grader.JE, fault.detail, fault.messages
	return r, nil
}
