package report

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"pocket/grader"
)

// JUnit writes the XML that CI servers read as JUnit's: a testsuite per submission, a testcase per case
// and one for the compilation. JE is an error, SKIP is skipped, every other verdict but AC a failure
// whose type is the verdict. It satisfies the schemas of Jenkins (junit-10.xsd), of Ant's tasks
// (JUnit.xsd, the strictest: all counts, host name and streams) and of Maven's Surefire.
func JUnit(w io.Writer, run Run, reports Reports) error {
	out := bufio.NewWriter(w)
	out.WriteString(xml.Header + "<testsuites>\n")
	encoder := xml.NewEncoder(out)
	encoder.Indent("  ", "  ")
	n := 0
	for r, err := range reports {
		if err != nil {
			return err
		}
		if err := encoder.Encode(junit(run, n, r)); err != nil {
			return fmt.Errorf("writing xml: %w", err)
		}
		n++
	}
	out.WriteString("\n</testsuites>\n")
	return out.Flush()
}

type junitSuite struct {
	XMLName    xml.Name        `xml:"testsuite"`
	ID         int             `xml:"id,attr"`
	Package    string          `xml:"package,attr"`
	Name       string          `xml:"name,attr"`
	Tests      int             `xml:"tests,attr"`
	Failures   int             `xml:"failures,attr"`
	Errors     int             `xml:"errors,attr"`
	Skipped    int             `xml:"skipped,attr"`
	Time       string          `xml:"time,attr"`
	Timestamp  string          `xml:"timestamp,attr"`
	Hostname   string          `xml:"hostname,attr"`
	Properties []junitProperty `xml:"properties>property"`
	Cases      []junitCase     `xml:"testcase"`
	Out        string          `xml:"system-out"`
	Err        string          `xml:"system-err"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Name    string      `xml:"name,attr"`
	Class   string      `xml:"classname,attr"`
	Time    string      `xml:"time,attr"`
	Skipped *junitFault `xml:"skipped"`
	Error   *junitFault `xml:"error"`
	Failure *junitFault `xml:"failure"`
}

type junitFault struct {
	Message string `xml:"message,attr,omitempty"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

func junit(run Run, id int, r grader.Report) junitSuite {
	s := junitSuite{
		ID: id, Package: word(r.Suite), Name: word(r.Submission), Hostname: "localhost", Time: seconds(max(0, r.Finished.Sub(r.Started))),
		Timestamp: beginning(r.Started).UTC().Format("2006-01-02T15:04:05"),
		Properties: []junitProperty{{"run", fmt.Sprint(run.ID)}, {"language", word(r.Language)}, {"verdict", string(r.Verdict)},
			{"points", number(r.Points)}},
	}
	if !doubtful(r) {
		s.Properties = append(s.Properties, junitProperty{"score", number(r.Score)})
	}
	if r.Compile != nil {
		s.add(*r.Compile)
	}
	for _, c := range r.Results {
		s.add(c)
	}
	if len(s.Cases) == 0 { // a CI server would take a submission without any test for one without a fault
		s.add(grader.Result{Case: "submission", Verdict: r.Verdict, Detail: said(r)})
	}
	return s
}

func (s *junitSuite) add(c grader.Result) {
	test := junitCase{Name: word(c.Case), Class: s.Package + "." + strings.ReplaceAll(s.Name, ".", "_"), Time: seconds(c.Usage.Wall)}
	fault := &junitFault{Message: line(c.Detail), Type: word(string(c.Verdict)), Text: faultText(c)}
	s.Tests++
	switch c.Verdict {
	case grader.AC:
	case grader.SKIP:
		s.Skipped++
		test.Skipped = &junitFault{Message: line(c.Detail)}
	case grader.JE:
		s.Errors++
		test.Error = fault
	default:
		s.Failures++
		test.Failure = fault
	}
	s.Cases = append(s.Cases, test)
}

// faultText is what stands in a fault's element: all texts, each with its title.
func faultText(c grader.Result) string {
	var b strings.Builder
	for _, part := range texts(c) {
		b.WriteString("\n" + part.title + ":\n" + part.text + "\n")
	}
	return b.String()
}

// part is one of the texts that explain a result, made printable.
type part struct{ title, text string }

// texts are those that explain a result: what it says to the student first.
func texts(c grader.Result) []part {
	all := []part{{"feedback", c.Feedback}, {"difference", c.Difference}, {"would pass", c.WouldPass}, {"exchange", c.Exchange},
		{"standard error", c.Stderr}, {"checker to the instructor", c.Judge}}
	if c.Case == "compile" {
		all[4].title = "messages"
	}
	var some []part
	for _, p := range all {
		if text := strings.TrimRight(Printable(p.text), "\n"); text != "" {
			some = append(some, part{p.title, text})
		}
	}
	return some
}

// word is a name in one line that is not empty.
func word(name string) string {
	if name = line(name); name == "" {
		return "-"
	}
	return name
}

// beginning keeps the start of the year 1 out of files whose readers know no such time.
func beginning(t time.Time) time.Time {
	if t.IsZero() {
		return time.Unix(0, 0)
	}
	return t
}
