package report

import (
	"io"
	"slices"
	"strings"

	"pocket/grader"
)

// cases is the table of a submission's cases.
func cases(results []grader.Result, o Options) string {
	columns, rows := caseTable(results)
	return indented(columns, rows, "  ", o)
}

// WriteCases writes a table of the cases of several submissions.
func WriteCases(w io.Writer, reports []grader.Report, o Options) error {
	var results []grader.Result
	var names []string
	for _, r := range reports {
		for _, one := range r.Results {
			results, names = append(results, one), append(names, r.Submission)
		}
	}
	columns, rows := caseTable(results)
	columns, rows = inserted(columns, rows, 0, Column{Title: "SUBMISSION"}, func(i int) string { return names[i] })
	_, err := io.WriteString(w, Columns(columns, rows, o))
	return err
}

// caseTable is a table of results. Scores and notes have columns where there is something to say.
func caseTable(results []grader.Result) ([]Column, [][]string) {
	columns := []Column{{Title: "CASE"}, {Title: verdictTitle}, {Title: "CPU", Right: true},
		{Title: "WALL", Right: true}, {Title: "MEMORY", Right: true}, {Title: "DETAIL"}}
	var rows [][]string
	for _, r := range results {
		row := []string{r.Case, string(r.Verdict), "", "", "", detail(r)}
		if r.Usage.Wall > 0 {
			row[2], row[3], row[4] = clock(r.Usage.CPU), clock(r.Usage.Wall), r.Usage.Memory.Human()
		}
		rows = append(rows, row)
	}
	if slices.ContainsFunc(results, func(r grader.Result) bool { return notes(r) != "" }) {
		columns, rows = inserted(columns, rows, 5, Column{Title: "NOTE"}, func(i int) string { return notes(results[i]) })
	}
	if telling(results) {
		columns, rows = inserted(columns, rows, 2, Column{Title: "SCORE", Right: true}, func(i int) string {
			return number(results[i].Score) + "/" + number(results[i].Points)
		})
	}
	return columns, rows
}

// inserted puts a column into a table.
func inserted(columns []Column, rows [][]string, at int, c Column, cell func(i int) string) ([]Column, [][]string) {
	for i, row := range rows {
		rows[i] = slices.Insert(row, at, cell(i))
	}
	return slices.Insert(columns, at, c), rows
}

// telling says whether cases' scores say more than their verdicts: one got a part of its points, or they are
// worth differently much.
func telling(results []grader.Result) bool {
	return slices.ContainsFunc(results, func(r grader.Result) bool {
		return r.Points != results[0].Points || r.Score != 0 && r.Score != r.Points
	})
}

// notes is what is to be known of how a result came about.
func notes(r grader.Result) string {
	var all []string
	for _, one := range []struct {
		is   bool
		text string
	}{{r.Borderline, "borderline"}, {r.Flaky, "flaky"}, {r.Cached, "cached"}} {
		if one.is {
			all = append(all, one.text)
		}
	}
	return strings.Join(all, ", ")
}

// groups is the table of what a submission got for its groups, "" where there are none.
func groups(results []grader.GroupResult, o Options) string {
	if len(results) == 0 {
		return ""
	}
	columns := []Column{{Title: "GROUP"}, {Title: verdictTitle}, {Title: "SCORE", Right: true}}
	var rows [][]string
	for _, g := range results {
		rows = append(rows, []string{g.Group, string(g.Verdict), number(g.Score) + "/" + number(g.Points)})
	}
	return "\n" + indented(columns, rows, "  ", o)
}
