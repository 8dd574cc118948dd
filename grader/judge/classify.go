package judge

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"pocket/grader"
	"pocket/grader/checker"
	"pocket/runtime/resource"
)

// maxStderr is how much of the end of a case's standard error is kept.
const maxStderr = 8 * resource.KiB

// undecided stands in the place of a verdict until the suite's own checker has spoken.
const undecided grader.Verdict = ""

// classify says what became of a case. The order is the specification: our own fault, memory, time,
// output, signal or exit code, and only then the checker: where that is a program of the suite's, the
// verdict is undecided. limits are those that held for the job: the case's and what the language needs
// beside.
func classify(c grader.Case, p Program, limits resource.Limits, out grader.Outcome, answer []byte) grader.Result {
	if out.NotFound || out.Err != nil || out.Refused != "" {
		return notRun(c, p, out)
	}
	r := measured(out)
	r.Case, r.Points = c.Name, c.Points
	r.Stderr = tail(out.Stderr, maxStderr)
	limit, heap := overrun(p, limits, out), outOfHeap(p, out)
	switch {
	case heap != "":
		r.Verdict = grader.MLE
		r.Detail = fmt.Sprintf("memory limit %s: %s", c.Limits.Memory.Human(), heap)
	case limit == grader.MemoryLimit:
		r.Verdict, r.Detail = grader.MLE, overLimit(limit, limits, out)
	case limit == grader.CPULimit || limit == grader.WallLimit:
		r.Verdict, r.Detail = grader.TLE, overLimit(limit, limits, out)
	case limit == grader.OutputLimit:
		r.Verdict, r.Detail = grader.OLE, overLimit(limit, limits, out)
	case out.Signal != "":
		r.Verdict, r.Detail = grader.RTE, out.Signal
	case out.ExitCode != 0:
		r.Verdict, r.Detail = grader.RTE, fmt.Sprintf("exit code %d", out.ExitCode)
	case c.Compare.Mode == grader.Checked:
		r.Verdict = undecided
	default:
		compare(&r, c, out.Stdout, answer)
	}
	return r
}

// notRun is the result of a case whose program could not be started.
func notRun(c grader.Case, p Program, out grader.Outcome) grader.Result {
	r := grader.Result{Case: c.Name, Points: c.Points, Verdict: grader.JE}
	program := p.Run(c).Args[0]
	switch {
	case out.Refused != "" && longArguments(c):
		r.Detail = "the case's args and env are too long"
	case out.Refused != "":
		r.Verdict, r.Detail = grader.CE, out.Refused
	case out.NotFound && strings.HasPrefix(program, "/build/"):
		// The compiler was content, but what it left is no program: for instance a Go package that is
		// not main.
		r.Verdict, r.Detail = grader.CE, "the compiler left nothing that can be executed"
	case out.NotFound:
		r.Detail = missing(p, program, out.Err)
	default:
		r.Detail = oneLine(out.Err)
	}
	return r
}

// longArguments says whether a case's own part of the command line is what the kernel finds too long: a
// submission's part is bounded by maxNames.
func longArguments(c grader.Case) bool {
	total := 0
	for _, text := range slices.Concat(c.Args, c.Env) {
		total += len(text)
	}
	return total > maxNames/2
}

// overrun is the limit that a program went over. The runner says what ended it; beside that stand the
// figures, which can pass a limit in the moment in which the program ends by itself.
func overrun(p Program, limits resource.Limits, out grader.Outcome) grader.Limit {
	over := func(limit grader.Limit, used, allowed int64) bool {
		return out.Limit == limit || allowed > 0 && used > allowed
	}
	switch {
	case out.Limit == grader.MemoryLimit:
		return grader.MemoryLimit
	// Where a controller holds the memory, it reclaims what can be reclaimed and kills for the rest: a
	// peak at or slightly above the limit is no fault there.
	case !controlled(out.Enforcement) && limits.Memory > 0 && out.Usage.Memory > limits.Memory:
		return grader.MemoryLimit
	case over(grader.CPULimit, int64(out.Usage.CPU), int64(limits.CPU)):
		return grader.CPULimit
	case over(grader.WallLimit, int64(out.Usage.Wall), int64(limits.Wall)):
		return grader.WallLimit
	case over(grader.OutputLimit, max(out.OutputBytes, out.ErrorBytes), int64(limits.Output)):
		return grader.OutputLimit
	}
	return grader.NoLimit
}

// outOfHeap returns what a program wrote that failed because it was given no more memory, by its runtime
// which holds the limit itself or by the kernel; "" when it did not.
func outOfHeap(p Program, out grader.Outcome) string {
	if out.Limit != grader.NoLimit || out.ExitCode == 0 && out.Signal == "" {
		return ""
	}
	for _, text := range p.OutOfMemory {
		if strings.Contains(string(out.Stderr), text) {
			return text
		}
	}
	return ""
}

// controlled says whether a memory controller holds the memory limit.
func controlled(enforcement []resource.Enforcement) bool {
	for _, e := range enforcement {
		if e.Limit == "memory" {
			return e.By == resource.ByCgroup2 || e.By == resource.ByCgroup1
		}
	}
	return false
}

// overLimit writes which limit was passed, and the figures.
func overLimit(limit grader.Limit, limits resource.Limits, out grader.Outcome) string {
	clocks := fmt.Sprintf("cpu %s, wall %s", milliseconds(out.Usage.CPU), milliseconds(out.Usage.Wall))
	switch limit {
	case grader.CPULimit:
		return fmt.Sprintf("cpu limit %s: %s", limits.CPU, clocks)
	case grader.WallLimit:
		return fmt.Sprintf("wall limit %s: %s", limits.Wall, clocks)
	case grader.MemoryLimit:
		text := fmt.Sprintf("memory limit %s: peak %s", limits.Memory.Human(), out.Usage.Memory.Human())
		if out.Usage.MemorySource != "" {
			text += " (" + out.Usage.MemorySource + ")"
		}
		return text
	}
	// The limit holds for each stream, so the one with more is the one that went over.
	stream, written := "standard output", out.OutputBytes
	if out.ErrorBytes > written {
		stream, written = "standard error", out.ErrorBytes
	}
	return fmt.Sprintf("output limit %s: %d bytes written to %s", limits.Output.Human(), written, stream)
}

func milliseconds(d time.Duration) string { return d.Round(time.Millisecond).String() }

// compare lets the checker speak.
func compare(r *grader.Result, c grader.Case, output, answer []byte) {
	var finding checker.Finding
	if c.Digest != nil {
		finding = checker.CheckDigest(c.Compare, output, *c.Digest)
	} else {
		finding = checker.Check(c.Compare, output, answer)
	}
	r.Verdict, r.Detail, r.Difference = finding.Verdict, finding.Detail, finding.Difference
	if finding.Hint != "" {
		r.Detail += "; " + finding.Hint
		r.WouldPass = strings.TrimPrefix(finding.Hint, "AC ")
	}
	if r.Verdict == grader.AC {
		r.Score = r.Points
	}
}

// measured is what an outcome says of a program whatever the verdict.
func measured(out grader.Outcome) grader.Result {
	return grader.Result{
		ExitCode: out.ExitCode, Signal: out.Signal, OutputBytes: out.OutputBytes,
		Usage: out.Usage, Enforcement: out.Enforcement,
	}
}
