package trial

import (
	"fmt"
	"strings"
	"time"

	"pocket/grader"
)

// Where the limits are too near: a program that is meant to be accepted must have twice its time, one that is
// meant to be too slow must need half as much again.
const (
	nearest = 0.5
	within  = 1.5
	tight   = 0.8 // of the memory
)

// Remarks are what the suite's author should know, each in one line, the gravest first.
func (t Trial) Remarks() []string {
	var all []string
	add := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	for _, s := range t.Submissions {
		if !s.AsIs {
			add("%s is %s and should be %s%s", s.Name, s.Got, words(s.Want), detail(s.Detail))
		}
	}
	if s := t.Slowest; s != nil && s.Part() > nearest {
		add("the limit is near to %s, which is accepted: %s", s.Submission, s)
	}
	if f := t.Fastest; f != nil && !f.AtLeast && f.Part() < within {
		add("the limit is near to %s, which is too slow: %s", f.Submission, f)
	}
	if m := t.Largest; m != nil && m.part() > tight {
		add("the memory limit is near to %s, which is accepted: %s", m.Submission, m)
	}
	return append(all, t.lacking()...)
}

// lacking says what no submission shows.
func (t Trial) lacking() []string {
	right, wrong := 0, 0
	for _, s := range t.Submissions {
		switch {
		case s.Want[0] == grader.AC:
			right++
		case s.Want[0] != grader.CE:
			wrong++
		}
	}
	switch {
	case len(t.Submissions) == 0:
		return nil
	case right == 0:
		return []string{"no submission is meant to be accepted: whether the suite can be solved is not known"}
	case wrong == 0:
		return []string{"no submission is meant to be wrong: whether the cases find mistakes is not known"}
	}
	var idle []string
	for _, c := range t.Cases {
		if len(c.Catches) == 0 {
			idle = append(idle, c.Name)
		}
	}
	if len(idle) > 0 {
		return []string{"catch no wrong program: " + strings.Join(idle, ", ")}
	}
	return nil
}

func words(want []grader.Verdict) string {
	if len(want) > 1 {
		return "rejected"
	}
	return string(want[0])
}

func detail(text string) string {
	if text == "" {
		return ""
	}
	return ": " + text
}

// String writes the time beside its limit: "cpu 20ms of 1s (2 %) for case big".
func (t Time) String() string {
	least := ""
	if t.AtLeast {
		least = "at least "
	}
	return fmt.Sprintf("%s%s %s of %s (%.0f %%) for case %s", least, t.Clock, t.Took.Round(time.Millisecond), t.Limit, 100*t.Part(), t.Case)
}

// String writes the memory beside its limit.
func (m Memory) String() string {
	return fmt.Sprintf("%s of %s (%.0f %%) for case %s", m.Took.Human(), m.Limit.Human(), 100*m.part(), m.Case)
}

// Failed says whether a submission has not the verdict that it should have, and broken whether one could not
// be judged.
func (t Trial) Failed() (failed, broken bool) {
	for _, s := range t.Submissions {
		failed = failed || !s.AsIs
		broken = broken || s.Got == grader.JE
		for _, v := range s.ByCase {
			broken = broken || v == grader.JE
		}
	}
	return failed, broken
}
