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
// whose type is the verdict. It satisfies the schemas of Jenkins (xunit-plugin's junit-10.xsd) and of Ant's tasks
// (JUnit.xsd, the strictest: all counts, host name and streams). What went wrong is in the message and begins the
// text, because Jenkins shows the one and GitLab only the other ("Unit test reports", "JUnit XML format
// specification", which knows of failure, error and skipped nothing but their content).
func JUnit(w io.Writer, run Run, reports Reports) error {
	out := bufio.NewWriter(w)
	out.WriteString(xml.Header + "<testsuites>\n")
	encoder := xml.NewEncoder(out)
	encoder.Indent("  ", "  ")
	n, classes := 0, map[string]bool{}
	for r, err := range reports {
		if err != nil {
			return err
		}
		if err := encoder.Encode(junit(run, n, r, classes)); err != nil {
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

	class string
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

func junit(run Run, id int, r grader.Report, classes map[string]bool) junitSuite {
	s := junitSuite{
		ID: id, Package: word(r.Suite), Name: word(r.Submission), Hostname: "localhost", Time: seconds(max(took(r), together(r))),
		Timestamp: beginning(r.Started).UTC().Format("2006-01-02T15:04:05"),
		Properties: []junitProperty{{"run", fmt.Sprint(run.ID)}, {"language", word(r.Language)}, {"verdict", string(r.Verdict)},
			{"points", number(r.Points)}},
	}
	if r.Started.IsZero() {
		s.Timestamp = beginning(run.Started).UTC().Format("2006-01-02T15:04:05")
	}
	s.class = className(s.Package, s.Name, classes)
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

// className is a submission's name below its suite's, where a dot would begin another level. CI servers put together
// what has one class, so each submission has another, also where names differ in nothing but dots.
func className(suite, name string, taken map[string]bool) string {
	plain := suite + "." + strings.ReplaceAll(name, ".", "_")
	class := plain
	for n := 2; taken[class]; n++ {
		class = fmt.Sprintf("%s_%d", plain, n)
	}
	taken[class] = true
	return class
}

func (s *junitSuite) add(c grader.Result) {
	test := junitCase{Name: word(c.Case), Class: s.class, Time: seconds(c.Usage.Wall)}
	fault := &junitFault{Message: line(c.Detail), Type: word(string(c.Verdict)), Text: headline(c) + faultText(c)}
	s.Tests++
	switch c.Verdict {
	case grader.AC:
	case grader.SKIP:
		s.Skipped++
		test.Skipped = &junitFault{Message: line(c.Detail), Text: line(c.Detail)}
	case grader.JE:
		s.Errors++
		test.Error = fault
	default:
		s.Failures++
		test.Failure = fault
	}
	s.Cases = append(s.Cases, test)
}

// headline is the verdict with its detail.
func headline(c grader.Result) string {
	if c.Detail == "" {
		return line(string(c.Verdict)) + "\n"
	}
	return line(string(c.Verdict)+": "+c.Detail) + "\n"
}

// faultText is what stands in a fault's element: all texts, each with its title.
func faultText(c grader.Result) string {
	var b strings.Builder
	given := []part{{"arguments", arguments(c)}, {"input", strings.TrimRight(input(c), "\n")}}
	for _, part := range append(given, texts(c)...) {
		if part.text == "" {
			continue
		}
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
