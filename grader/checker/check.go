// Package checker decides whether an output is right.
//
// It works on bytes, in memory and in time linear in their number, whatever they are: what a student's
// program prints need be neither text nor finite lines.
package checker

import (
	"bytes"
	"fmt"

	"pocket/grader"
)

// Finding is what came of comparing an output with an answer. An accepted output has nothing but the
// verdict.
type Finding struct {
	Verdict    grader.Verdict // AC, WA, PE; JE when the comparison mode is not one of grader's
	Line       int            // where the output first differs, from 1
	Column     int            // in characters, from 1
	Detail     string         // one line: `line 3, column 5: expected "25", got "26"`
	Difference string         // a unified diff from "expected" to "got", as Visible writes it; at most some 30 KB
	Hint       string         // what would have passed: "AC if trailing spaces … were ignored"; often ""
}

// Check compares an output with the answer. The zero Mode is Lines. White space is what C's isspace(3)
// takes for it in the C locale, so a no-break space is not.
//
// Exact wants the same bytes and says PE where only white space differs. Lines ignores CRLF, blanks at
// line ends and blank lines at the end. Tokens compares what white space separates. Numbers compares
// tokens too, and a token of the answer that is a number by value; see Compare for the tolerances. As in
// Kattis' default validator (problem package format, "Default Output Validator Specification"), inf, nan
// and numbers beyond float64 (1e400) are no numbers but text: inf equals inf, nan equals nan.
// Unlike there, hexadecimal is text, infinity is another word for inf, and large integers are compared
// exactly.
//
// The others look at both texts as Lines does. Unordered wants the same lines, each as often, in any order;
// blank lines do not count. Contains wants the answer, which may have several lines, anywhere in the output;
// every output contains an empty answer. Regex takes the answer without its last newlines for a regular
// expression of Go's (RE2 syntax, package regexp/syntax) that the whole output must match, or with EachLine
// each of the answer's lines for one that the same line of the output must match; an answer that is none is
// JE.
//
// With Presentation, PE is what Lines and Unordered reject only for white space within lines, and what
// Tokens and Numbers accept although its white space is not the answer's, as Lines sees it.
func Check(c grader.Compare, output, answer []byte) Finding {
	if c.Mode == "" {
		c.Mode = grader.Lines
	}
	if !known(c.Mode) {
		return Finding{Verdict: grader.JE, Detail: fmt.Sprintf("comparison mode %q is not known", c.Mode)}
	}
	if err := expressible(c, answer); err != nil {
		return Finding{Verdict: grader.JE, Detail: "the answer: " + err.Error()}
	}
	s, differs := find(c, output, answer)
	f := Finding{Verdict: grader.WA}
	switch {
	case !differs && c.Presentation && wordy(c.Mode):
		if s, differs = findLayout(output, answer); differs {
			f.Verdict, f.Hint = grader.PE, "AC if white space only separated (without presentation)"
		}
	case differs && misplaced(c, output, answer):
		f.Verdict = grader.PE
	}
	if !differs {
		return Finding{Verdict: grader.AC}
	}
	f.Line, f.Column = s.line, s.column
	f.Detail = fmt.Sprintf("line %d, column %d: expected %s, got %s", s.line, s.column, s.want, s.got)
	f.Difference = difference(c, output, answer, s)
	if note := unseen(c, output, answer, s); note != "" {
		f.Difference += "\\ " + note + "\n"
	}
	if f.Hint == "" {
		f.Hint = wouldPass(c, output, answer)
	}
	return f
}

// wordy says whether a mode looks at words and not at what is between them.
func wordy(m grader.Mode) bool { return m == grader.Tokens || m == grader.Numbers }

// misplaced says whether an output that differs does so in white space only, where that is PE.
func misplaced(c grader.Compare, output, answer []byte) bool {
	switch {
	case c.Mode == grader.Exact, c.Mode == grader.Lines && c.Presentation:
		return passes(grader.Compare{Mode: grader.Tokens}, output, answer)
	case c.Mode == grader.Unordered && c.Presentation:
		return passes(c, squeeze(output), squeeze(answer))
	}
	return false
}

// spot is the first place where an output differs from its answer.
type spot struct {
	line, column int    // in the output
	want, got    string // what stands there, for people
	answer       int    // the offset of the line where the answer differs, or none
	output       int    // the same of the output
}

func known(m grader.Mode) bool {
	switch m {
	case grader.Exact, grader.Lines, grader.Tokens, grader.Numbers, grader.Unordered, grader.Regex, grader.Contains:
		return true
	}
	return false
}

// find returns the first place where output is not what the answer wants, in a mode that is known.
func find(c grader.Compare, output, answer []byte) (spot, bool) {
	if c.Mode == grader.Regex {
		return findMismatch(c, output, answer)
	}
	if bytes.Equal(output, answer) {
		return spot{}, false
	}
	switch c.Mode {
	case grader.Exact:
		return findByte(output, answer), true
	case grader.Lines:
		return findLine(output, answer)
	case grader.Unordered:
		return findStray(c, output, answer)
	case grader.Contains:
		return findMissing(c, output, answer)
	default:
		return findToken(c, output, answer)
	}
}

func passes(c grader.Compare, output, answer []byte) bool {
	if c.Mode == grader.Unordered {
		return sameLines(c, output, answer)
	}
	_, differs := find(c, output, answer)
	return !differs
}
