package checker

import (
	"bytes"
	"math"
	"slices"
	"strconv"
	"strings"

	"pocket/grader"
)

// wouldPass says what small change would have made a wrong output right, or "". Each try is one more
// pass over the texts, so a failure costs a few times what a comparison does.
func wouldPass(c grader.Compare, output, answer []byte) string {
	for _, try := range relaxations {
		if !slices.Contains(try.modes, c.Mode) {
			continue
		}
		if t := try.with(texts{c, output, answer}); t.output != nil && passes(t.Compare, t.output, t.answer) {
			return "AC " + try.hint
		}
	}
	if c.Mode == grader.Regex && matchesWithin(c, output, answer) {
		return "AC if a part of the output had to match"
	}
	if slices.Contains(ordered, c.Mode) {
		return toleranceHint(c, output, answer)
	}
	return ""
}

// texts is a comparison and what it compares.
type texts struct {
	grader.Compare
	output, answer []byte
}

var (
	strict  = []grader.Mode{grader.Exact}
	layouts = []grader.Mode{grader.Exact, grader.Lines}
	ordered = []grader.Mode{grader.Exact, grader.Lines, grader.Tokens, grader.Numbers}
	loose   = []grader.Mode{grader.Unordered, grader.Contains}
	all     = []grader.Mode{grader.Exact, grader.Lines, grader.Tokens, grader.Numbers, grader.Unordered, grader.Regex, grader.Contains}
)

// relaxations are tried in this order: the smallest change first. With returns a nil output when the
// change is none for these texts.
var relaxations = []struct {
	hint  string
	modes []grader.Mode
	with  func(t texts) texts
}{
	{"with a newline at the end", strict, func(t texts) texts {
		if len(t.answer) != len(t.output)+1 {
			return texts{}
		}
		t.output = append(bytes.Clone(t.output), '\n')
		return t
	}},
	{"without the byte order mark at the start", all, func(t texts) texts {
		rest, ok := bytes.CutPrefix(t.output, []byte("\ufeff"))
		if !ok {
			return texts{}
		}
		t.output = rest
		return t
	}},
	{"with ordinary spaces, and without characters that cannot be seen", all, func(t texts) texts {
		t.output = seen(t.output)
		return t
	}},
	{"if line ends were LF, not CRLF", strict, func(t texts) texts {
		if !bytes.Contains(t.output, []byte("\r\n")) {
			return texts{}
		}
		t.output = bytes.ReplaceAll(t.output, []byte("\r\n"), []byte("\n"))
		return t
	}},
	{"if trailing spaces and blank lines at the end were ignored (compare: lines)", strict, in(grader.Lines)},
	{"if white space only separated (compare: tokens)", layouts, in(grader.Tokens)},
	{"if white space only separated", loose, func(t texts) texts {
		t.output, t.answer = squeeze(t.output), squeeze(t.answer)
		return t
	}},
	{"if the order of the lines did not count (compare: unordered)", layouts, in(grader.Unordered)},
	{"if upper and lower case were the same (compare: {mode: tokens, case: ignore})", ordered, func(t texts) texts {
		if t.IgnoreCase {
			return texts{}
		}
		if t.Mode != grader.Numbers {
			t.Mode = grader.Tokens
		}
		t.IgnoreCase = true
		return t
	}},
	{"if upper and lower case were the same (case: ignore)", loose, folding},
	{"if upper and lower case were the same ((?i) at the start)", []grader.Mode{grader.Regex}, folding},
}

// in compares in another mode.
func in(m grader.Mode) func(texts) texts {
	return func(t texts) texts {
		t.Compare = grader.Compare{Mode: m}
		return t
	}
}

func folding(t texts) texts {
	if t.IgnoreCase {
		return texts{}
	}
	t.IgnoreCase = true
	return t
}

// largestTolerance is the most that is proposed: with more, nearly everything passes.
const largestTolerance = 0.01

// toleranceHint names the tolerance within which all numbers of an output are right, if nothing else is
// wrong with it.
func toleranceHint(c grader.Compare, output, answer []byte) string {
	var absolute, relative float64
	same := grader.Compare{Mode: grader.Numbers, IgnoreCase: c.IgnoreCase}
	got, want := nextToken(output, 0), nextToken(answer, 0)
	for len(got.text) > 0 || len(want.text) > 0 {
		if !sameToken(same, got.text, want.text) {
			if !isNumber(got.text) || !isNumber(want.text) || isInteger(want.text) && isInteger(got.text) {
				return ""
			}
			d := distance(got.text, want.text)
			absolute, relative = max(absolute, d), max(relative, d/math.Abs(value(want.text)))
		}
		got, want = nextToken(output, got.end()), nextToken(answer, want.end())
	}
	switch {
	case absolute == 0 && c.Mode != grader.Numbers:
		return "AC if numbers were compared by value (compare: numbers)"
	case absolute <= largestTolerance:
		return "AC with absolute tolerance " + roundUp(absolute)
	case relative <= largestTolerance:
		return "AC with relative tolerance " + roundUp(relative)
	}
	return ""
}

// roundUp writes the smallest number of one decimal digit that is not less than x.
func roundUp(x float64) string {
	unit := max(math.Pow(10, math.Floor(math.Log10(x))), 1e-308) // Log10 is wrong below and Pow soon 0
	digit := 1.0
	for digit*unit < x {
		digit++
	}
	return strings.Replace(strconv.FormatFloat(digit*unit, 'e', 0, 64), "e-0", "e-", 1)
}
