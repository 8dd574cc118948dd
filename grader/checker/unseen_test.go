package checker

import (
	"strings"
	"testing"

	"pocket/grader"
)

// What cannot be seen is named, where it is, and what would have passed.
func TestUnseen(t *testing.T) {
	for _, test := range []struct {
		mode                 grader.Mode
		output, answer, note string
		hint                 bool
	}{
		{"lines", "a b\u00a0c\n", "a b c\n", "line 1 of the output has a no-break space (U+00A0) at column 4", true},
		{"lines", "x\nto\u200btal: 5\n", "x\ntotal: 5\n", "line 2 of the output has a zero width space (U+200B) at column 3", true},
		{"tokens", "1\u202f000\n", "1 000\n", "line 1 of the output has a narrow no-break space (U+202F) at column 2", true},
		{"exact", "\ufeffa\n", "a\n", "line 1 of the output has a byte order mark (U+FEFF) at column 1", false},
		{"lines", "\u22125\n", "-5\n", "line 1 of the output has − (U+2212), which is not - (U+002D), at column 1", false},
		{"lines", "\uff15\n", "5\n", "line 1 of the output has ５ (U+FF15), which is not 5 (U+0035), at column 1", false},
		{"lines", "\u0441at\n", "cat\n", "line 1 of the output has с (U+0441), which is not c (U+0063), at column 1", false},
		{"lines", "cafe\u0301\n", "café\n", "line 1 of the output has a combining mark (U+0301) at column 5", false},
		{"lines", "a b\n", "a\u00a0b\n", "line 1 of the answer has a no-break space (U+00A0) at column 2", false},
		{"lines", "a\x1b[1mb\n", "ab\n", "line 1 of the output has an escape character (U+001B) at column 2", false},
		{"lines", "a\xff\n", "a\n", "line 1 of the output has a byte that is not UTF-8 (0xff) at column 2", false},
		{"lines", "a\rb\n", "ab\n", "line 1 of the output has a carriage return (U+000D) at column 2", false},
		{"numbers", "1\u00a0\n", "1\n", "line 1 of the output has a no-break space (U+00A0) at column 2", true},
		{"unordered", "a\u00a0b\n", "a b\n", "", true},
		{"lines", "é à b\n", "é à c\n", "", false},
		{"lines", "a\u00a0b\n", "a\u00a0c\n", "", false},
		{"lines", "a\n", "b\n", "", false},
	} {
		f := Check(grader.Compare{Mode: test.mode}, []byte(test.output), []byte(test.answer))
		_, note, _ := strings.Cut(f.Difference, "\n\\ ")
		if strings.TrimSuffix(note, "\n") != test.note {
			t.Errorf("%s %q for %q: %q, want %q", test.mode, test.output, test.answer, note, test.note)
		}
		if got := f.Hint == "AC with ordinary spaces, and without characters that cannot be seen"; got != test.hint {
			t.Errorf("%s %q for %q: would pass: %q", test.mode, test.output, test.answer, f.Hint)
		}
	}
}
