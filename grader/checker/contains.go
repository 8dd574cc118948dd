package checker

import (
	"bytes"
	"sort"
	"unicode/utf8"

	"pocket/grader"
)

// findMissing finds where an output that does not contain the answer comes nearest to it: where the longest
// beginning of the answer that it does contain first ends.
func findMissing(c grader.Compare, output, answer []byte) (spot, bool) {
	output, answer = normal(output), normal(answer)
	got, want := output, answer
	if c.IgnoreCase {
		got, want = fold(output), fold(answer)
	}
	if bytes.Contains(got, want) {
		return spot{}, false
	}
	// What is contained has beginnings that are contained too, so the longest can be searched for.
	matched := sort.Search(len(want), func(n int) bool { return !bytes.Contains(got, want[:n+1]) })
	from := bytes.Index(got, want[:matched])
	if begin := wordBegin(want, matched); !bytes.Equal(word(want, begin), word(got, from+begin)) {
		matched = begin
	}
	at := from + matched
	if c.IgnoreCase {
		at, matched = unfold(output, got, at), unfold(answer, want, matched)
	}
	s := spot{want: standing(answer, matched), got: standing(output, at), answer: lineStart(answer, matched), output: lineStart(output, at)}
	if matched == 0 {
		s.want += " somewhere"
	}
	s.line, s.column = place(output, at)
	return s, true
}

// wordBegin goes back to the beginning of the word or of the character at an offset, so that it can be quoted.
func wordBegin(text []byte, at int) int {
	begin := at
	for begin > 0 && at-begin < quoted/2 && !isBlank(text[begin-1]) {
		begin--
	}
	if begin > 0 && !isBlank(text[begin-1]) {
		begin = at
	}
	for begin > 0 && begin < len(text) && !utf8.RuneStart(text[begin]) {
		begin--
	}
	return begin
}
