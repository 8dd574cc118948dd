package report

import (
	"bufio"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"

	"pocket/grader"
)

var (
	//go:embed page.html
	pageText string
	//go:embed page.css
	pageStyle string
	//go:embed page.js
	pageScript string
)

// HTML writes one page without anything outside of it: the submissions by the cases, each failure with its
// difference, per case how the verdicts and times are spread. A failure that several
// submissions share is shown once. It can be read without JavaScript, which adds filters, sorting and the arrow keys; whatever
// submissions wrote is text, and the page's policy (Content Security Policy Level 3) runs no script but
// ours. Texts that are too long for a page are shortened, which they say.
func HTML(w io.Writer, run Run, reports Reports) error {
	m := newModel()
	for r, err := range reports {
		if err != nil {
			return err
		}
		m.add(r)
	}
	parsed, err := template.New("page").Parse(pageText)
	if err != nil {
		return fmt.Errorf("the page's template: %w", err)
	}
	out := bufio.NewWriterSize(w, 64<<10)
	if err := parsed.Execute(out, m.page(run)); err != nil {
		return fmt.Errorf("writing html: %w", err)
	}
	return out.Flush()
}

// page is what the template shows. Its texts are printable.
type page struct {
	Policy   string
	Style    template.CSS
	Script   template.JS
	Run      int64
	Suite    string
	Started  string
	State    string
	LeftOut  []string
	Counts   []tally
	Verdicts []string
	Groups   []string
	Cases    []caseView
	Rows     []row
	Failed   []caseFailures // shared by several submissions
	Count    int
	Missing  int      // students of whom nothing was handed in: not in Count
	Short    bool     // some texts were shortened
	Marks    []string // what the signs mean that are used
}

// tally is how many results have a verdict, and where its piece of a bar lies, of 1000 in all.
type tally struct {
	Verdict grader.Verdict
	Class   string
	Count   int
	X, W    int
}

func (m *model) page(run Run) page {
	// The columns' number is the one thing in the style that a run decides.
	sheet := fmt.Sprintf(":root{--cases:%d}\n", len(m.cases.names)) + pageStyle
	failed := m.share()
	p := page{
		Policy: "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; style-src '" + digest(sheet) + "'; script-src '" + digest(pageScript) + "'",
		Style:  template.CSS(sheet), Script: template.JS(pageScript),
		Run: run.ID, Suite: line(run.Suite), Started: run.Started.Local().Format(time.DateTime), State: "unfinished",
		Counts: tallies(m.verdicts), Groups: m.groupNames(), Rows: m.rows, Count: len(m.rows) - m.missing, Missing: m.missing, Failed: failed, Short: m.shortened, Marks: m.marks(),
	}
	for _, one := range run.LeftOut {
		p.LeftOut = append(p.LeftOut, leftOut(one))
	}
	switch {
	case run.Untimed:
		p.State = ""
	case !run.Finished.IsZero():
		p.State = "took " + run.Finished.Sub(run.Started).Round(time.Second/10).String()
	}
	for _, v := range grader.Verdicts {
		p.Verdicts = append(p.Verdicts, string(v))
	}
	for i := range m.spread {
		p.Cases = append(p.Cases, m.spread[i].view(i, m.cases.names[i]))
	}
	return p
}

// digest is a text's source expression for a policy ("sha256-…", CSP Level 3, 2.3.1).
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// style is a verdict's class in the style sheet.
func style(v grader.Verdict) string { return "v-" + strings.ToLower(string(v)) }

func tallies(count map[grader.Verdict]int) []tally {
	total := 0
	for _, n := range count {
		total += n
	}
	var all []tally
	sum := 0
	for _, v := range grader.Verdicts {
		if n := count[v]; n > 0 {
			x := sum * 1000 / total
			sum += n
			all = append(all, tally{v, style(v), n, x, sum*1000/total - x})
		}
	}
	return all
}
