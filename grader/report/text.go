// Package report writes results for people and machines.
//
// What students wrote, down to their files' names, is made printable before it is written for people.
package report

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"pocket/grader"
)

// Options say how a report is written; the zero value suits a file.
type Options struct {
	Color bool // for a terminal
	Width int  // the terminal's columns: wider tables are cut; 0 for what is no terminal
	Brief bool // only the summary
	All   bool // explain every failure, not only the first of a case that is not hidden

	Reveal bool // show what hidden cases were given, wrote and expected; else Text, Detail and Difference do not
}

// How much of a failure is shown.
const (
	inputLines  = 10
	inputWidth  = 120
	stderrLines = 10

	exchangeLines = 24
)

// Text writes one report: a line per case in the suite's order, what there is to say about the first
// failure, and a summary.
func Text(w io.Writer, r grader.Report, o Options) error {
	if !o.Reveal {
		r = Concealed(r)
	}
	var b strings.Builder
	if !o.Brief {
		fmt.Fprintf(&b, "%s (%s), suite %s\n\n", line(r.Submission), line(r.Language), line(r.Suite))
		b.WriteString(cases(r.Results, o) + groups(r.Groups, o))
		b.WriteString("\n" + failures(r, o))
	}
	b.WriteString(summary(r, o.Color))
	_, err := io.WriteString(w, b.String())
	return err
}

// failures explains the compilation that failed, or the first case that did, or with All each. Of hidden ones
// there is nothing to explain, so that they only stand where no other failed.
func failures(r grader.Report, o Options) string {
	if r.Compile != nil && r.Compile.Verdict != grader.AC {
		return explain(*r.Compile, o)
	}
	var shown, hidden []string
	for _, result := range r.Results {
		switch {
		case result.Verdict == grader.AC || result.Verdict == grader.SKIP:
		case secret(result, o):
			hidden = append(hidden, line(result.Case)+" ("+verdict(result.Verdict, o.Color)+")")
		case len(shown) == 0 || o.All:
			shown = append(shown, explain(result, o))
		}
	}
	text := strings.Join(shown, "")
	if len(hidden) > 0 && (len(shown) == 0 || o.All) {
		text += "hidden cases, whose data are not shown: " + strings.Join(hidden, ", ") + "\n\n"
	}
	if text == "" && r.Verdict != grader.AC && r.Detail != "" { // nothing was run at all
		text = fmt.Sprintf("%s: %s\n\n", verdict(r.Verdict, o.Color), line(r.Detail))
	}
	return text
}

// secret says whether nothing may be shown of a result's data.
func secret(r grader.Result, o Options) bool { return r.Visibility == grader.Hidden && !o.Reveal }

// explain shows a failure: the input, the difference and the end of standard error.
func explain(r grader.Result, o Options) string {
	var b strings.Builder
	b.WriteString(heading(r, o))
	given(&b, r)
	block(&b, "difference", painted(r.Difference, o.Color))
	wouldPass(&b, r)
	words(&b, r, true)
	if r.Case == "compile" {
		block(&b, "messages", Printable(r.Stderr))
	} else {
		block(&b, "standard error", Printable(end(r.Stderr, stderrLines)))
	}
	return b.String() + "\n"
}

// heading is the line that names a case, its verdict and what there is to say in a line.
func heading(r grader.Result, o Options) string {
	text := line(r.Case) + ": " + verdict(r.Verdict, o.Color)
	if detail := detail(r); detail != "" {
		text += ": " + line(detail)
	}
	return text + "\n"
}

// detail is a result's without what would have passed, which has a line of its own.
func detail(r grader.Result) string {
	if r.WouldPass == "" {
		return r.Detail
	}
	return strings.TrimSuffix(r.Detail, "; AC "+r.WouldPass)
}

// wouldPass says what would have passed.
func wouldPass(b *strings.Builder, r grader.Result) {
	if r.WouldPass != "" {
		b.WriteString("  it would be AC " + line(r.WouldPass) + "\n")
	}
}

// given writes what a case was given: its arguments and the beginning of its input.
func given(b *strings.Builder, r grader.Result) {
	block(b, "arguments", arguments(r))
	block(b, "input", input(r))
}

// arguments is a case's arguments as they would be typed.
func arguments(r grader.Result) string {
	var words []string
	for _, word := range r.Args {
		words = append(words, Word(word))
	}
	return truncate(strings.Join(words, " "), inputLines*inputWidth)
}

// Word writes a word of a command as a shell takes it, where it is not plain.
func Word(word string) string {
	if word != "" && strings.Trim(word, plainWord) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(line(word), "'", `'\''`) + "'"
}

const plainWord = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=+./,:@%"

// input is the first lines of a case's input, and how much more there is.
func input(r grader.Result) string {
	if int64(len(r.Input)) >= r.InputBytes {
		return shorten(r.Input, inputLines, inputWidth)
	}
	lines := strings.SplitAfterN(r.Input, "\n", inputLines+1)
	text := strings.Join(lines[:min(len(lines), inputLines)], "")
	return shorten(text, inputLines, inputWidth) + fmt.Sprintf("… (%d bytes in all)\n", r.InputBytes)
}

// words writes what a checker or an interactor has to say: all of it, or what fits a first look.
func words(b *strings.Builder, r grader.Result, short bool) {
	exchange, toInstructor := r.Exchange, r.Judge
	if short {
		exchange, toInstructor = shorten(exchange, exchangeLines, inputWidth), end(toInstructor, stderrLines)
	}
	block(b, "exchange (< told, > said)", Printable(exchange))
	block(b, "feedback", Printable(r.Feedback))
	block(b, "checker to the instructor", Printable(toInstructor))
}

// block writes a titled, indented text; nothing when it is empty.
func block(b *strings.Builder, title, text string) {
	text = strings.TrimRight(text, "\n")
	if text == "" {
		return
	}
	fmt.Fprintf(b, "  %s:\n", title)
	for l := range strings.Lines(text + "\n") {
		b.WriteString(strings.TrimRight("    "+strings.TrimSuffix(l, "\n"), " ") + "\n")
	}
}

func summary(r grader.Report, color bool) string {
	text := fmt.Sprintf("%s: %s: %s", line(r.Submission), verdict(r.Verdict, color), passed(r.Results))
	text += fmt.Sprintf(" cases, %s of %s points", number(r.Score), number(r.Points))
	if cpu := slowest(r.Results); cpu > 0 {
		text += ", slowest " + clock(cpu) + " cpu"
	}
	return text + "\n"
}

func verdict(v grader.Verdict, color bool) string {
	if !color {
		return string(v)
	}
	return colored(v, string(v))
}

func passed(results []grader.Result) string {
	n := 0
	for _, r := range results {
		if r.Verdict == grader.AC {
			n++
		}
	}
	return fmt.Sprintf("%d of %d", n, len(results))
}

func slowest(results []grader.Result) time.Duration {
	var most time.Duration
	for _, r := range results {
		most = max(most, r.Usage.CPU)
	}
	return most
}

// clock writes a time with what matters of it: "0.8ms", "15ms", "1.002s".
func clock(d time.Duration) string {
	unit := time.Millisecond
	if d < 10*time.Millisecond {
		unit = 100 * time.Microsecond
	}
	if d > 0 && d < unit {
		return "<" + unit.String()
	}
	return d.Round(unit).String()
}

// number writes points and scores, of which a third of 8 has no end.
func number(f float64) string { return strconv.FormatFloat(rounded(f), 'f', -1, 64) }

func rounded(f float64) float64 { return math.Round(f*1e4) / 1e4 }
