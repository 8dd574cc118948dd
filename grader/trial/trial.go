// Package trial says what a suite's cases tell apart, from the reports of submissions whose verdicts are known.
package trial

import (
	"slices"
	"time"

	"pocket/grader"
	"pocket/runtime/resource"
)

// Tried is the report of a reference submission.
type Tried struct {
	Reference
	Report grader.Report
	// Longer is, by case, what came of those that ran out of time when they got Patience times as much.
	Longer map[string]grader.Result
}

// Patience is how much more time a program gets that is too slow, so that it is known by how much.
const Patience = 4

// Trial is what is known of a suite after its reference submissions were graded, every case of each.
type Trial struct {
	Submissions []Submission `json:"submissions"` // in the order of the folder
	Cases       []Case       `json:"cases"`       // in suite order
	Slowest     *Time        `json:"slowest_accepted,omitempty"`
	Fastest     *Time        `json:"fastest_too_slow,omitempty"`
	Largest     *Memory      `json:"largest_accepted,omitempty"`
}

// Submission is a reference submission beside what came of it.
type Submission struct {
	Name   string           `json:"name"`
	Want   []grader.Verdict `json:"want"` // any of these
	Got    grader.Verdict   `json:"got"`
	Detail string           `json:"detail,omitempty"`
	AsIs   bool             `json:"as_wanted"`
	Passed int              `json:"passed"` // cases
	Score  float64          `json:"score"`
	Points float64          `json:"points"`
	ByCase []grader.Verdict `json:"by_case"` // in suite order
}

// Case is what a case is good for.
type Case struct {
	Name    string   `json:"name"`
	Catches []string `json:"catches"` // the wrong programs that are not accepted here
	Alone   []string `json:"alone"`   // those of them that every other case accepts
	Slowest *Time    `json:"slowest_accepted,omitempty"`
}

// Time is how long a program took for a case, on the clock that is nearer to its limit.
type Time struct {
	Submission string        `json:"submission"`
	Case       string        `json:"case"`
	Clock      string        `json:"clock"` // "cpu" or "wall"
	Took       time.Duration `json:"took"`
	Limit      time.Duration `json:"limit"`
	AtLeast    bool          `json:"at_least,omitempty"` // it was ended there, and might have taken longer
}

// Part is the time as a part of the limit.
func (t Time) Part() float64 { return float64(t.Took) / float64(t.Limit) }

// Memory is how much memory a program took for a case.
type Memory struct {
	Submission string        `json:"submission"`
	Case       string        `json:"case"`
	Took       resource.Size `json:"took"`
	Limit      resource.Size `json:"limit"`
}

// Of makes a trial of the reports, whose results are in the suite's order.
func Of(s *grader.Suite, all []Tried) Trial {
	t := Trial{Submissions: []Submission{}, Cases: []Case{}}
	for _, one := range all {
		t.Submissions = append(t.Submissions, submission(one))
	}
	for i, c := range s.Cases {
		t.Cases = append(t.Cases, tried(c, i, all))
		t.largest(c, i, all)
		t.fastest(c, i, all)
	}
	for _, c := range t.Cases {
		if c.Slowest != nil && (t.Slowest == nil || c.Slowest.Part() > t.Slowest.Part()) {
			t.Slowest = c.Slowest
		}
	}
	return t
}

func submission(one Tried) Submission {
	r := one.Report
	s := Submission{
		Name: one.Name, Want: one.Want, Got: r.Verdict, Detail: r.Detail, AsIs: slices.Contains(one.Want, r.Verdict),
		Score: r.Score, Points: r.Points, ByCase: []grader.Verdict{},
	}
	for _, result := range r.Results {
		s.ByCase = append(s.ByCase, result.Verdict)
		if result.Verdict == grader.AC {
			s.Passed++
		}
	}
	return s
}

// wrong says whether a program is one that cases should catch: it is meant not to be accepted, and runs.
func (one Tried) wrong() bool {
	return !one.right() && one.Want[0] != grader.CE
}

// right says whether a program is meant to be accepted, so that limits must leave it room.
func (one Tried) right() bool { return slices.Contains(one.Want, grader.AC) }

func tried(c grader.Case, i int, all []Tried) Case {
	made := Case{Name: c.Name, Catches: []string{}, Alone: []string{}}
	for _, one := range all {
		if i >= len(one.Report.Results) {
			continue
		}
		r := one.Report.Results[i]
		if one.wrong() && caught(r) {
			made.Catches = append(made.Catches, one.Name)
			if count(one.Report.Results) == 1 {
				made.Alone = append(made.Alone, one.Name)
			}
		}
		if one.right() && r.Verdict == grader.AC {
			if took := clocked(one.Name, c, r.Usage); made.Slowest == nil || took.Part() > made.Slowest.Part() {
				made.Slowest = took
			}
		}
	}
	return made
}

// caught says whether a case found that a program is wrong; what was not run or is our fault found nothing.
func caught(r grader.Result) bool {
	return r.Verdict != grader.AC && r.Verdict != grader.SKIP && r.Verdict != grader.JE
}

func count(results []grader.Result) int {
	n := 0
	for _, r := range results {
		if caught(r) {
			n++
		}
	}
	return n
}

// clocked is the time by the clock that is nearer to its limit.
func clocked(name string, c grader.Case, u resource.Usage) *Time {
	cpu := &Time{Submission: name, Case: c.Name, Clock: "cpu", Took: u.CPU, Limit: c.Limits.CPU}
	wall := &Time{Submission: name, Case: c.Name, Clock: "wall", Took: u.Wall, Limit: c.Limits.Wall}
	if cpu.Limit <= 0 || wall.Limit > 0 && wall.Part() > cpu.Part() {
		return wall
	}
	return cpu
}

// fastest looks for the program that is too slow by the least. A program that is meant to be too slow counts
// only where it is: for other cases it may be quick.
func (t *Trial) fastest(c grader.Case, i int, all []Tried) {
	for _, one := range all {
		if i >= len(one.Report.Results) || one.Report.Results[i].Verdict != grader.TLE || !slices.Contains(one.Want, grader.TLE) {
			continue
		}
		r := one.Report.Results[i]
		longer, again := one.Longer[c.Name]
		if again {
			r = longer
		}
		took := clocked(one.Name, c, r.Usage)
		took.AtLeast = !again || r.Verdict == grader.TLE
		if t.Fastest == nil || took.Part() < t.Fastest.Part() {
			t.Fastest = took
		}
	}
}

func (t *Trial) largest(c grader.Case, i int, all []Tried) {
	for _, one := range all {
		if i >= len(one.Report.Results) || !one.right() || one.Report.Results[i].Verdict != grader.AC || c.Limits.Memory <= 0 {
			continue
		}
		r := one.Report.Results[i]
		m := &Memory{Submission: one.Name, Case: c.Name, Took: r.Usage.Memory, Limit: memoryLimit(c, r)}
		if t.Largest == nil || m.part() > t.Largest.part() {
			t.Largest = m
		}
	}
}

// memoryLimit is the limit that held: beside the case's, a language may need memory for itself.
func memoryLimit(c grader.Case, r grader.Result) resource.Size {
	for _, e := range r.Enforcement {
		if size, err := resource.ParseSize(e.Requested); e.Limit == "memory" && err == nil && size > 0 {
			return size
		}
	}
	return c.Limits.Memory
}

func (m Memory) part() float64 { return float64(m.Took) / float64(m.Limit) }
