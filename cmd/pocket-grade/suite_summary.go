package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"pocket/grader"
	"pocket/grader/report"
	"pocket/grader/suite"
	"pocket/grader/trial"
	"pocket/runtime/resource"
)

// checked is what suite check says of a suite.
type checked struct {
	Suite    string         `json:"suite"`
	File     string         `json:"file"`
	Cases    int            `json:"cases"`
	Points   float64        `json:"points"`
	RootFS   string         `json:"rootfs"`
	Accepts  []string       `json:"languages"` // [] stands for all
	Limits   []spread       `json:"limits"`
	Groups   []groupSummary `json:"groups"`
	Warnings []suite.Remark `json:"warnings"`
	Faults   []string       `json:"faults"`  // of checkers and interactors
	Remarks  []string       `json:"remarks"` // on these and on the reference submissions
	Trial    *trial.Trial   `json:"trial,omitempty"`
}

// spread is the least and the greatest of a limit that cases have.
type spread struct {
	Limit    string `json:"limit"`
	Least    string `json:"least"`
	Greatest string `json:"greatest"`
}

// groupSummary is a group, or the cases that are in none.
type groupSummary struct {
	Name     string         `json:"name"` // "" for the cases in no group
	Cases    int            `json:"cases"`
	Sample   int            `json:"sample"`
	Hidden   int            `json:"hidden"`
	Points   float64        `json:"points"`
	Score    grader.Scoring `json:"score"`
	Requires []string       `json:"requires"`
}

func summarized(s *grader.Suite, file string) checked {
	all := checked{
		Suite: s.Name, File: file, Cases: len(s.Cases), RootFS: s.RootFS, Accepts: append([]string{}, s.Languages...),
		Limits: spreads(s.Cases), Groups: []groupSummary{}, Warnings: []suite.Remark{},
		Faults: []string{}, Remarks: []string{},
	}
	for _, g := range append(s.Groups, grader.Group{Score: grader.ScoreSum}) {
		if one := summarizedGroup(s, g); one.Cases > 0 {
			all.Groups = append(all.Groups, one)
			all.Points += one.Points
		}
	}
	for _, r := range suite.Examine(s, machineMemory()) {
		r.File = file
		all.Warnings = append(all.Warnings, r)
	}
	return all
}

func summarizedGroup(s *grader.Suite, g grader.Group) groupSummary {
	one := groupSummary{Name: g.Name, Score: g.Score, Requires: append([]string{}, g.Requires...)}
	for _, c := range s.Cases {
		if c.Group != g.Name {
			continue
		}
		one.Cases++
		one.Points += c.Points
		switch c.Visibility {
		case grader.Sample:
			one.Sample++
		case grader.Hidden:
			one.Hidden++
		}
	}
	if g.Points > 0 {
		one.Points = g.Points
	}
	return one
}

// limitKinds are the limits that every case has.
var limitKinds = []struct {
	name  string
	value func(resource.Limits) int64
	text  func(int64) string
}{
	{"cpu", func(l resource.Limits) int64 { return int64(l.CPU) }, duration},
	{"wall", func(l resource.Limits) int64 { return int64(l.Wall) }, duration},
	{"memory", func(l resource.Limits) int64 { return int64(l.Memory) }, size},
	{"output", func(l resource.Limits) int64 { return int64(l.Output) }, size},
	{"processes", func(l resource.Limits) int64 { return int64(l.Processes) }, func(n int64) string { return fmt.Sprint(n) }},
	{"files", func(l resource.Limits) int64 { return int64(l.Files) }, size},
}

func duration(n int64) string { return time.Duration(n).String() }
func size(n int64) string     { return resource.Size(n).String() }

func spreads(cases []grader.Case) []spread {
	var all []spread
	for _, kind := range limitKinds {
		var values []int64
		for _, c := range cases {
			values = append(values, kind.value(c.Limits))
		}
		all = append(all, spread{kind.name, kind.text(slices.Min(values)), kind.text(slices.Max(values))})
	}
	return all
}

// machineMemory is what this machine has, 0 where the kernel does not say.
func machineMemory() resource.Size {
	var about unix.Sysinfo_t
	if unix.Sysinfo(&about) != nil {
		return 0
	}
	return resource.Size(uint64(about.Totalram) * uint64(about.Unit))
}

func (s checked) write(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s, %v points\n", report.Printable(s.Suite), counted(s.Cases, "case"), s.Points)
	var limits []string
	for _, l := range s.Limits {
		text := l.Limit + " " + l.Least
		if l.Greatest != l.Least {
			text += " to " + l.Greatest
		}
		limits = append(limits, text)
	}
	fmt.Fprintf(&b, "limits: %s\n", strings.Join(limits, ", "))
	b.WriteString(report.Columns([]report.Column{
		{Title: "GROUP"}, {Title: "CASES", Right: true}, {Title: "SAMPLE", Right: true}, {Title: "HIDDEN", Right: true},
		{Title: "POINTS", Right: true}, {Title: "SCORE"}, {Title: "REQUIRES"},
	}, s.rows(), look(w)))
	for _, r := range s.Warnings {
		fmt.Fprintf(&b, "%s:%d: warning: %s\n", r.File, r.Line, report.Printable(r.Text))
	}
	if s.Trial != nil {
		writeTrial(&b, *s.Trial, look(w))
	}
	for _, text := range s.Faults {
		fmt.Fprintf(&b, "error: %s\n", report.Printable(text))
	}
	for _, text := range s.Remarks {
		fmt.Fprintf(&b, "warning: %s\n", report.Printable(text))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func (s checked) rows() [][]string {
	var rows [][]string
	for _, g := range s.Groups {
		name := g.Name
		if name == "" {
			name = "(none)"
		}
		rows = append(rows, []string{
			name, strconv.Itoa(g.Cases), strconv.Itoa(g.Sample), strconv.Itoa(g.Hidden),
			strconv.FormatFloat(g.Points, 'g', -1, 64), string(g.Score), strings.Join(g.Requires, " "),
		})
	}
	return rows
}
