package checker

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"pocket/grader"
)

// token is a run of bytes without white space.
type token struct {
	text  []byte // empty at the end
	start int
}

func nextToken(text []byte, at int) token {
	for at < len(text) && isBlank(text[at]) {
		at++
	}
	return token{word(text, at), at}
}

func (t token) end() int { return t.start + len(t.text) }

// findToken finds the first token that differs, as tokens or numbers.
func findToken(c grader.Compare, output, answer []byte) (spot, bool) {
	got, want := nextToken(output, 0), nextToken(answer, 0)
	for len(got.text) > 0 || len(want.text) > 0 {
		if !sameToken(c, got.text, want.text) {
			return differingToken(c, output, answer, got, want), true
		}
		got, want = nextToken(output, got.end()), nextToken(answer, want.end())
	}
	return spot{}, false
}

// sameToken reports whether a token of the output is what the answer wants. An empty token stands for
// the end and equals only itself.
func sameToken(c grader.Compare, got, want []byte) bool {
	if bytes.Equal(got, want) {
		return true
	}
	if len(got) == 0 || len(want) == 0 {
		return false
	}
	if c.Mode == grader.Numbers {
		if isNumber(want) {
			return isNumber(got) && within(c, got, want)
		}
		if sameWord(got, want) {
			return true
		}
	}
	return c.IgnoreCase && equalFold(got, want)
}

// equalFold is bytes.EqualFold, except that it does not take any two invalid bytes for the same letter.
func equalFold(a, b []byte) bool {
	if utf8.Valid(a) && utf8.Valid(b) {
		return bytes.EqualFold(a, b)
	}
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		return b + 'a' - 'A'
	}
	return b
}

func differingToken(c grader.Compare, output, answer []byte, got, want token) spot {
	s := spot{
		line:   1 + bytes.Count(output[:got.start], []byte("\n")),
		column: 1 + utf8.RuneCount(output[lineStart(output, got.start):got.start]),
		output: tokenLine(output, got),
		answer: tokenLine(answer, want),
	}
	s.want, s.got = tokenPhrase(want, answer), tokenPhrase(got, output)
	if c.Mode != grader.Numbers || !isNumber(want.text) {
		return cutTogether(s, got, want)
	}
	if isNumber(got.text) {
		s.got += fmt.Sprintf(" (off by %.3g)", distance(got.text, want.text))
		return s
	}
	s.want = "the number " + s.want
	return s
}

// cutTogether lets two long tokens that begin alike be quoted from where they differ.
func cutTogether(s spot, got, want token) spot {
	at := commonPrefix(got.text, want.text)
	if at < quoted/2 || len(got.text) == 0 || len(want.text) == 0 {
		return s
	}
	for !utf8.RuneStart(want.text[min(at, len(want.text)-1)]) && at > 0 {
		at--
	}
	s.column += utf8.RuneCount(got.text[:at])
	s.want, s.got = rest(want.text[at:]), rest(got.text[at:])
	return s
}

func rest(text []byte) string {
	if len(text) == 0 {
		return "the end of the word"
	}
	return quote(text)
}

func tokenPhrase(t token, text []byte) string {
	switch {
	case len(t.text) > 0:
		return quote(t.text)
	case len(text) == 0:
		return "an empty output"
	}
	return "the end of the output"
}

// tokenLine returns the offset of the token's line.
func tokenLine(text []byte, t token) int {
	if len(t.text) == 0 {
		return none
	}
	return lineStart(text, t.start)
}
