package judge

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"pocket/grader"
)

// grouped is a suite whose cases are in the groups named by the letters of a text ("-" for none), "s" being
// a sample in no group; requires says which group requires which.
func grouped(letters string, requires map[string][]string) *grader.Suite {
	s := numbered(len(letters))
	for i, letter := range letters {
		c := &s.Cases[i]
		switch letter {
		case '-':
		case 's':
			c.Visibility = grader.Sample
		default:
			c.Group = string(letter)
			if !slices.ContainsFunc(s.Groups, func(g grader.Group) bool { return g.Name == c.Group }) {
				s.Groups = append(s.Groups, grader.Group{Name: c.Group, Requires: requires[c.Group], Score: grader.ScoreSum})
			}
		}
	}
	return s
}

func TestSkipped(t *testing.T) {
	for name, test := range map[string]struct {
		suite     *grader.Suite
		stopEarly bool
		wrong     []int
		want      string // the verdicts
		detail    string // of the last that is skipped
	}{
		"all right":       {grouped("aab", map[string][]string{"b": {"a"}}), false, nil, "AC AC AC", ""},
		"required fails":  {grouped("aabb", map[string][]string{"b": {"a"}}), false, []int{1}, "AC WA SKIP SKIP", "requires that group a is AC: case-1 is WA"},
		"stands behind":   {grouped("bba", map[string][]string{"b": {"a"}}), false, []int{2}, "SKIP SKIP WA", "requires that group a is AC: case-2 is WA"},
		"in turn":         {grouped("abc", map[string][]string{"b": {"a"}, "c": {"b"}}), false, []int{0}, "WA SKIP SKIP", "requires that group b is AC: case-1 is SKIP"},
		"others go on":    {grouped("ab-", map[string][]string{"b": {"a"}}), false, []int{0}, "WA SKIP AC", "requires"},
		"samples":         {grouped("-sa", map[string][]string{"a": {grader.RequireSamples}}), false, []int{1}, "AC WA SKIP", "requires that each sample is AC: case-1 is WA"},
		"early":           {grouped("----", nil), true, []int{1}, "AC WA SKIP SKIP", "not run after case-1, which is WA"},
		"early with many": {grouped("bab", map[string][]string{"b": {"a"}}), true, []int{0}, "WA AC SKIP", "not run after case-0, which is WA"},
	} {
		for _, again := range []bool{false, true} {
			s := test.suite
			s.StopEarly = test.stopEarly
			for _, i := range test.wrong {
				s.Cases[i].Answer = grader.Text{Inline: "other\n"}
			}
			var ran atomic.Int64
			runner := fake(func(ctx context.Context, job grader.Job) grader.Outcome {
				ran.Add(1)
				return echo(ctx, job)
			})
			options := Options{Workers: 3}
			if again {
				options.Known = map[int]grader.Result{}
				for i := range s.Cases {
					options.Known[i] = grader.Result{Case: s.Cases[i].Name, Verdict: grader.AC}
				}
				for _, i := range test.wrong {
					options.Known[i] = grader.Result{Case: s.Cases[i].Name, Verdict: grader.WA}
				}
			}
			report, err := Run(context.Background(), runner, s, stage(t, "a.py", ""), Program{Run: interpreted}, options)
			var got []string
			detail := ""
			for _, r := range report.Results {
				got = append(got, string(r.Verdict))
				if r.Verdict == grader.SKIP {
					detail = r.Detail
				}
			}
			skipped := strings.Count(test.want, "SKIP")
			if want := int64(len(s.Cases) - skipped); err != nil || strings.Join(got, " ") != test.want || !strings.HasPrefix(detail, test.detail) ||
				!again && ran.Load() != want || again && ran.Load() != 0 {
				t.Errorf("%s: %s (%q), %d run, %v; want %s (%q)", name, got, detail, ran.Load(), err, test.want, test.detail)
			}
			results, all := foretell(s, options.Known)
			if all != again || again && fmt.Sprint(results) != fmt.Sprint(report.Results) {
				t.Errorf("%s: foretold %v %v\n%v", name, all, results, report.Results)
			}
		}
	}
}

func TestSkippedInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	runner := fake(func(ctx context.Context, job grader.Job) grader.Outcome {
		cancel()
		return grader.Outcome{Interrupted: true, Err: ctx.Err()}
	})
	s := grouped("abb", map[string][]string{"b": {"a"}})
	if _, err := Run(ctx, runner, s, stage(t, "a.py", ""), Program{Run: interpreted}, Options{Workers: 3}); err == nil {
		t.Error("it is not interrupted")
	}
}

// TestBatchSkipsTheSame: what is skipped is recorded, and a run that is answered from earlier ones skips the same.
func TestBatchSkipsTheSame(t *testing.T) {
	s := grouped("aabb", map[string][]string{"b": {"a"}})
	s.Cases[1].Answer.Inline = "other\n"
	kept := newRecords()
	runner := &counted{run: echo, version: "1"}
	entries := class(t, "x")
	b := Batch{Suite: s, Runner: runner, Records: kept.records(), Root: "r"}
	first, err := gradeClass(t, context.Background(), b, entries)
	if err != nil || len(first) != 1 || len(kept.kept[1]) != 4 || kept.kept[1][3].Verdict != grader.SKIP {
		t.Fatalf("%+v, %v", first, err)
	}
	again := newRecords()
	again.contents = kept.contents
	b.Records, runner.runs = again.records(), nil
	second, err := gradeClass(t, context.Background(), b, entries)
	if err != nil || len(runner.runs) != 0 || len(again.kept[1]) != 4 || second[0].Detail != first[0].Detail || second[0].Results[3].Detail != first[0].Results[3].Detail {
		t.Errorf("%+v, %v, ran %v", second, err, runner.runs)
	}
}
