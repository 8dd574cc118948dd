package report

import (
	"slices"
	"strings"
	"testing"

	"pocket/grader"
)

func TestChanges(t *testing.T) {
	made := func(name string, verdict grader.Verdict, score float64, results ...grader.Result) grader.Report {
		return grader.Report{Submission: name, Verdict: verdict, Score: score, Results: results}
	}
	result := func(name string, verdict grader.Verdict, score float64) grader.Result {
		return grader.Result{Case: name, Verdict: verdict, Score: score}
	}
	from := []grader.Report{
		made("same", grader.AC, 1, result("a", grader.AC, 1)),
		made("moved", grader.WA, 1, result("a", grader.AC, 1), result("b", grader.WA, 0), result("gone", grader.AC, 0)),
		made("score", grader.WA, 0.5, result("a", grader.WA, 0.5)),
		made("left", grader.TLE, 0),
	}
	to := []grader.Report{
		made("new\x1b", grader.CE, 0),
		made("score", grader.WA, 0.25, result("a", grader.WA, 0.25)),
		made("moved", grader.AC, 2, result("new", grader.AC, 0), result("b", grader.AC, 1), result("a", grader.AC, 1)),
		made("same", grader.AC, 1, result("a", grader.AC, 1)),
	}
	want := []Change{
		{"moved", "", grader.WA, grader.AC, 1, 2}, {"moved", "b", grader.WA, grader.AC, 0, 1},
		{"moved", "gone", grader.AC, "", 0, 0}, {"moved", "new", "", grader.AC, 0, 0},
		{"score", "", grader.WA, grader.WA, 0.5, 0.25}, {"score", "a", grader.WA, grader.WA, 0.5, 0.25},
		{"left", "", grader.TLE, "", 0, 0}, {"new\x1b", "", "", grader.CE, 0, 0},
	}
	got := Changes(from, to)
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if again := Changes(to, to); len(again) != 0 {
		t.Errorf("a run differs from itself: %v", again)
	}
	var b strings.Builder
	if err := WriteChanges(&b, got, Options{}); err != nil || strings.Contains(b.String(), "\x1b") || strings.Count(b.String(), "\n") != len(got)+1 {
		t.Errorf("%v %q", err, b.String())
	}
}
