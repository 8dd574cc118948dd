package judge

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"pocket/grader"
)

// Rehearsal is what was found of a suite's checkers and interactors before any submission needs them.
type Rehearsal struct {
	Faults  []string // what keeps one from deciding, a line each
	Remarks []string // what may not be meant
}

// Rehearse compiles a suite's checkers and interactors, each once, and shows each checker the answer of the first
// case that it decides as if it were an output. All must be known to the workspace (Equip); nothing else may run
// in the pool. The error says that it was interrupted, or that the host has no room.
func Rehearse(ctx context.Context, runner grader.Runner, w *Workspace, pool *Pool, s *grader.Suite) (found Rehearsal, err error) {
	slot, err := pool.take(ctx, 0)
	if err != nil {
		return found, err
	}
	defer pool.put(slot)
	g := grading{bench: bench{runner: runner, slot: slot}, sub: &Staged{workspace: w}}
	seen := map[string]bool{}
	for _, c := range s.Cases {
		for _, t := range []*grader.Tool{c.Interactor, c.Compare.Checker} {
			if t == nil || seen[keyOf(t)] {
				continue
			}
			seen[keyOf(t)] = true
			if err := g.rehearse(ctx, &found, c, t); err != nil {
				return found, err
			}
		}
	}
	return found, nil
}

func (g grading) rehearse(ctx context.Context, found *Rehearsal, c grader.Case, t *grader.Tool) error {
	if c.Interactor != nil { // there is nobody that it could talk to, and nothing that it has written
		noun := "checker"
		if t == c.Interactor {
			noun = "interactor"
		}
		_, _, err := g.tool(ctx, noun, t, nil)
		var fault errTool
		if errors.As(err, &fault) {
			found.Faults = append(found.Faults, fmt.Sprintf("case %s: %s%s", c.Name, fault.detail, because(fault.messages)))
			return nil
		}
		return err
	}
	r, err := g.check(ctx, c, grader.Result{Case: c.Name, Points: c.Points}, c.Answer)
	switch {
	case err != nil:
		return err
	case r.Verdict == grader.JE:
		found.Faults = append(found.Faults, fmt.Sprintf("case %s: %s%s", c.Name, r.Detail, because(r.Judge)))
	case r.Verdict != grader.AC && c.Answer != (grader.Text{}):
		found.Remarks = append(found.Remarks, fmt.Sprintf("case %s: the checker does not accept the answer itself, shown to it as an output: %s: %s", c.Name, r.Verdict, r.Detail))
	}
	return nil
}

// because is the last line of what a tool said, where interpreters write what is wrong.
func because(text string) string {
	text = strings.TrimSpace(text)
	if line := firstLine(text[strings.LastIndexByte(text, '\n')+1:], ""); line != "" {
		return ": " + line
	}
	return ""
}
