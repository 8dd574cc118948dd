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
		for _, more := range []struct{ name, text string }{{"means", f.Consequence}, {"fix", f.Fix}} {
			if more.text != "" {
				fmt.Fprintf(&b, "%-8s  %*s  %s: %s\n", "", width, "", more.name, oneLine(more.text))
			}
		}
	}
	return b.String()
}

// oneLine keeps the text of an error, which may be a program's, on its line.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
