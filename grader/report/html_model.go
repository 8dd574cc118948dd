package report

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"
	"time"

	"pocket/grader"
)

// How much text a page takes: of one failure, and of all together before further ones are cut short.
const (
	failureText  = 4 << 10
	allText      = 12 << 20
	shortText    = 300
	inputText    = 600
	namesOfCards = 12
)

// model is what a page needs of the reports, which are not kept.
type model struct {
	cases                       columns
	spread                      []spread // by case
	rows                        []row
	verdicts                    map[grader.Verdict]int // of the submissions
	missing                     int                    // students of whom nothing was handed in
	failures                    []failure              // in order of appearance
	known                       map[[32]byte]int       // index of a failure by its content
	text                        int                    // bytes of text so far
	shortened                   bool
	borderline, flaky, unscored bool // some result is
}

func newModel() *model {
	return &model{cases: columns{index: map[string]int{}}, verdicts: map[grader.Verdict]int{}, known: map[[32]byte]int{}}
}

// row is one submission.
type row struct {
	N                                         int // from 1, in the run's order
	Name, File, Verdict, Style, Detail, Score string
	Sort                                      string // the score as a number; "" where it is doubtful
	CPU                                       string // the slowest case's milliseconds
	Compile                                   int    // the number of the failure that says why it does not compile; 0 for none
	Figures                                   string // a line per case
	Cells                                     template.HTML
	Own                                       []*failure // that no other submission has
}

// failure is what one or more submissions did wrong in a case.
type failure struct {
	N                      int
	Case                   int // its column; -1 for the compilation
	Title                  string
	Verdict, Style, Detail string
	Text                   string // all there is to read, each part with its title
	Count                  int
	Rows                   []*rowName // the first of them
	More                   int
}

type rowName struct {
	N    int
	Name string
}

func (m *model) add(r grader.Report) {
	n := len(m.rows) + 1
	if r.Missing {
		m.missing++
	} else {
		m.verdicts[r.Verdict]++
	}
	about := row{N: n, Name: line(r.Student.Name), File: line(r.Submission), Verdict: string(r.Verdict), Style: style(r.Verdict),
		Detail: line(said(r)), Score: number(r.Score) + "/" + number(r.Points), Sort: number(r.Score), CPU: milliseconds(slowest(r.Results))}
	if about.Name == "" || about.Name == about.File {
		about.Name, about.File = about.File, line(r.Language)
	}
	if about.Name == "" {
		about.Name = "–"
	}
	if doubtful(r) || r.Missing {
		m.unscored = true
		about.Score, about.Sort = "–/"+number(r.Points), ""
	}
	if c := r.Compile; c != nil && c.Verdict != grader.AC {
		about.Compile = m.failure(-1, *c, rowName{n, about.Name})
	}
	if r.Missing { // of whom nothing is known, and no case tells anything
		about.File = line(said(r))
	} else {
		m.addCases(&about, r.Results)
	}
	m.rows = append(m.rows, about)
}

func (m *model) addCases(about *row, results []grader.Result) {
	if len(results) > 0 {
		about.Figures = figuresOf(results)
	}
	var inOrder []string // by column
	for _, c := range results {
		at := m.cases.at(c.Case)
		if at == len(m.spread) {
			m.spread = append(m.spread, newSpread(c))
		}
		m.spread[at].count(c)
		m.borderline, m.flaky = m.borderline || c.Borderline, m.flaky || c.Flaky
		failed := 0
		if c.Verdict != grader.AC && c.Verdict != grader.SKIP {
			failed = m.failure(at, c, rowName{about.N, about.Name})
		}
		for len(inOrder) <= at {
			inOrder = append(inOrder, "<td>")
		}
		inOrder[at] = cellHTML(c, failed)
	}
	about.Cells = template.HTML(strings.Join(inOrder, ""))
}

// figuresOf is a line per case. What is said with the failure is not said again.
func figuresOf(results []grader.Result) string {
	results = slices.Clone(results)
	for i, c := range results {
		if c.Verdict == grader.WA || c.Verdict == grader.PE || c.Verdict == grader.RTE {
			results[i].Detail = ""
		}
	}
	return cases(results, Options{})
}

// cellHTML is a case's cell: a verdict, which leads to its failure where there is one. There are so many of
// them that the template would take seconds, and nothing in them is a submission's.
func cellHTML(c grader.Result, failed int) string {
	text := template.HTMLEscapeString(cellText(c))
	class := "<td class=" + style(c.Verdict) + ">"
	if failed == 0 {
		return class + text
	}
	return class + "<a href=#f" + strconv.Itoa(failed) + ">" + text + "</a>"
}

// cellText is a verdict with its marks and, on a second line, the CPU time.
func cellText(c grader.Result) string {
	text := string(c.Verdict)
	if c.Borderline {
		text += "~"
	}
	if c.Flaky {
		text += "?"
	}
	if c.Usage.Wall > 0 {
		text += "\n" + milliseconds(c.Usage.CPU)
	}
	return text
}

func milliseconds(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return strconv.FormatInt(int64((d+time.Millisecond/2)/time.Millisecond), 10)
}

// failure is the number of the failure that a result is. What only the clock makes different is the same.
func (m *model) failure(at int, c grader.Result, who rowName) int {
	if c.Verdict == grader.TLE || c.Verdict == grader.MLE || c.Verdict == grader.OLE {
		c.Detail, _, _ = strings.Cut(c.Detail, ": ") // which limit; the figures are the submission's own
	}
	key := sha256.Sum256([]byte(strings.Join([]string{strconv.Itoa(at), string(c.Verdict), c.Detail, c.Feedback, c.Difference, c.WouldPass,
		c.Exchange, c.Stderr, c.Judge}, "\x00")))
	i, ok := m.known[key]
	if !ok {
		i = len(m.failures)
		m.known[key] = i
		m.failures = append(m.failures, failure{N: i + 1, Case: at, Title: line(c.Case), Verdict: string(c.Verdict), Style: style(c.Verdict),
			Detail: line(c.Detail), Text: m.explained(c)})
	}
	f := &m.failures[i]
	if f.Count++; len(f.Rows) < namesOfCards {
		f.Rows = append(f.Rows, &who)
	} else {
		f.More++
	}
	return i + 1
}

// explained is a result's texts, as much of them as there is room for.
func (m *model) explained(c grader.Result) string {
	most := failureText
	if m.text > allText {
		most = shortText
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s: %s\n", line(c.Case), c.Verdict, line(detail(c)))
	for _, p := range handed(c) {
		fmt.Fprintf(&b, "\n%s:\n%s\n", p.title, p.text)
	}
	for _, p := range texts(c) {
		text := truncate(p.text, most)
		if text != p.text {
			m.shortened = true
			if p.title == "standard error" { // its end says most
				text = strings.ToValidUTF8(p.text[len(p.text)-most:], "")
			}
			p.title += fmt.Sprintf(" (%d of %d bytes)", len(text), len(p.text))
		}
		fmt.Fprintf(&b, "\n%s:\n%s\n", p.title, text)
	}
	m.text += b.Len()
	return strings.TrimRight(b.String(), "\n")
}

// handed is what a case that is not hidden was given: the beginning of it, since it stands with each failure.
func handed(c grader.Result) []part {
	if c.Visibility == grader.Hidden {
		return nil
	}
	var all []part
	for _, p := range []part{{"arguments", arguments(c)}, {"input", input(c)}} {
		text := strings.TrimRight(truncate(p.text, inputText), "\n")
		if text != strings.TrimRight(p.text, "\n") {
			text += "…"
		}
		if text != "" {
			all = append(all, part{p.title, text})
		}
	}
	return all
}

// caseFailures is the failures of one case that many submissions share, the most frequent first.
type caseFailures struct {
	Title    string
	Case     int
	Failures []*failure
}

// share gives each submission the failures that are its own, and returns those that are common. What a few
// share stands with the first of them: of a big class there are thousands of those, and each has a cost.
func (m *model) share() []caseFailures {
	var shared []*failure
	common := max(2, len(m.rows)/100)
	for i := range m.failures {
		f := &m.failures[i]
		if f.Count >= common {
			shared = append(shared, f)
			continue
		}
		var others []string
		for _, r := range f.Rows[1:] {
			others = append(others, r.Name)
		}
		if len(others) > 0 {
			f.Text += "\n\nthe same: " + strings.Join(others, ", ")
			if f.More > 0 {
				f.Text += fmt.Sprintf(" and %d more", f.More)
			}
		}
		first := &m.rows[f.Rows[0].N-1]
		first.Own = append(first.Own, f)
	}
	slices.SortStableFunc(shared, func(a, b *failure) int {
		return cmp.Or(cmp.Compare(a.Case, b.Case), cmp.Compare(b.Count, a.Count))
	})
	var all []caseFailures
	for _, f := range shared {
		if len(all) == 0 || all[len(all)-1].Case != f.Case {
			all = append(all, caseFailures{Title: f.Title, Case: f.Case})
		}
		last := &all[len(all)-1]
		last.Failures = append(last.Failures, f)
	}
	return all
}

func (m *model) groupNames() []string {
	var names []string
	for _, s := range m.spread {
		if s.group != "" && !slices.Contains(names, s.group) {
			names = append(names, s.group)
		}
	}
	return names
}

// marks explains the signs that are on the page.
func (m *model) marks() []string {
	var all []string
	for _, one := range []struct {
		used bool
		text string
	}{
		{m.borderline, "~ ended close to its time limit"},
		{m.flaky, "? differed between executions"},
		{m.unscored, "– no score: nothing was handed in, or because of a fault that is not the student's"},
	} {
		if one.used {
			all = append(all, one.text)
		}
	}
	return all
}
