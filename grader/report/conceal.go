package report

import (
	"slices"
	"time"

	"pocket/grader"
)

// Concealed is a report without what hidden cases were given, wrote and expected: of each there is its name,
// group, verdict and score and nothing else, for exit codes, times and sizes are ways by which a program can
// tell what it was given. Nor is there when the whole began and ended where a hidden case was part of it.
func Concealed(r grader.Report) grader.Report {
	r.Detail = concealedDetail(r)
	r.Results = slices.Clone(r.Results)
	for i, c := range r.Results {
		if r.Results[i] = ConcealedResult(c); c.Visibility == grader.Hidden {
			r.Started, r.Finished = time.Time{}, time.Time{}
		}
	}
	return r
}

// took is how long a submission was at it; where that is concealed, how long the compilation and what may be shown
// took.
func took(r grader.Report) (all time.Duration) {
	if !r.Finished.IsZero() {
		return max(0, r.Finished.Sub(r.Started))
	}
	return together(r)
}

// together is the time of all that ran, also where it was taken over from an earlier run.
func together(r grader.Report) (all time.Duration) {
	if r.Compile != nil {
		all = r.Compile.Usage.Wall
	}
	for _, c := range r.Results {
		all += c.Usage.Wall
	}
	return all
}

// ConcealedResult is a result as Concealed has it: itself unless its case is hidden.
func ConcealedResult(c grader.Result) grader.Result {
	if c.Visibility != grader.Hidden {
		return c
	}
	return grader.Result{Case: c.Case, Verdict: c.Verdict, Points: c.Points, Score: c.Score, Group: c.Group, Visibility: c.Visibility}
}

// ForStudents is a report as it may be handed to its student: concealed, and without what checkers say to the
// instructor and where the submission lies on the grader's machine.
func ForStudents(r grader.Report) grader.Report {
	r = Concealed(r)
	r.Path = ""
	for i := range r.Results {
		r.Results[i].Judge = ""
	}
	return r
}

// concealedDetail is a report's detail without what it says of a hidden case.
func concealedDetail(r grader.Report) string {
	if r.Compile != nil && r.Compile.Verdict != grader.AC {
		return r.Detail
	}
	for _, c := range r.Results {
		if c.Verdict == grader.AC || c.Verdict == grader.SKIP && r.Verdict != grader.SKIP {
			continue
		}
		if c.Visibility == grader.Hidden {
			return c.Case
		}
		if c.Verdict == r.Verdict {
			break // it decided, and what was said is of it
		}
	}
	return r.Detail
}
