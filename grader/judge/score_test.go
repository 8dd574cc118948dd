package judge

import (
	"math"
	"reflect"
	"testing"

	"pocket/grader"
)

// scored makes a suite with a group g and two cases in no group, and the results of its cases: the group's
// are given, those of the others are AC for 1 point and WA for 2.
func scored(g grader.Group, results ...grader.Result) (*grader.Suite, *grader.Report) {
	g.Name = "g"
	s := &grader.Suite{Groups: []grader.Group{{Name: "not chosen", Points: 99}, g}}
	report := &grader.Report{}
	for _, r := range results {
		s.Cases = append(s.Cases, grader.Case{Group: "g"})
		report.Results = append(report.Results, r)
	}
	s.Cases = append(s.Cases, grader.Case{}, grader.Case{})
	report.Results = append(report.Results, result(grader.AC, 1, 1), result(grader.WA, 0, 2))
	return s, report
}

func result(v grader.Verdict, score, points float64) grader.Result {
	return grader.Result{Verdict: v, Score: score, Points: points}
}

func TestGroups(t *testing.T) {
	full, none, part := result(grader.AC, 1, 1), result(grader.WA, 0, 1), result(grader.WA, 0.25, 1)
	heavy := result(grader.AC, 3, 3)
	free, failed := result(grader.AC, 0, 0), result(grader.WA, 0, 0)
	for name, c := range map[string]struct {
		group         grader.Group
		results       []grader.Result
		verdict       grader.Verdict
		score, points float64
	}{
		"sum of the cases":           {grader.Group{Score: grader.ScoreSum}, []grader.Result{full, none, heavy}, grader.WA, 4, 5},
		"sum of all":                 {grader.Group{Score: grader.ScoreSum, Points: 10}, []grader.Result{full, heavy}, grader.AC, 10, 10},
		"sum by weight":              {grader.Group{Score: grader.ScoreSum, Points: 10}, []grader.Result{none, heavy}, grader.WA, 7.5, 10},
		"sum of parts":               {grader.Group{Score: grader.ScoreSum, Points: 10}, []grader.Result{part, full}, grader.WA, 6.25, 10},
		"sum where nothing weighs":   {grader.Group{Score: grader.ScoreSum, Points: 10}, []grader.Result{free, failed}, grader.WA, 5, 10},
		"no way to score is sum":     {grader.Group{Points: 4}, []grader.Result{full, none}, grader.WA, 2, 4},
		"min":                        {grader.Group{Score: grader.ScoreMin, Points: 8}, []grader.Result{full, part, heavy}, grader.WA, 2, 8},
		"min with one that failed":   {grader.Group{Score: grader.ScoreMin, Points: 8}, []grader.Result{part, none}, grader.WA, 0, 8},
		"min of the cases' points":   {grader.Group{Score: grader.ScoreMin}, []grader.Result{full, heavy}, grader.AC, 4, 4},
		"all":                        {grader.Group{Score: grader.ScoreAll, Points: 8}, []grader.Result{full, heavy}, grader.AC, 8, 8},
		"all but a part":             {grader.Group{Score: grader.ScoreAll, Points: 8}, []grader.Result{full, part}, grader.WA, 0, 8},
		"all, one not run":           {grader.Group{Score: grader.ScoreAll, Points: 8}, []grader.Result{full, result(grader.SKIP, 0, 1)}, grader.SKIP, 0, 8},
		"worth nothing":              {grader.Group{Score: grader.ScoreAll}, []grader.Result{free, free}, grader.AC, 0, 0},
		"worth nothing and not well": {grader.Group{Score: grader.ScoreSum}, []grader.Result{free, failed}, grader.WA, 0, 0},
		"our own fault":              {grader.Group{Score: grader.ScoreSum, Points: 2}, []grader.Result{full, result(grader.JE, 0, 1)}, grader.JE, 1, 2},
	} {
		s, report := scored(c.group, c.results...)
		score(s, report)
		want := []grader.GroupResult{{Group: "g", Verdict: c.verdict, Points: c.points, Score: c.score}}
		if !reflect.DeepEqual(report.Groups, want) {
			t.Errorf("%s: %+v, want %+v", name, report.Groups, want)
		}
		if math.Abs(report.Score-c.score-1) > 1e-9 || math.Abs(report.Points-c.points-3) > 1e-9 {
			t.Errorf("%s: %v of %v points", name, report.Score, report.Points)
		}
	}
}

func TestScoreVerdict(t *testing.T) {
	ac, wa, skip := result(grader.AC, 1, 1), result(grader.WA, 0, 1), result(grader.SKIP, 0, 1)
	for _, c := range []struct {
		results []grader.Result
		compile *grader.Result
		want    grader.Verdict
	}{
		{[]grader.Result{ac, ac}, nil, grader.AC},
		{[]grader.Result{ac, wa, result(grader.JE, 0, 1)}, nil, grader.WA},
		{[]grader.Result{skip, wa, skip}, nil, grader.WA}, // the case that is required stands behind
		{[]grader.Result{ac, skip}, nil, grader.SKIP},
		{[]grader.Result{skip, skip}, &grader.Result{Verdict: grader.CE}, grader.CE},
		{[]grader.Result{ac, wa}, &grader.Result{Verdict: grader.AC}, grader.WA},
	} {
		s, report := &grader.Suite{Cases: make([]grader.Case, len(c.results))}, &grader.Report{Results: c.results, Compile: c.compile}
		score(s, report)
		if report.Verdict != c.want || report.Groups != nil || report.Points != float64(len(c.results)) {
			t.Errorf("%v: %+v", c.results, report)
		}
	}
}
