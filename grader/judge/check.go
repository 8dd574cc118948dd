package judge

import (
	"context"
	"errors"

	"pocket/grader"
	"pocket/runtime/failpoint"
)

// check lets the suite's checker decide on what a submission, or an interactor, wrote, in a sandbox of its own. r
// is what is known of the submission.
func (g grading) check(ctx context.Context, c grader.Case, r grader.Result, wrote grader.Text) (grader.Result, error) {
	t := c.Compare.Checker
	if t == nil {
		return toolFault(r, errTool{detail: "compare: checker, but the suite names none"})
	}
	args := []string{toolInput, toolOutput, toolAnswer}
	if t.Protocol == grader.Kattis {
		args = []string{toolInput, toolAnswer, toolFolder}
	}
	job, p, err := g.tool(ctx, "checker", t, args)
	if err != nil {
		return toolFault(r, err)
	}
	texts := map[string]grader.Text{toolInput: c.Input, toolAnswer: c.Answer, toolOutput: wrote}
	if t.Protocol == grader.Kattis {
		delete(texts, toolOutput)
		job.Stdin = wrote
	}
	shown, err := g.exhibit(texts)
	if errors.Is(err, grader.ErrFull) {
		return r, err
	} else if err != nil {
		return toolFault(r, errTool{detail: "the checker: " + oneLine(err)})
	}
	defer shown.remove()
	job.Mounts = append(job.Mounts, shown.mounts...)
	out := g.runner.Run(ctx, job)
	if out.Interrupted {
		return grader.Result{}, interrupted(ctx, out)
	}
	said, err := read(wrote)
	if err != nil {
		return toolFault(r, errTool{detail: "the checker: what was written: " + oneLine(err)})
	}
	rule("checker", t, p, c, job.Limits, out, said).into(&r)
	return r, nil
}

// exhibit makes texts ready to be seen at their places.
func (g grading) exhibit(texts map[string]grader.Text) (*exhibits, error) {
	if err := failpoint.At("check.exhibit"); err != nil {
		return nil, err
	}
	shown, err := g.sub.workspace.exhibit()
	if err != nil {
		return nil, err
	}
	for target, text := range texts {
		if err := shown.show(target, text); err != nil {
			shown.remove()
			return nil, err
		}
	}
	return shown, nil
}
