package checker

import (
	"bytes"
	"math"
	"strconv"
	"strings"

	"pocket/grader"
)

// wouldPass says what small change would have made a wrong output right, or "". Each try is one more
// pass over the texts, so a failure costs a few times what a comparison does.
func wouldPass(c grader.Compare, output, answer []byte) string {
	for _, try := range relaxations {
		if relaxed, text := try.with(c, output, answer); text != nil && passes(relaxed, text, answer) {
			return "AC " + try.hint
		}
	}
	return toleranceHint(c, output, answer)
}

// relaxations are tried in this order: the smallest change first. With returns a nil text when the
// change is none for this comparison.
var relaxations = []struct {
	hint string
	with func(c grader.Compare, output, answer []byte) (grader.Compare, []byte)
}{
	{"with a newline at the end", func(c grader.Compare, output, answer []byte) (grader.Compare, []byte) {
		if c.Mode != grader.Exact || len(answer) != len(output)+1 {
			return c, nil
		}
		return c, append(bytes.Clone(output), '\n')
	}},
	{"without the byte order mark at the start", func(c grader.Compare, output, _ []byte) (grader.Compare, []byte) {
		if text, ok := bytes.CutPrefix(output, []byte("\ufeff")); ok {
			return c, text
		}
		return c, nil
	}},
	{"if line ends were LF, not CRLF", func(c grader.Compare, output, _ []byte) (grader.Compare, []byte) {
		if c.Mode != grader.Exact || !bytes.Contains(output, []byte("\r\n")) {
			return c, nil
		}
		return c, bytes.ReplaceAll(output, []byte("\r\n"), []byte("\n"))
	}},
	{"if trailing spaces and blank lines at the end were ignored (compare: lines)",
		func(c grader.Compare, output, _ []byte) (grader.Compare, []byte) {
			if c.Mode != grader.Exact {
				return c, nil
			}
			return grader.Compare{Mode: grader.Lines}, output
		}},
	{"if white space only separated (compare: tokens)",
		func(c grader.Compare, output, _ []byte) (grader.Compare, []byte) {
			if c.Mode != grader.Exact && c.Mode != grader.Lines {
				return c, nil
			}
			return grader.Compare{Mode: grader.Tokens}, output
		}},
	{"if upper and lower case were the same (compare: {mode: tokens, case: ignore})",
		func(c grader.Compare, output, _ []byte) (grader.Compare, []byte) {
			if c.Mode != grader.Numbers {
				c.Mode = grader.Tokens
			}
			if c.IgnoreCase {
				return c, nil
			}
			c.IgnoreCase = true
			return c, output
		}},
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
