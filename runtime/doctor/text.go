package doctor

import (
	"fmt"
	"strings"
)

// String writes the report for people: a line for each finding, with what it means and what to do about
// it below where it is not ok.
func (r Report) String() string {
	words := map[Status]string{OK: "OK", Degraded: "degraded", Missing: "missing"}
	width := 0
	for _, f := range r.Findings {
		width = max(width, len(f.Name))
	}
	var b strings.Builder
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "%-8s  %-*s  %s\n", words[f.Status], width, f.Name, oneLine(f.Found))
		if f.Consequence != "" {
			fmt.Fprintf(&b, "%-8s  %*s  means: %s\n", "", width, "", oneLine(f.Consequence))
		}
		writeFix(&b, f.Fix, 8+2+width+2)
	}
	return b.String()
}

// writeFix writes one line after the word fix; of several, all but the first stand at the margin, so that
// they can be copied as they are.
func writeFix(b *strings.Builder, fix string, indent int) {
	first, rest, several := strings.Cut(fix, "\n")
	if fix == "" {
		return
	}
	fmt.Fprintf(b, "%*sfix: %s\n", indent, "", first)
	if several {
		b.WriteString(rest + "\n\n")
	}
}

// oneLine keeps the text of an error, which may be a program's, on its line.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
