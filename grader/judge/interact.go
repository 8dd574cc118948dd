package judge

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"pocket/grader"
	"pocket/runtime/resource"
)

// interact runs a case in which the submission and the suite's interactor talk to each other; see execute.
func (g grading) interact(ctx context.Context, c grader.Case) (grader.Result, grader.Limit, error) {
	t := c.Interactor
	args := []string{toolInput, toolSaid, toolAnswer}
	if t.Protocol == grader.Kattis {
		args = []string{toolInput, toolAnswer, toolFolder}
	}
	job, p, err := g.tool(ctx, "interactor", t, args)
	if err != nil {
		r, err := toolFault(grader.Result{Case: c.Name, Points: c.Points}, err)
		return r, grader.NoLimit, err
	}
	shown, err := g.exhibit(map[string]grader.Text{toolInput: c.Input, toolAnswer: c.Answer})
	if errors.Is(err, grader.ErrFull) {
		return grader.Result{}, grader.NoLimit, err
	} else if err != nil {
		return faulty(c, "the interactor: "+oneLine(err)), grader.NoLimit, nil
	}
	defer shown.remove()
	job.Mounts = append(job.Mounts, shown.mounts...)
	if len(job.Collect) == 0 {
		job.Collect = []string{toolLeft} // so that there is a folder for it
	}
	if c.Compare.Checker != nil {
		if job.Save, err = g.sub.workspace.folder("said"); errors.Is(err, grader.ErrFull) {
			return grader.Result{}, grader.NoLimit, err
		} else if err != nil {
			r, err := toolFault(grader.Result{Case: c.Name, Points: c.Points}, errTool{detail: oneLine(err)})
			return r, grader.NoLimit, err
		}
		defer removeAll(job.Save)
	}
	both := grader.Interaction{Submission: g.job(c), Interactor: job, Accept: accepts(t.Protocol)}
	if both.Interactor.Limits.Wall > 0 {
		// It waits for the submission, and has its own time after that.
		both.Interactor.Limits.Wall += generous(both.Submission.Limits).Wall
	}
	run := both
	run.Submission.Limits = generous(both.Submission.Limits)
	x := g.runner.Interact(ctx, run)
	for _, out := range []grader.Outcome{x.Submission, x.Interactor} {
		if out.Interrupted {
			return grader.Result{}, grader.NoLimit, interrupted(ctx, out)
		}
	}
	r := classifyTalk(c, g.program, p, both, x)
	if r.Verdict == grader.AC && c.Compare.Checker != nil {
		r, err = g.checkSaid(ctx, c, r, job.Save)
	}
	return r, x.Submission.Limit, err
}

// checkSaid lets the checker decide on what an interactor that accepted has written: testlib.h's tout. r is the
// result until then.
func (g grading) checkSaid(ctx context.Context, c grader.Case, r grader.Result, dir string) (grader.Result, error) {
	said := grader.Text{Path: filepath.Join(dir, toolLeft)}
	if about, err := os.Lstat(said.Path); err != nil || !about.Mode().IsRegular() {
		said.Path = "" // it has written none
	}
	before := r.Judge
	r, err := g.check(ctx, c, r, said)
	r.Judge = strings.Join(slices.DeleteFunc([]string{before, r.Judge}, func(text string) bool { return text == "" }), "\n")
	return r, err
}

// accepts is the exit code by which an interactor accepts.
func accepts(p grader.Protocol) int {
	for code, verdict := range protocols[p].codes {
		if verdict == grader.AC {
			return code
		}
	}
	return 0
}

// classifyTalk says what became of a case with an interactor. The order is the specification: a side that
// could not be run; an interactor over a limit of its own, JE, but when the submission drove it over that on
// output; an interactor that did not accept before the
// submission had ended: its verdict, whatever the submission did then (ICPC's rule); the submission's own
// end as without an interactor; and only then what the interactor says.
//
// A submission that waits for an interactor which waits too is over its limit on the clock. Its end is the
// end of the interactor's input: one that goes on for longer than its own limit was itself what hung.
func classifyTalk(c grader.Case, p, interactor Program, both grader.Interaction, x grader.Exchange) grader.Result {
	said := rule("interactor", c.Interactor, interactor, c, both.Interactor.Limits, x.Interactor, []byte(x.Text))
	begun := x.Interactor.Err == nil && !x.Interactor.NotFound && x.Interactor.Refused == ""
	over := begun && overrun(interactor, both.Interactor.Limits, x.Interactor) != grader.NoLimit
	driven := over && x.Interactor.Limit == grader.OutputLimit && drives(both, x)
	own := c
	own.Compare = grader.Compare{Mode: grader.Checked} // leaves it undecided when the submission ended well
	r := classify(own, p, both.Submission.Limits, x.Submission, nil)
	switch {
	case begun && !ran(x.Submission):
		return r
	case driven && r.Verdict == undecided, driven && x.Killed:
		r.Verdict, r.Signal, r.ExitCode = grader.OLE, "", 0
		r.Detail = fmt.Sprintf("it said %d bytes, and the interactor went over its own output limit %s answering",
			x.Submission.OutputBytes, both.Interactor.Limits.Output.Human())
		r.Judge = said.judge
	case driven: // its own end counts, as after a flood that the interactor bore
		r.Judge = said.judge
	case !begun, over:
		said.into(&r)
	case (x.First || x.Killed) && said.verdict != grader.AC:
		said.into(&r)
		r.Signal, r.ExitCode = "", 0 // it was killed, for nothing that it did
	case r.Verdict == undecided:
		said.into(&r)
	default:
		r.Judge = said.judge
	}
	r.Exchange = head(x.Text, maxExchange)
	return r
}

// drives says whether the submission talked so much that an interactor which answers, or notes, each of its
// lines had to go over its limit on output: the shortest line is two bytes, and 64 for each are generous. An
// interactor that floods by itself does so without.
func drives(both grader.Interaction, x grader.Exchange) bool {
	return x.Submission.OutputBytes >= int64(both.Interactor.Limits.Output/32)
}

func ran(out grader.Outcome) bool { return out.Err == nil && !out.NotFound && out.Refused == "" }

// maxExchange is more than runners keep.
const maxExchange = 128 * resource.KiB
