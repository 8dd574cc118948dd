package report

import (
	"strings"
	"unicode/utf8"

	"pocket/grader"
)

// Column is one column of a table.
type Column struct {
	Title string
	Width int  // at least; the title and, in Columns, the cells widen it
	Right bool // aligned to the right: numbers
}

// verdictTitle is the title of the column that gets colour.
const verdictTitle = "VERDICT"

// Columns writes a table with its titles, each cell one printable line, ending in a line feed.
func Columns(columns []Column, rows [][]string) string {
	columns = widened(columns, rows)
	var b strings.Builder
	b.WriteString(titles(columns))
	for _, row := range rows {
		b.WriteString(aligned(columns, row, false))
	}
	return b.String()
}

func titles(columns []Column) string {
	var cells []string
	for _, c := range columns {
		cells = append(cells, c.Title)
	}
	return aligned(columns, cells, false)
}

func widened(columns []Column, rows [][]string) []Column {
	wide := make([]Column, len(columns))
	for i, c := range columns {
		c.Width = max(c.Width, utf8.RuneCountInString(c.Title))
		for _, row := range rows {
			c.Width = max(c.Width, utf8.RuneCountInString(line(row[i])))
		}
		wide[i] = c
	}
	return wide
}

// aligned writes one row, without blanks at its end. With colour, the verdict is coloured:
// after it was padded, for escape sequences have no width.
func aligned(columns []Column, cells []string, color bool) string {
	var b strings.Builder
	for i, c := range columns {
		cell := line(cells[i])
		gap := strings.Repeat(" ", max(0, c.Width-utf8.RuneCountInString(cell)))
		if color && c.Title == verdictTitle {
			cell = colored(grader.Verdict(cell), cell)
		}
		if c.Right {
			cell = gap + cell
		} else {
			cell += gap
		}
		b.WriteString(cell + "  ")
	}
	return strings.TrimRight(b.String(), " ") + "\n"
}

// colors are the SGR parameters of the verdicts (ECMA-48, 8.3.117).
var colors = map[grader.Verdict]string{
	grader.AC: "32", grader.PE: "33", grader.SKIP: "2", grader.JE: "35",
	grader.WA: "31", grader.OLE: "31", grader.MLE: "31", grader.TLE: "31", grader.RTE: "31", grader.CE: "31",
}

func colored(v grader.Verdict, text string) string {
	if code := colors[v]; code != "" {
		return "\x1b[" + code + "m" + text + "\x1b[0m"
	}
	return text
}

// painted writes a unified diff for people: on a terminal what is expected is green, what came instead red,
// and the rest of its marks faint.
func painted(diff string, color bool) string {
	diff = Printable(diff)
	if !color {
		return diff
	}
	var b strings.Builder
	for l := range strings.Lines(diff) {
		text, code := strings.TrimSuffix(l, "\n"), ""
		switch {
		case strings.HasPrefix(l, "--- expected"), strings.HasPrefix(l, "+++ got"), strings.HasPrefix(l, "@@ "):
			code = "2"
		case strings.HasPrefix(l, "-"):
			code = "32"
		case strings.HasPrefix(l, "+"):
			code = "31"
		}
		if code != "" {
			text = "\x1b[" + code + "m" + text + "\x1b[0m"
		}
		b.WriteString(text + l[len(strings.TrimSuffix(l, "\n")):])
	}
	return b.String()
}
