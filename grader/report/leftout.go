package report

import (
	"fmt"
	"strings"

	"pocket/grader"
)

// LeftOut says what was not graded, and why, a line each; of very many the first.
func LeftOut(all []grader.LeftOut) string {
	const most = 20
	var b strings.Builder
	for _, one := range all[:min(len(all), most)] {
		b.WriteString(leftOut(one) + "\n")
	}
	if len(all) > most {
		fmt.Fprintf(&b, "not graded: %d more\n", len(all)-most)
	}
	return b.String()
}

func leftOut(one grader.LeftOut) string { return line("not graded: " + one.Name + ": " + one.Why) }
