package checker

import (
	"bytes"
	"fmt"
	"strings"
)

// findLayout finds the first white space between words that is not the answer's, in two texts with as many
// words. Blanks at the ends of lines and what follows the last word do not count.
func findLayout(output, answer []byte) (spot, bool) {
	o, a := 0, 0
	for {
		got, want := nextToken(output, o), nextToken(answer, a)
		if len(got.text) == 0 || len(want.text) == 0 {
			return spot{}, false
		}
		mine, theirs := gapOf(output[o:got.start]), gapOf(answer[a:want.start])
		if mine.newlines != theirs.newlines || !bytes.Equal(mine.blanks, theirs.blanks) {
			s := spot{want: theirs.String(), got: mine.String(), answer: lineStart(answer, want.start), output: lineStart(output, got.start)}
			s.line, s.column = place(output, o)
			return s, true
		}
		o, a = got.end(), want.end()
	}
}

// gap is the white space before a word.
type gap struct {
	newlines int
	blanks   []byte // after the last newline
}

func gapOf(space []byte) gap {
	return gap{bytes.Count(space, []byte("\n")), space[bytes.LastIndexByte(space, '\n')+1:]}
}

func (g gap) String() string {
	var parts []string
	switch g.newlines {
	case 0:
	case 1:
		parts = append(parts, "a new line")
	default:
		parts = append(parts, fmt.Sprintf("%d new lines", g.newlines))
	}
	switch len(g.blanks) {
	case 0:
	case 1:
		parts = append(parts, naming(g.blanks))
	default:
		parts = append(parts, fmt.Sprintf("%d blanks", len(g.blanks)))
	}
	if len(parts) == 0 {
		return "no white space"
	}
	return strings.Join(parts, " and ")
}
