package checker

import (
	"bytes"
	"cmp"
	"fmt"
	"hash/maphash"
	"slices"

	"pocket/grader"
)

// entry is a line that is not blank.
type entry struct {
	sum   uint64 // of its content
	start int    // its offset
}

// lineUp lists the lines from an offset on, sorted so that equal ones stand together, in their order.
func lineUp(seed maphash.Seed, text []byte, from int) []entry {
	var all []entry
	for at := from; at < len(text); {
		line, _, next := cutLine(text, at)
		if line = trimRight(line); len(line) > 0 {
			all = append(all, entry{maphash.Bytes(seed, line), at})
		}
		at = next
	}
	slices.SortFunc(all, func(a, b entry) int { return cmp.Or(cmp.Compare(a.sum, b.sum), cmp.Compare(a.start, b.start)) })
	return all
}

// lineAt is the line at an offset, without the blanks at its end.
func lineAt(text []byte, at int) []byte {
	line, _, _ := cutLine(text, at)
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
	for same := false; !same; { // other than once in 2^64 lines or so, once
		surplus, missing, same = pairUp(maphash.MakeSeed(), output, answer)
	}
	slices.Sort(surplus)
	slices.Sort(missing)
	return surplus, missing
}

// pairUp pairs the lines of both texts by their sums and returns those that are left over. It is no good when
// lines with the same sum are not the same.
func pairUp(seed maphash.Seed, output, answer []byte) (surplus, missing []int, good bool) {
	from := lineStart(output, commonPrefix(output, answer)) // what is the same in both needs no sorting
	got, want := lineUp(seed, output, from), lineUp(seed, answer, from)
	for len(got) > 0 || len(want) > 0 {
		switch {
		case len(want) == 0 || len(got) > 0 && got[0].sum < want[0].sum:
			surplus, got = append(surplus, got[0].start), got[1:]
		case len(got) == 0 || got[0].sum > want[0].sum:
			missing, want = append(missing, want[0].start), want[1:]
		default:
			if !bytes.Equal(lineAt(output, got[0].start), lineAt(answer, want[0].start)) {
				return nil, nil, false
			}
			got, want = got[1:], want[1:]
		}
	}
	return surplus, missing, true
}

// sameLines says whether two texts have the same lines. That they do not is mostly found out without sorting.
func sameLines(c grader.Compare, output, answer []byte) bool {
	if c.IgnoreCase {
		output, answer = fold(output), fold(answer)
	}
	seed := maphash.MakeSeed()
	if digest(seed, output) != digest(seed, answer) {
		return false
	}
	surplus, missing := strays(grader.Compare{}, output, answer)
	return len(surplus) == 0 && len(missing) == 0
}

// digest is the same for texts with the same lines in whatever order.
func digest(seed maphash.Seed, text []byte) (sum uint64) {
	for at := 0; at < len(text); {
		line, _, next := cutLine(text, at)
		if line = trimRight(line); len(line) > 0 {
			sum += maphash.Bytes(seed, line)
		}
		at = next
	}
	return sum
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

func quoteLine(text []byte, at int) string { return quote(lineAt(text, at)) }

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
