package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"pocket/grader"
)

// CSV writes a table with a line per submission (RFC 4180, UTF-8, lines end in a line feed): the student,
// verdict and score, then for every group "group:NAME" with its verdict and "group:NAME:score", and for
// every case "case:NAME" and "case:NAME:score". Scores that a judge error makes doubtful, the case's and
// with it the submission's, are empty and never 0, as is that of a
// student of whom there is nothing. Each record is one line, and no cell begins with a
// character by which a spreadsheet takes it for a formula.
func CSV(w io.Writer, _ Run, reports Reports) error {
	t := table{groups: columns{index: map[string]int{}}, cases: columns{index: map[string]int{}}}
	for r, err := range reports {
		if err != nil {
			return err
		}
		t.add(r)
	}
	return t.write(w)
}

// table keeps of each report what its line needs: which columns there are is known only after the last.
type table struct {
	groups, cases columns
	lines         []tableLine
}

type tableLine struct {
	fixed         []string
	groups, cases []pair // by column
}

// pair is the two cells of a case or group.
type pair struct{ verdict, score string }

// columns are names in the order of their first appearance.
type columns struct {
	names []string
	index map[string]int
}

func (c *columns) at(name string) int {
	i, ok := c.index[name]
	if !ok {
		i = len(c.names)
		c.index[name] = i
		c.names = append(c.names, name)
	}
	return i
}

// place puts a pair into its column.
func place(row []pair, at int, p pair) []pair {
	for len(row) <= at {
		row = append(row, pair{})
	}
	row[at] = p
	return row
}

var fixedTitles = []string{"student_id", "student_name", "email", "section", "submission", "language", "verdict", "score", "points", "slowest_cpu", "detail"}

func (t *table) add(r grader.Report) {
	score := number(r.Score)
	if doubtful(r) || r.Missing {
		score = ""
	}
	l := tableLine{fixed: []string{r.Student.ID, r.Student.Name, r.Student.Email, r.Student.Section, r.Submission, r.Language, string(r.Verdict),
		score, number(r.Points), secondsUnlessZero(slowest(r.Results)), said(r)}}
	doubtfulGroups := map[string]bool{}
	for _, c := range r.Results {
		p := pair{string(c.Verdict), number(c.Score)}
		if r.Missing {
			p.score = ""
		}
		if c.Verdict == grader.JE {
			p.score = ""
			doubtfulGroups[c.Group] = true
		}
		l.cases = place(l.cases, t.cases.at(c.Case), p)
	}
	for _, g := range r.Groups {
		p := pair{string(g.Verdict), number(g.Score)}
		if doubtfulGroups[g.Group] || g.Verdict == grader.JE || r.Missing {
			p.score = ""
		}
		l.groups = place(l.groups, t.groups.at(g.Group), p)
	}
	t.lines = append(t.lines, l)
}

func (t *table) write(w io.Writer) error {
	out := csv.NewWriter(w)
	title := fixedTitles[:len(fixedTitles):len(fixedTitles)]
	for _, name := range t.groups.names {
		title = append(title, "group:"+name, "group:"+name+":score")
	}
	for _, name := range t.cases.names {
		title = append(title, "case:"+name, "case:"+name+":score")
	}
	if err := out.Write(cells(title)); err != nil {
		return err
	}
	for _, l := range t.lines {
		record := l.fixed
		for _, part := range []struct {
			pairs []pair
			width int
		}{{l.groups, len(t.groups.names)}, {l.cases, len(t.cases.names)}} {
			for i := range part.width {
				p := pair{}
				if i < len(part.pairs) {
					p = part.pairs[i]
				}
				record = append(record, p.verdict, p.score)
			}
		}
		if err := out.Write(cells(record)); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

var longTitles = []string{"student_id", "student_name", "section", "submission", "language", "group", "case", "verdict", "score", "points",
	"cpu", "wall", "memory", "exit_code", "signal", "output_bytes", "borderline", "flaky", "cached", "detail"}

// CSVLong writes a line per case of each submission, and for a submission without cases one line whose
// case is empty; else it is as CSV. Times are seconds, memory and output bytes. A case that was not run
// has no figures.
func CSVLong(w io.Writer, _ Run, reports Reports) error {
	out := csv.NewWriter(w)
	if err := out.Write(longTitles); err != nil {
		return err
	}
	for r, err := range reports {
		if err != nil {
			return err
		}
		results := r.Results
		if len(results) == 0 {
			results = []grader.Result{{Verdict: r.Verdict, Points: r.Points, Score: r.Score, Detail: said(r)}}
		}
		for _, c := range results {
			if err := out.Write(cells(longLine(r, c))); err != nil {
				return err
			}
		}
	}
	out.Flush()
	return out.Error()
}

func longLine(r grader.Report, c grader.Result) []string {
	score := number(c.Score)
	if c.Verdict == grader.JE || r.Missing {
		score = ""
	}
	figures := make([]string, 6)
	if c.Usage.Wall > 0 {
		figures = []string{seconds(c.Usage.CPU), seconds(c.Usage.Wall), strconv.FormatInt(int64(c.Usage.Memory), 10),
			strconv.Itoa(c.ExitCode), c.Signal, strconv.FormatInt(c.OutputBytes, 10)}
	}
	record := []string{r.Student.ID, r.Student.Name, r.Student.Section, r.Submission, r.Language, c.Group, c.Case, string(c.Verdict), score, number(c.Points)}
	record = append(record, figures...)
	return append(record, mark(c.Borderline), mark(c.Flaky), mark(c.Cached), c.Detail)
}

func mark(yes bool) string {
	if yes {
		return "yes"
	}
	return ""
}

func cells(record []string) []string {
	safe := make([]string, len(record))
	for i, text := range record {
		safe[i] = cell(text)
	}
	return safe
}

// cell makes text harmless in a spreadsheet and keeps it on one line. The apostrophe is what spreadsheets
// take for "this is text" (OWASP, "CSV Injection", which also names the wide forms of the characters).
func cell(text string) string {
	text = line(text)
	if first := strings.TrimLeft(text, " \u00a0\u3000"); first != "" && strings.ContainsRune("=+-@＝＋－＠", []rune(first)[0]) {
		return "'" + text
	}
	return text
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }

func secondsUnlessZero(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return seconds(d)
}
