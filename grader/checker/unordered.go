package checker

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"pocket/grader"
)

// lineup is the lines of a text that are not blank.
type lineup struct {
	text   []byte
	starts []int // their offsets
}

// lineUp lists the lines from an offset on, sorted by content and, of equal ones, by their place.
func lineUp(text []byte, from int) lineup {
	l := lineup{text: text}
	for at := from; at < len(text); {
		line, _, next := cutLine(text, at)
		if len(trimRight(line)) > 0 {
			l.starts = append(l.starts, at)
		}
		at = next
	}
	slices.SortFunc(l.starts, func(a, b int) int {
		return cmp.Or(bytes.Compare(l.line(a), l.line(b)), cmp.Compare(a, b))
	})
	return l
}

// line is the line at an offset, without the blanks at its end.
func (l lineup) line(at int) []byte {
	line, _, _ := cutLine(l.text, at)
	return trimRight(line)
}

// strays returns the lines of the output and of the answer that the other one does not have, or not as
// often: their offsets, in their order.
func strays(c grader.Compare, output, answer []byte) (surplus, missing []int) {
	if c.IgnoreCase {
		folded := [2][]byte{fold(output), fold(answer)}
		surplus, missing = strays(grader.Compare{}, folded[0], folded[1])
		return unfoldLines(output, folded[0], surplus), unfoldLines(answer, folded[1], missing)
	}
	from := lineStart(output, commonPrefix(output, answer)) // what is the same in both needs no sorting
	got, want := lineUp(output, from), lineUp(answer, from)
	o, a := 0, 0
	for o < len(got.starts) || a < len(want.starts) {
		order := 1
		switch {
		case a == len(want.starts):
			order = -1
		case o < len(got.starts):
			order = bytes.Compare(got.line(got.starts[o]), want.line(want.starts[a]))
		}
		if order < 0 {
			surplus = append(surplus, got.starts[o])
		}
		if order > 0 {
			missing = append(missing, want.starts[a])
		}
		if order <= 0 {
			o++
		}
		if order >= 0 {
			a++
		}
	}
	slices.Sort(surplus)
	slices.Sort(missing)
	return surplus, missing
}

// unfoldLines returns the offsets in a text of the lines that have these offsets, in order, in what fold made
// of it: there are as many lines.
func unfoldLines(text, folded []byte, starts []int) []int {
	at, t, f := 0, 0, 0
	for ; at < len(starts); _, _, t = cutLine(text, t) {
		if f == starts[at] {
			starts[at] = t
			at++
		}
		_, _, f = cutLine(folded, f)
	}
	return starts
}

// findStray finds the first line of an output that the answer does not have, or else the first that the
// output lacks.
func findStray(c grader.Compare, output, answer []byte) (spot, bool) {
	surplus, missing := strays(c, output, answer)
	var s spot
	switch {
	case len(surplus) > 0:
		s.output, s.answer = surplus[0], none
		s.got, s.want = quoteLine(output, surplus[0]), "no further line"
		if len(missing) > 0 {
			s.want, s.answer = "another line, such as "+quoteLine(answer, missing[0]), missing[0]
		}
		s.line, s.column = place(output, surplus[0])
	case len(missing) > 0:
		s.output, s.answer = none, missing[0]
		s.want, s.got = quoteLine(answer, missing[0])+" in some line", standing(trimRight(output), len(trimRight(output)))
		s.line, s.column = place(output, len(trimRight(output)))
	default:
		return spot{}, false
	}
	return s, true
}

func quoteLine(text []byte, at int) string { return quote(lineup{text: text}.line(at)) }

// strayLines writes the lines that only one of both texts has, each with its number there.
func strayLines(c grader.Compare, output, answer []byte) string {
	surplus, missing := strays(c, output, answer)
	var b bytes.Buffer
	b.WriteString("--- expected\n+++ got\n")
	write := func(text []byte, starts []int, header, mark string) {
		for _, at := range starts[:min(len(starts), shown/2)] {
			number, _ := place(text, at)
			line, _, _ := cutLine(text, at)
			fmt.Fprintf(&b, header+"%s%s\n", number, mark, around(line, 0))
		}
	}
	write(answer, missing, "@@ -%d +0,0 @@\n", "-")
	write(output, surplus, "@@ -0,0 +%d @@\n", "+")
	if len(missing) > shown/2 || len(surplus) > shown/2 {
		fmt.Fprintf(&b, "\\ cut here: %d lines missing, %d too many\n", len(missing), len(surplus))
	}
	return b.String()
}
