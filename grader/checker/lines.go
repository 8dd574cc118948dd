package checker

import (
	"bytes"
	"math"
	"unicode/utf8"
)

// blanks is white space as C's isspace(3) has it in the C locale.
const blanks = " \t\n\v\f\r"

func isBlank(b byte) bool { return b == ' ' || b >= '\t' && b <= '\r' }

// none is the offset of a line that a text does not have, because it ends before.
const none = math.MaxInt

func pastEnd(text []byte) int {
	if len(text) == 0 {
		return 0
	}
	return none
}

func trimRight(text []byte) []byte { return bytes.TrimRight(text, blanks) }

// findByte finds the first byte that differs, in two texts that do differ.
func findByte(output, answer []byte) spot {
	at := commonPrefix(output, answer)
	start := lineStart(output, at)
	want, wantMore, _ := cutLine(answer, start)
	got, gotMore, _ := cutLine(output, start)
	return differing(side{got, gotMore, start}, side{want, wantMore, start}, at-start, output)
}

// findLine finds the first line that differs otherwise than in the blanks at its end.
func findLine(output, answer []byte) (spot, bool) {
	output, answer = trimRight(output), trimRight(answer)
	var got, want side
	for o, a := 0, 0; ; {
		moreOutput, moreAnswer := o <= len(output) && len(output) > 0, a <= len(answer) && len(answer) > 0
		if !moreOutput && !moreAnswer {
			return spot{}, false
		}
		got, want = side{start: pastEnd(output)}, side{start: pastEnd(answer)}
		if moreOutput {
			got.start = o
			got.line, got.more, o = cutLine(output, o)
		}
		if moreAnswer {
			want.start = a
			want.line, want.more, a = cutLine(answer, a)
		}
		got.line, want.line = trimRight(got.line), trimRight(want.line)
		if moreOutput != moreAnswer || !bytes.Equal(got.line, want.line) {
			return differing(got, want, commonPrefix(got.line, want.line), output), true
		}
	}
}

// side is one of two lines that differ.
type side struct {
	line  []byte // without the newline
	more  bool   // a newline follows
	start int    // its offset
}

// differing describes two lines that differ at the byte with the offset at. It points at the start of
// the words that differ, or, in a word too long to be quoted, at the difference itself.
func differing(got, want side, at int, output []byte) spot {
	from := at
	for from > 0 && at-from < quoted/2 && !isBlank(got.line[from-1]) {
		from--
	}
	if from > 0 && !isBlank(got.line[from-1]) || bytes.Equal(word(got.line, from), word(want.line, from)) {
		from = at
	}
	for from > 0 && from < len(got.line) && !utf8.RuneStart(got.line[from]) {
		from--
	}
	before := bytes.Count(output[:min(got.start, len(output))], []byte("\n"))
	if got.start == none {
		before++
	}
	return spot{
		line:   1 + before,
		column: 1 + utf8.RuneCount(got.line[:from]),
		want:   phrase(want, from, "output"),
		got:    phrase(got, from, "output"),
		answer: want.start,
		output: got.start,
	}
}

// phrase says what stands at an offset of a line.
func phrase(s side, at int, text string) string {
	switch {
	case at < len(s.line):
		return naming(s.line[at:])
	case s.more && len(s.line) == 0:
		return "an empty line"
	case s.more:
		return "the end of the line"
	case s.start == 0 && len(s.line) == 0:
		return "an empty " + text
	}
	return "the end of the " + text
}

func naming(rest []byte) string {
	switch rest[0] {
	case ' ':
		return "a space"
	case '\t':
		return "a tab"
	case '\r':
		return "a carriage return"
	case '\v', '\f':
		return quote(rest[:1])
	}
	return quote(word(rest, 0))
}

// word returns the bytes from an offset to the next blank.
func word(line []byte, at int) []byte {
	end := at
	for end < len(line) && !isBlank(line[end]) {
		end++
	}
	return line[at:end]
}

func lineStart(text []byte, at int) int { return bytes.LastIndexByte(text[:at], '\n') + 1 }

// cutLine returns the line at an offset, whether a newline ends it, and the offset of the next one:
// past the end of text when there is none.
func cutLine(text []byte, at int) (line []byte, more bool, next int) {
	if end := bytes.IndexByte(text[at:], '\n'); end >= 0 {
		return text[at : at+end], true, at + end + 1
	}
	return text[at:], false, len(text) + 1
}

func commonPrefix(a, b []byte) int {
	const block = 4096
	n, at := min(len(a), len(b)), 0
	for at+block <= n && bytes.Equal(a[at:at+block], b[at:at+block]) {
		at += block
	}
	for at < n && a[at] == b[at] {
		at++
	}
	return at
}
