package report

import (
	"fmt"
	"io"
	"strings"

	"pocket/grader"
)

// Table writes several submissions, a line for each as soon as it is graded.
type Table struct {
	w       io.Writer
	columns []Column
	color   bool
	titled  bool
	count   map[grader.Verdict]int
	missing int
}

// NewTable makes a table for submissions with these names.
func NewTable(w io.Writer, names []string, o Options) *Table {
	widest := 0
	for _, name := range names {
		widest = max(widest, width(line(name)))
	}
	columns := []Column{{Title: "SUBMISSION", Width: widest}, {Title: verdictTitle}, {Title: "CASES", Width: 8, Right: true},
		{Title: "POINTS", Width: 10, Right: true}, {Title: "CPU", Width: 7, Right: true}, {Title: "DETAIL", Width: o.Width}}
	return &Table{w: w, columns: fitted(widened(columns, nil), o.Width), color: o.Color, count: map[grader.Verdict]int{}}
}

// Count counts a submission for the summary without writing it.
func (t *Table) Count(r grader.Report) {
	if r.Missing {
		t.missing++
	} else {
		t.count[r.Verdict]++
	}
}

// Add writes one submission's line; before the first, the titles.
func (t *Table) Add(r grader.Report) error {
	t.Count(r)
	row := []string{r.Submission, string(r.Verdict), strings.Replace(passed(r.Results), " of ", "/", 1),
		number(r.Score) + "/" + number(r.Points), "", strings.TrimSpace(r.Detail + noted(r.Results))}
	if cpu := slowest(r.Results); cpu > 0 {
		row[4] = clock(cpu)
	}
	text := aligned(t.columns, row, t.color)
	if !t.titled {
		text = titles(t.columns) + text
		t.titled = true
	}
	_, err := io.WriteString(t.w, text)
	return err
}

// Close writes how many submissions got which verdict; nothing when there were none.
func (t *Table) Close() error {
	var counts []string
	total := 0
	for _, v := range grader.Verdicts {
		if n := t.count[v]; n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, verdict(v, t.color)))
			total += n
		}
	}
	if total+t.missing == 0 {
		return nil
	}
	if t.missing > 0 {
		counts = append(counts, fmt.Sprintf("%d missing", t.missing))
	}
	noun := "submissions"
	if total == 1 {
		noun = "submission"
	}
	text := fmt.Sprintf("%d %s: %s\n", total, noun, strings.Join(counts, ", "))
	if t.titled {
		text = "\n" + text
	}
	_, err := io.WriteString(t.w, text)
	return err
}

// noted is how many of a submission's cases have which note.
func noted(results []grader.Result) string {
	count := map[string]int{}
	for _, r := range results {
		for _, note := range strings.Split(notes(r), ", ") {
			count[note]++
		}
	}
	var all []string
	for _, note := range []string{"borderline", "flaky", "cached"} {
		if count[note] > 0 {
			all = append(all, fmt.Sprintf("%d %s", count[note], note))
		}
	}
	if all == nil {
		return ""
	}
	return " (" + strings.Join(all, ", ") + ")"
}
