package checker

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"strconv"
	"strings"

	"github.com/pmezard/go-difflib/difflib"

	"pocket/grader"
)

const (
	context = 3  // lines shown around what differs
	shown   = 40 // lines looked at from the first that differs on
)

// difference writes a unified diff of the lines around the first difference. Only an excerpt of both
// texts is compared, because difflib's time grows with the square of the number of lines.
func difference(c grader.Compare, output, answer []byte, s spot) string {
	if c.Mode == grader.Unordered {
		return strayLines(c, output, answer)
	}
	switch c.Mode {
	case grader.Exact:
	case grader.Regex:
		output, answer = trimLines(output), expression(answer) // a blank is something to match
	default:
		output, answer = trimLines(output), trimLines(answer)
	}
	want, got := excerptOf(answer, s.answer), excerptOf(output, s.output)
	w := &diffWriter{want: want, got: got, newlines: c.Mode == grader.Exact}
	w.WriteString("--- expected\n+++ got\n")
	groups := difflib.NewMatcher(keys(c, want, got)).GetGroupedOpCodes(context)
	for _, group := range groups {
		w.group(group)
	}
	if len(groups) == 0 {
		w.group([]difflib.OpCode{w.pair()})
	}
	if want.rest > 0 || got.rest > 0 {
		fmt.Fprintf(w, "\\ cut here: %d more bytes expected, %d more got\n", want.rest, got.rest)
	}
	return w.String()
}

// trimLines returns text without the blank lines at its end.
func trimLines(text []byte) []byte {
	end := len(trimRight(text))
	if end == 0 {
		return nil
	}
	if newline := bytes.IndexByte(text[end:], '\n'); newline >= 0 {
		return text[:end+newline]
	}
	return text
}

// excerpt is some lines of a text.
type excerpt struct {
	lines []line
	first int // the first line's number, from 0
	spot  int // the index in lines of the line that differs; len(lines) when there is none
	rest  int // how many bytes follow in the text
}

type line struct {
	text  []byte
	ended bool // by a newline
}

// excerptOf takes the lines around the one at the offset at, or around the end.
func excerptOf(text []byte, at int) excerpt {
	var e excerpt
	at = min(at, len(text))
	from := at
	for e.spot < context && from > 0 {
		end := from
		if text[end-1] == '\n' {
			end--
		}
		from = lineStart(text, end)
		e.spot++
	}
	e.first = bytes.Count(text[:from], []byte("\n"))
	for from < len(text) && len(e.lines) < e.spot+shown {
		l, ended, next := cutLine(text, from)
		e.lines = append(e.lines, line{l, ended})
		from = next
	}
	e.rest = max(0, len(text)-from)
	return e
}

// keys gives each line a string such that two lines are the same to the comparison when their strings
// are.
func keys(c grader.Compare, want, got excerpt) (a, b []string) {
	seed := maphash.MakeSeed()
	for _, l := range want.lines {
		a = append(a, key(c, l, seed))
	}
	for i, l := range got.lines {
		k := key(c, l, seed)
		if i < len(a) && (c.Mode == grader.Numbers || c.Mode == grader.Regex && c.EachLine) && passes(c, l.text, want.lines[i].text) {
			k = a[i]
		}
		b = append(b, k)
	}
	return a, b
}

func key(c grader.Compare, l line, seed maphash.Seed) string {
	text := l.text
	if c.Mode != grader.Exact {
		text = trimRight(text)
	}
	const long = 1024
	if len(text) > long {
		return strconv.FormatUint(maphash.Bytes(seed, text), 16) + strconv.FormatBool(l.ended && c.Mode == grader.Exact)
	}
	switch c.Mode {
	case grader.Exact:
		return string(text) + strconv.FormatBool(l.ended)
	case grader.Lines, grader.Regex:
		return string(text)
	case grader.Contains:
		if c.IgnoreCase {
			return string(fold(text))
		}
		return string(text)
	}
	words := bytes.FieldsFunc(text, func(r rune) bool { return r < 0x80 && isBlank(byte(r)) })
	k := string(bytes.Join(words, []byte(" ")))
	if c.IgnoreCase {
		k = strings.ToLower(k)
	}
	return k
}

// diffWriter writes groups of changes between two excerpts.
type diffWriter struct {
	strings.Builder
	want, got excerpt
	newlines  bool // say where a newline is missing at the end
}

func (w *diffWriter) group(codes []difflib.OpCode) {
	first, last := codes[0], codes[len(codes)-1]
	fmt.Fprintf(w, "@@ -%s +%s @@\n", span(w.want.first+first.I1, last.I2-first.I1),
		span(w.got.first+first.J1, last.J2-first.J1))
	for _, code := range codes {
		if code.Tag == 'e' {
			for _, l := range w.want.lines[code.I1:code.I2] {
				w.line(" ", l, line{})
			}
			continue
		}
		for i := code.I1; i < code.I2; i++ {
			w.line("-", w.want.lines[i], partner(w.got.lines[code.J1:code.J2], i-code.I1))
		}
		for j := code.J1; j < code.J2; j++ {
			w.line("+", w.got.lines[j], partner(w.want.lines[code.I1:code.I2], j-code.J1))
		}
	}
}

// line writes one line; a long one is cut around its first difference from its partner.
func (w *diffWriter) line(mark string, l, partner line) {
	w.WriteString(mark + around(l.text, commonPrefix(l.text, partner.text)) + "\n")
	if !l.ended && w.newlines {
		w.WriteString("\\ no newline at the end\n")
	}
}

// pair is the change of the two lines that differ, for texts that differ in their tokens while the
// lines around look alike: the same lines at different places.
func (w *diffWriter) pair() difflib.OpCode {
	i, j := w.want.spot, w.got.spot
	return difflib.OpCode{Tag: 'r', I1: i, I2: min(i+1, len(w.want.lines)), J1: j, J2: min(j+1, len(w.got.lines))}
}

func partner(lines []line, i int) line {
	if i < len(lines) {
		return lines[i]
	}
	return line{}
}

// span writes a range of lines as diff(1) does: an empty one is named by the line before it.
func span(start, n int) string {
	switch n {
	case 0:
		return fmt.Sprintf("%d,0", start)
	case 1:
		return strconv.Itoa(start + 1)
	}
	return fmt.Sprintf("%d,%d", start+1, n)
}
