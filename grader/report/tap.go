package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"pocket/grader"
)

// TAP writes the Test Anything Protocol, version 14 (testanything.org): a test per submission, whose
// subtests are its cases. SKIP and missing submissions are skipped tests; what is not AC has a YAML block
// with verdict, detail and difference.
func TAP(w io.Writer, run Run, reports Reports) error {
	out := bufio.NewWriter(w)
	out.WriteString("TAP version 14\n")
	n := 0
	for r, err := range reports {
		if err != nil {
			return err
		}
		n++
		tapSubmission(out, n, r)
		if err := out.Flush(); err != nil {
			return err
		}
	}
	for l := range strings.Lines(LeftOut(run.LeftOut)) {
		out.WriteString("# " + l)
	}
	fmt.Fprintf(out, "1..%d\n", n)
	return out.Flush()
}

func tapSubmission(out *bufio.Writer, n int, r grader.Report) {
	var results []grader.Result
	if c := r.Compile; c != nil {
		results = append(results, *c)
	}
	results = append(results, r.Results...)
	if len(results) > 0 {
		fmt.Fprintf(out, "# Subtest: %s\n    1..%d\n", tapText(r.Submission), len(results))
		for i, c := range results {
			tapPoint(out, "    ", i+1, c)
		}
	}
	whole := grader.Result{Case: r.Submission, Verdict: r.Verdict, Detail: said(r), Points: r.Points, Score: r.Score}
	if whole.Case == "" {
		whole.Case = r.Student.Name
	}
	tapPoint(out, "", n, whole)
}

func tapPoint(out *bufio.Writer, indent string, n int, c grader.Result) {
	not, directive := "not ", ""
	switch c.Verdict {
	case grader.AC:
		not = ""
	case grader.SKIP:
		not, directive = "", strings.TrimRight(" # SKIP "+tapText(c.Detail), " ")
	}
	fmt.Fprintf(out, "%s%sok %d - %s%s\n", indent, not, n, tapText(c.Case), directive)
	if not == "" {
		return
	}
	fmt.Fprintf(out, "%s  ---\n%s  verdict: %s\n", indent, indent, c.Verdict)
	tapScalar(out, indent, "detail", c.Detail)
	if c.Verdict != grader.JE && c.Points > 0 {
		fmt.Fprintf(out, "%s  score: %s\n%s  points: %s\n", indent, number(c.Score), indent, number(c.Points))
	}
	tapScalar(out, indent, "difference", c.Difference)
	tapScalar(out, indent, "stderr", c.Stderr)
	fmt.Fprintf(out, "%s  ...\n", indent)
}

// tapScalar writes a text as a double-quoted YAML scalar, which JSON's strings are (YAML 1.2.2, 1.3).
func tapScalar(out *bufio.Writer, indent, key, text string) {
	if text == "" {
		return
	}
	quoted, err := compact(Printable(text))
	if err == nil {
		fmt.Fprintf(out, "%s  %s: %s\n", indent, key, quoted)
	}
}

// tapText is a description or a reason: one line in which # begins no directive ("Escaping").
func tapText(text string) string {
	return strings.NewReplacer(`\`, `\\`, "#", `\#`).Replace(line(text))
}
