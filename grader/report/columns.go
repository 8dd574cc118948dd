package report

import (
	"slices"
	"strings"

	"pocket/grader"
)

// Column is one column of a table.
type Column struct {
	Title string
	Width int  // at least; the title and, in Columns, the cells widen it
	Right bool // aligned to the right: numbers

	most int // when not 0, longer cells are cut
}

// verdictTitle is the title of the column that gets colour.
const verdictTitle = "VERDICT"

// Columns writes a table with its titles, each cell one printable line, ending in a line feed. Verdicts below the
// title VERDICT have colour where o says so.
func Columns(columns []Column, rows [][]string, o Options) string {
	return indented(columns, rows, "", o)
}

// indented writes a table with something before each line.
func indented(columns []Column, rows [][]string, indent string, o Options) string {
	columns = fitted(widened(columns, rows), o.Width-len(indent))
	var b strings.Builder
	b.WriteString(indent + titles(columns))
	for _, row := range rows {
		b.WriteString(indent + aligned(columns, row, o.Color))
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
		c.Width = max(c.Width, width(c.Title))
		for _, row := range rows {
			c.Width = max(c.Width, width(line(row[i])))
		}
		wide[i] = c
	}
	return wide
}

// leastText is to how many columns a text is cut at most.
const leastText = 10

// fitted makes a table as wide as a terminal at most, 0 for no terminal: the widest texts are cut first, and where
// that is not enough the last columns are left out.
func fitted(columns []Column, room int) []Column {
	if room <= 0 {
		return columns
	}
	for n := len(columns); n > 1; n-- {
		if kept, ok := narrowed(columns[:n], room); ok {
			return kept
		}
	}
	columns[0].most = room
	return columns[:1]
}

func narrowed(columns []Column, room int) ([]Column, bool) {
	columns = slices.Clone(columns)
	taken := 2 * (len(columns) - 1)
	for _, c := range columns {
		taken += c.Width
	}
	for ; taken > room; taken-- {
		widest := -1
		for i, c := range columns {
			if !c.Right && c.Width > max(leastText, width(c.Title)) && (widest < 0 || c.Width >= columns[widest].Width) {
				widest = i
			}
		}
		if widest < 0 {
			return nil, false
		}
		columns[widest].Width--
	}
	for i, c := range columns {
		if !c.Right {
			columns[i].most = c.Width
		}
	}
	return columns, true
}

// aligned writes one row, without blanks at its end. With colour, the verdict is coloured:
// after it was padded, for escape sequences have no width.
func aligned(columns []Column, cells []string, color bool) string {
	var b strings.Builder
	for i, c := range columns {
		cell := line(cells[i])
		if c.most > 0 {
			cell = Fit(cell, c.most)
		}
		gap := strings.Repeat(" ", max(0, c.Width-width(cell)))
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
