package checker

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"pocket/grader"
)

// unseen says which character of the line that differs nobody sees, or takes for another: of the output, where the
// answer's line has none such, or else of the answer. "" when there is none.
func unseen(c grader.Compare, output, answer []byte, s spot) string {
	if c.Mode == grader.Unordered || c.Mode == grader.Regex || c.Mode == grader.Contains {
		return "" // their lines are not opposite each other
	}
	got, want := lineFrom(output, s.output), lineFrom(answer, s.answer)
	if note := oddIn(got, want); note != "" {
		return fmt.Sprintf("line %d of the output has %s", lineNumber(output, s.output), note)
	}
	if note := oddIn(want, got); note != "" {
		return fmt.Sprintf("line %d of the answer has %s", lineNumber(answer, s.answer), note)
	}
	return ""
}

func lineFrom(text []byte, at int) []byte {
	if at > len(text) {
		return nil
	}
	line, _, _ := cutLine(text, at)
	return bytes.TrimSuffix(line, []byte("\r"))
}

func lineNumber(text []byte, at int) int {
	return 1 + bytes.Count(text[:min(at, len(text))], []byte("\n"))
}

// longestLine is how much of a line is looked at.
const longestLine = 64 << 10

// oddIn describes the first character of a line that cannot be seen or looks like another, and that the other line
// does not have as often.
func oddIn(line, other []byte) string {
	line, other = line[:min(len(line), longestLine)], other[:min(len(other), longestLine)]
	if isPlain(line) {
		return ""
	}
	column := 0
	for i := 0; i < len(line); {
		r, width := utf8.DecodeRune(line[i:])
		piece := line[i : i+width]
		column++
		i += width
		what := odd(r, width, piece)
		if what == "" || bytes.Count(line, piece) <= bytes.Count(other, piece) {
			continue
		}
		return fmt.Sprintf("%s at column %d", what, column)
	}
	return ""
}

func isPlain(line []byte) bool {
	for _, b := range line {
		if b < ' ' && b != '\t' || b >= 0x7f {
			return false
		}
	}
	return true
}

// odd describes a character that cannot be seen or looks like another, "" for any other.
func odd(r rune, width int, bytes []byte) string {
	name := names[r]
	switch {
	case r == utf8.RuneError && width == 1:
		return fmt.Sprintf("a byte that is not UTF-8 (0x%02x)", bytes[0])
	case name != "":
	case unicode.Is(unicode.Zs, r) && r != ' ':
		name = "an unusual space"
	case unicode.IsControl(r) && r != '\t':
		name = "a control character"
	case unicode.Is(unicode.Mn, r):
		name = "a combining mark"
	case !unicode.IsPrint(r) && r != '\t':
		name = "an invisible character"
	default:
		return lookalike(r)
	}
	return fmt.Sprintf("%s (%U)", name, r)
}

// names are of the characters that programs and editors most often bring in unseen.
var names = map[rune]string{
	'\u00a0': "a no-break space", '\u202f': "a narrow no-break space", '\u2007': "a figure space", '\u2009': "a thin space",
	'\u3000': "an ideographic space", '\u200b': "a zero width space", '\u200c': "a zero width non-joiner",
	'\u200d': "a zero width joiner", '\u2060': "a word joiner", '\ufeff': "a byte order mark", '\u00ad': "a soft hyphen",
	'\u2028': "a line separator", '\u2029': "a paragraph separator", '\u200e': "a left-to-right mark", '\u200f': "a right-to-left mark",
	'\r': "a carriage return", 0: "a NUL character", '\x1b': "an escape character", '\x7f': "a delete character",
}

// lookalikes are pairs: a character, and the one of ASCII for which it is taken.
const lookalikes = "−-‐-‑-–-—-’'‘'′'“\"”\"″\"×x÷/∗*∣|․.…." +
	"аaеeоoрpсcхxуyіiјjѕsАAВBЕEКKМMНHОOРPСCТTХXІIЈJЅS" +
	"οoνvΑAΒBΕEΖZΗHΙIΚKΜMΝNΟOΡPΤTΥYΧX"

func lookalike(r rune) string {
	plain := rune(0)
	if r >= '！' && r <= '～' { // the full width forms of ASCII, U+FF01 on
		plain = r - '！' + '!'
	}
	pairs := []rune(lookalikes)
	for i := 0; i < len(pairs) && r > 0x7f; i += 2 {
		if pairs[i] == r {
			plain = pairs[i+1]
		}
	}
	if plain == 0 {
		return ""
	}
	return fmt.Sprintf("%c (%U), which is not %c (%U),", r, r, plain, plain)
}

// seen is a text with ordinary spaces in place of unusual ones and without characters that cannot be seen; nil when
// it has neither.
func seen(text []byte) []byte {
	if isPlain(bytes.ReplaceAll(text, []byte("\n"), nil)) {
		return nil
	}
	changed := false
	clean := bytes.Map(func(r rune) rune {
		switch {
		case r == ' ' || r == utf8.RuneError || strings.ContainsRune(blanks, r):
			return r
		case unicode.Is(unicode.Zs, r):
			changed = true
			return ' '
		case unicode.Is(unicode.Cf, r):
			changed = true
			return -1
		}
		return r
	}, text)
	if !changed || !utf8.Valid(text) {
		return nil
	}
	return clean
}
