package judge

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"pocket/grader"
)

// judging is raised whenever the same programs could get another verdict from a newer pocket-grade: what was
// found before is then not taken over.
const judging = 1

// toolchain is what a program's compiler and interpreter say of themselves; "" when that cannot be told, and
// then nothing that depends on them is taken from or kept for other runs. The error says that it was
// interrupted.
func (c *course) toolchain(ctx context.Context, p Program) (string, error) {
	at := bench{runner: c.Runner, pool: c.Pool}
	found, err := at.examine(ctx, c.Workspace, p.Toolchain, false)
	if err != nil || found.Problem != "" {
		return "", err
	}
	return found.Identity, nil
}

// contents names, by ordinal, everything that each of a submission's results depends on: its sources, how it
// is compiled and run, by what, in which root file system, and the case. It is nil where something of that
// cannot be told. The error says that it was interrupted.
func (c *course) contents(ctx context.Context) (map[int]string, error) {
	p := c.entry.Program
	toolchain, err := c.toolchain(ctx, p)
	if err != nil || toolchain == "" || c.Root == "" {
		return nil, err
	}
	var compile Command
	if p.Compile != nil {
		compile = *p.Compile
	}
	common := fmt.Sprintf("%d %q %q %s %q %+v", judging, c.Root, toolchain, c.sources, compile, p.CompileLimits)
	all := map[int]string{Compilation: digestOf(common)}
	for i, one := range c.Suite.Cases {
		tools, known, err := c.toolsOf(ctx, one)
		if err != nil {
			return nil, err
		}
		if c.cases[i] != "" && known {
			all[i] = digestOf(fmt.Sprintf("%s\n%q %+v %q %q\n%s", common, p.Run(one), p.Extra, p.OutOfMemory, tools, c.cases[i]))
		}
	}
	return all, nil
}

// toolsOf is by what the programs of the suite's that take part in a case are compiled and run.
func (c *course) toolsOf(ctx context.Context, one grader.Case) (text string, known bool, err error) {
	for _, t := range []*grader.Tool{one.Compare.Checker, one.Interactor} {
		if t == nil {
			continue
		}
		e, ok := c.Workspace.tools[keyOf(t)]
		if !ok {
			return "", false, nil
		}
		toolchain, err := c.toolchain(ctx, e.program)
		if err != nil || toolchain == "" {
			return "", false, err
		}
		text += toolchain
	}
	return text, true, nil
}

func digestOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// find adds to what is known what earlier runs found out about the same content.
func (c *course) find(ctx context.Context) (err error) {
	if c.content, err = c.contents(ctx); err != nil || c.Records.Find == nil || c.content == nil || c.Repeat > 1 {
		return err
	}
	var wanted []string
	for ordinal, content := range c.content {
		if _, known := c.known[ordinal]; !known {
			wanted = append(wanted, content)
		}
	}
	found, err := c.Records.Find(wanted)
	if err != nil {
		return err
	}
	for ordinal, content := range c.content {
		r, ok := found[content]
		if _, known := c.known[ordinal]; known || !ok {
			continue
		}
		if ordinal == Compilation {
			r.Cached = true
			c.known[ordinal] = r
		} else if r, ok := adopted(r, c.Suite.Cases[ordinal]); ok {
			c.known[ordinal] = r
		}
	}
	return nil
}

// lasting says whether a result may be taken over by a later run: it must not depend on how busy the machine
// was, nor on chance, nor on a fault of ours.
func lasting(r grader.Result) bool {
	switch r.Verdict {
	case grader.TLE, grader.JE, grader.SKIP:
		return false
	}
	return !r.Flaky && !r.Borderline
}

// contentOf is the content under which a result is recorded; "" when no later run may take it over.
func (c *course) contentOf(ordinal int, r grader.Result) string {
	// A compiler that was killed ran over a limit on time.
	if !lasting(r) || ordinal == Compilation && r.Signal != "" {
		return ""
	}
	return c.content[ordinal]
}

// adopted is an earlier result as one of this case, whose name and points may be others.
func adopted(r grader.Result, c grader.Case) (grader.Result, bool) {
	fraction := 0.0
	switch {
	case r.Points > 0:
		fraction = r.Score / r.Points
	case r.Verdict == grader.AC:
		fraction = 1
	case c.Compare.Checker != nil || c.Interactor != nil:
		return r, false // which share of the points a checker gave cannot be told
	}
	r.Case, r.Group, r.Visibility = c.Name, c.Group, c.Visibility
	given(&r, c)
	r.Points, r.Score, r.Cached = c.Points, fraction*c.Points, true
	return r, true
}
