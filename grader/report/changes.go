package report

import (
	"io"
	"strings"

	"pocket/grader"
)

// Change is what became of a submission, or of one of its cases, from one run to another.
type Change struct {
	Submission string         `json:"submission"`
	Case       string         `json:"case,omitempty"` // "" for the submission as a whole
	From       grader.Verdict `json:"from,omitempty"` // "" where only the second run has it
	To         grader.Verdict `json:"to,omitempty"`   // "" where only the first has it
	FromScore  float64        `json:"from_score"`
	ToScore    float64        `json:"to_score"`
}

// Changes compares two runs: what has another verdict or score in the second, and what is in one of them
// only. Submissions are the same when their names are, in the order of the first run and then the second;
// a submission's own line comes before those of its cases.
func Changes(from, to []grader.Report) []Change {
	var list []Change
	second := map[string]grader.Report{}
	for _, r := range to {
		second[r.Submission] = r
	}
	for _, r := range from {
		other, ok := second[r.Submission]
		if !ok {
			list = append(list, Change{Submission: r.Submission, From: r.Verdict, FromScore: r.Score})
			continue
		}
		delete(second, r.Submission)
		list = append(list, changes(r, other)...)
	}
	for _, r := range to {
		if _, only := second[r.Submission]; only {
			list = append(list, Change{Submission: r.Submission, To: r.Verdict, ToScore: r.Score})
		}
	}
	return list
}

func changes(from, to grader.Report) []Change {
	var list []Change
	if from.Verdict != to.Verdict || from.Score != to.Score {
		list = append(list, Change{from.Submission, "", from.Verdict, to.Verdict, from.Score, to.Score})
	}
	second := map[string]grader.Result{}
	for _, r := range to.Results {
		second[r.Case] = r
	}
	for _, r := range from.Results {
		other, ok := second[r.Case]
		delete(second, r.Case)
		if !ok || r.Verdict != other.Verdict || r.Score != other.Score {
			list = append(list, Change{from.Submission, r.Case, r.Verdict, other.Verdict, r.Score, other.Score})
		}
	}
	for _, r := range to.Results {
		if _, only := second[r.Case]; only {
			list = append(list, Change{Submission: from.Submission, Case: r.Case, To: r.Verdict, ToScore: r.Score})
		}
	}
	return list
}

// WriteChanges writes a line for each change, or that there is none.
func WriteChanges(w io.Writer, changes []Change, o Options) error {
	if len(changes) == 0 {
		_, err := io.WriteString(w, "nothing changed\n")
		return err
	}
	columns := []Column{{Title: "SUBMISSION"}, {Title: "CASE"}, {Title: "WAS"}, {Title: verdictTitle}, {Title: "SCORE"}}
	var rows [][]string
	for _, c := range changes {
		rows = append(rows, []string{c.Submission, c.Case, orNone(c.From), orNone(c.To), c.scores()})
	}
	_, err := io.WriteString(w, Columns(columns, rows, o))
	return err
}

func orNone(v grader.Verdict) string {
	if v == "" {
		return "-"
	}
	return string(v)
}

func (c Change) scores() string {
	if c.From == "" {
		return number(c.ToScore)
	}
	if c.To == "" || c.FromScore == c.ToScore {
		return number(c.FromScore)
	}
	return number(c.FromScore) + " → " + number(c.ToScore)
}

// Difference writes one case's difference, whole as far as it was kept, of a hidden case only with o.Reveal.
func Difference(w io.Writer, r grader.Result, o Options) error {
	if secret(r, o) {
		_, err := io.WriteString(w, heading(ConcealedResult(r), o)+"  a hidden case: its data are not shown\n")
		return err
	}
	var b strings.Builder
	b.WriteString(heading(r, o))
	if r.Difference == "" {
		b.WriteString("  no difference is kept\n")
	}
	for l := range strings.Lines(Printable(r.Difference)) {
		b.WriteString("  " + shaded(strings.TrimSuffix(l, "\n"), o.Color) + "\n")
	}
	wouldPass(&b, r)
	_, err := io.WriteString(w, b.String())
	return err
}

// shaded gives a line of a difference the colour of its side.
func shaded(l string, color bool) string {
	switch {
	case color && strings.HasPrefix(l, "-"):
		return "\x1b[32m" + l + "\x1b[0m"
	case color && strings.HasPrefix(l, "+"):
		return "\x1b[31m" + l + "\x1b[0m"
	}
	return l
}

// Verdict writes a report's verdict with its detail, on one line.
func Verdict(r grader.Report) string {
	return line(strings.TrimSuffix(string(r.Verdict)+": "+r.Detail, ": "))
}
