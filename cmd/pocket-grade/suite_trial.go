package main

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"pocket/grader"
	"pocket/grader/report"
	"pocket/grader/trial"
)

// odd warns of what lies among the reference submissions and is none, and of a suite that has none.
func (s *checked) odd(of *grader.Suite, names []string) {
	folder := filepath.Base(of.Submissions)
	if of.Submissions == "" {
		s.Remarks = append(s.Remarks, "no reference submissions (submissions/accepted, submissions/wrong-answer, …): what the cases catch is not known")
	}
	for _, name := range names {
		s.Remarks = append(s.Remarks, fmt.Sprintf("%s/%s is not the folder of a verdict", folder, name))
	}
}

// status is the exit status that the reference submissions make.
func (s checked) status() int {
	if len(s.Faults) > 0 {
		return judgeError
	}
	if s.Trial == nil {
		return accepted
	}
	switch failed, broken := s.Trial.Failed(); {
	case broken:
		return judgeError
	case failed:
		return notAccepted
	}
	return accepted
}

// signs are the verdicts of cases in one column each.
var signs = map[grader.Verdict]string{
	grader.AC: ".", grader.WA: "W", grader.PE: "P", grader.TLE: "T", grader.MLE: "M", grader.OLE: "O", grader.RTE: "R",
	grader.CE: "C", grader.SKIP: "-", grader.JE: "!",
}

func writeTrial(b *strings.Builder, t trial.Trial, o report.Options) {
	b.WriteString("\n" + report.Columns([]report.Column{
		{Title: "SUBMISSION"}, {Title: "WANT"}, {Title: "GOT"}, {Title: "CASES", Right: true}, {Title: "SCORE", Right: true},
		{Title: "BY CASE"},
	}, submissionRows(t), o))
	b.WriteString("\n" + report.Columns([]report.Column{
		{Title: "CASE"}, {Title: "CATCHES", Right: true}, {Title: "ONLY HERE"}, {Title: "SLOWEST ACCEPTED"},
	}, caseRows(t), o))
	b.WriteString("\n")
	if t.Slowest != nil {
		fmt.Fprintf(b, "slowest accepted: %s, %s\n", report.Printable(t.Slowest.Submission), t.Slowest)
	}
	if t.Fastest != nil {
		fmt.Fprintf(b, "fastest too slow: %s, %s\n", report.Printable(t.Fastest.Submission), t.Fastest)
	}
	if t.Largest != nil {
		fmt.Fprintf(b, "largest accepted: %s, %s\n", report.Printable(t.Largest.Submission), t.Largest)
	}
}

func submissionRows(t trial.Trial) [][]string {
	var rows [][]string
	for _, s := range t.Submissions {
		want, by := string(s.Want[0]), ""
		if len(s.Want) > 1 {
			want = "not AC"
		}
		for _, v := range s.ByCase {
			by += signs[v]
		}
		rows = append(rows, []string{
			s.Name, want, string(s.Got), fmt.Sprintf("%d/%d", s.Passed, len(s.ByCase)),
			fmt.Sprintf("%s/%s", decimal(s.Score), decimal(s.Points)), by,
		})
	}
	return rows
}

func caseRows(t trial.Trial) [][]string {
	var rows [][]string
	for _, c := range t.Cases {
		slowest := ""
		if c.Slowest != nil {
			slowest = fmt.Sprintf("%s %s of %s", c.Slowest.Clock, c.Slowest.Took.Round(time.Millisecond), c.Slowest.Limit)
		}
		rows = append(rows, []string{c.Name, strconv.Itoa(len(c.Catches)), several(c.Alone), slowest})
	}
	return rows
}

// several names at most two things, and how many more there are.
func several(names []string) string {
	if len(names) <= 2 {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s, %s and %d more", names[0], names[1], len(names)-2)
}

func decimal(x float64) string { return strconv.FormatFloat(x, 'g', 4, 64) }
