package checker

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"

	"pocket/grader"
)

// expression is what an answer is as a regular expression: without the newlines at its end.
func expression(answer []byte) []byte { return bytes.TrimRight(answer, "\r\n") }

// pattern is a regular expression and the offset in the answer at which it stands.
type pattern struct {
	text string
	at   int
}

// patterns are the regular expressions of an answer: one for the whole output, or one for each line.
func patterns(c grader.Compare, answer []byte) []pattern {
	text := expression(answer)
	if !c.EachLine {
		return []pattern{{string(text), 0}}
	}
	var all []pattern
	for at := 0; at <= len(text) && len(text) > 0; {
		line, _, next := cutLine(text, at)
		all = append(all, pattern{string(bytes.TrimSuffix(line, []byte("\r"))), at})
		at = next
	}
	return all
}

// expressible says why an answer is no regular expression, where it must be one.
func expressible(c grader.Compare, answer []byte) error {
	if c.Mode != grader.Regex {
		return nil
	}
	for n, p := range patterns(c, answer) {
		_, err := p.whole(c)
		bad := (*syntax.Error)(nil)
		switch {
		case errors.As(err, &bad):
			return fmt.Errorf("line %d: no regular expression: %s: %s", n+1, bad.Code, quote([]byte(bad.Expr)))
		case err != nil:
			return fmt.Errorf("line %d: no regular expression: %w", n+1, err)
		}
	}
	return nil
}

// whole is a pattern that must match the whole of a text. It is put together from what was understood: written
// around an open \Q, anchors would be quoted.
func (p pattern) whole(c grader.Compare) (*regexp.Regexp, error) {
	flags := syntax.Perl
	if c.IgnoreCase {
		flags |= syntax.FoldCase
	}
	parsed, err := syntax.Parse(p.text, flags)
	if err != nil {
		return nil, err
	}
	return regexp.Compile(`\A(?:` + parsed.String() + `)\z`)
}

// findMismatch finds the first place after which an output cannot be what the answer's expressions match.
func findMismatch(c grader.Compare, output, answer []byte) (spot, bool) {
	output = normal(output)
	all := patterns(c, answer)
	if !c.EachLine {
		re, err := all[0].whole(c)
		if err == nil && re.Match(output) {
			return spot{}, false
		}
		return unmatched(output, all[0], reached(re, output)), true
	}
	next, compiled := 0, map[string]*regexp.Regexp{}
	for _, p := range all {
		// Lines that are missing at the end are blank lines there, which do not count.
		line, start := []byte(nil), len(output)
		if next <= len(output) {
			start = next
			line, _, next = cutLine(output, next)
		}
		re := compiled[p.text]
		if re == nil {
			re, _ = p.whole(c)
			compiled[p.text] = re
		}
		if re == nil || !re.Match(line) {
			return unmatched(output, p, start+reached(re, line)), true
		}
	}
	if next <= len(output) && len(output) > 0 {
		s := unmatched(output, pattern{at: none}, next)
		s.want = "the end of the output"
		return s, true
	}
	return spot{}, false
}

// unmatched describes the offset of an output at which a pattern cannot go on.
func unmatched(output []byte, p pattern, at int) spot {
	shown := quote([]byte(strings.ReplaceAll(p.text, "\n", `\n`)))
	s := spot{want: "what " + shown + " matches", got: standing(output, at), answer: p.at, output: lineStart(output, at)}
	s.line, s.column = place(output, at)
	if len(output) == 0 {
		s.output = none
	}
	return s
}

// reached says at which offset a text that does not match ceases to be the beginning of one that does; it is
// the text's length where only something is missing at its end.
func reached(re *regexp.Regexp, text []byte) int {
	if re == nil {
		return 0
	}
	parsed, err := syntax.Parse(re.String(), syntax.Perl)
	if err != nil {
		return 0
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return 0
	}
	return reach(program, text)
}

// matchesWithin says whether a part of an output matches.
func matchesWithin(c grader.Compare, output, answer []byte) bool {
	if c.EachLine || len(expression(answer)) == 0 {
		return false
	}
	re, err := regexp.Compile(string(expression(answer)))
	if err != nil {
		return false
	}
	found := re.FindIndex(normal(output))
	return found != nil && found[1] > found[0]
}
