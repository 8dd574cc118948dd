package judge

import (
	"strings"

	"pocket/grader"
)

// score fills the report's verdict, detail, groups, points and score from its parts.
func score(s *grader.Suite, report *grader.Report) {
	report.Verdict, report.Detail = grader.AC, ""
	if c := report.Compile; c != nil && c.Verdict != grader.AC {
		report.Verdict, report.Detail = c.Verdict, c.Detail
	} else if r := decisive(report.Results); r != nil {
		report.Verdict, report.Detail = r.Verdict, strings.TrimSuffix(r.Case+": "+r.Detail, ": ")
	}
	tally(s, report)
}

// decisive is the first result that is not AC, nil when there is none. A case that was not run because of
// another's result speaks only where nothing else does: it may stand before the other.
func decisive(results []grader.Result) *grader.Result {
	var skipped *grader.Result
	for i, r := range results {
		switch {
		case r.Verdict == grader.SKIP && skipped == nil:
			skipped = &results[i]
		case r.Verdict != grader.AC && r.Verdict != grader.SKIP:
			return &results[i]
		}
	}
	return skipped
}

// tally fills the report's groups, points and score from its results. A group of which no case was chosen is
// not in it.
func tally(s *grader.Suite, report *grader.Report) {
	report.Groups, report.Points, report.Score = nil, 0, 0
	of := map[string][]grader.Result{}
	named := map[string]bool{}
	for _, g := range s.Groups {
		named[g.Name] = true
	}
	for i, c := range s.Cases[:min(len(s.Cases), len(report.Results))] {
		if named[c.Group] {
			of[c.Group] = append(of[c.Group], report.Results[i])
			continue
		}
		report.Points += report.Results[i].Points
		report.Score += report.Results[i].Score
	}
	for _, g := range s.Groups {
		if len(of[g.Name]) == 0 {
			continue
		}
		r := groupResult(g, of[g.Name])
		report.Groups = append(report.Groups, r)
		report.Points += r.Points
		report.Score += r.Score
	}
}

// groupResult scores a group by the results of its cases, of which there is at least one.
func groupResult(g grader.Group, results []grader.Result) grader.GroupResult {
	r := grader.GroupResult{Group: g.Name, Verdict: grader.AC}
	least, fractions, got := 1.0, 0.0, 0.0
	for _, one := range results {
		if r.Verdict == grader.AC {
			r.Verdict = one.Verdict
		}
		r.Points += one.Points
		got += one.Score
		least = min(least, fraction(one))
		fractions += fraction(one)
	}
	mean := fractions / float64(len(results)) // where nothing weighs, all weigh the same
	if r.Points > 0 {
		mean = got / r.Points
	}
	if g.Points > 0 {
		r.Points = g.Points
	}
	switch {
	case g.Score == grader.ScoreMin:
		r.Score = r.Points * least
	case g.Score == grader.ScoreAll && r.Verdict != grader.AC:
	case g.Score == grader.ScoreAll:
		r.Score = r.Points
	default:
		r.Score = r.Points * mean
	}
	return r
}

// fraction is how much of a case a submission got, from 0 to 1.
func fraction(r grader.Result) float64 {
	switch {
	case r.Points > 0:
		return r.Score / r.Points
	case r.Verdict == grader.AC:
		return 1
	}
	return 0
}
