package checker

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Visible writes text so that nothing in it is invisible and nothing acts on a terminal: tab →, spaces
// at a line's end ·, carriage return ␍, no-break space ⍽, ESC ␛, other control characters and bytes that
// are not UTF-8 \xNN, characters that cannot be seen or that turn the direction of writing \uNNNN. Lines
// stay lines.
func Visible(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for line := range strings.Lines(s) {
		content := strings.TrimSuffix(line, "\n")
		head := strings.TrimRight(content, " \t\r")
		writeVisible(&b, head)
		for _, r := range content[len(head):] {
			if r == ' ' {
				r = '·'
			} else {
				r = symbols[r]
			}
			b.WriteRune(r)
		}
		b.WriteString(line[len(content):])
	}
	return b.String()
}

var symbols = map[rune]rune{'\t': '→', '\r': '␍', '\u00a0': '⍽', '\x1b': '␛'}

func writeVisible(b *strings.Builder, s string) {
	for i, r := range s {
		symbol, ok := symbols[r]
		switch {
		case ok:
			b.WriteRune(symbol)
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\ufffd"):
			fmt.Fprintf(b, `\x%02x`, s[i])
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r < 0x80:
			fmt.Fprintf(b, `\x%02x`, r)
		case r <= 0xffff:
			fmt.Fprintf(b, `\u%04x`, r)
		default:
			fmt.Fprintf(b, `\U%08x`, r)
		}
	}
}

// quoted is how many bytes of a word are shown in one line of prose.
const quoted = 48

func quote(text []byte) string {
	cut := clip(text, 0, quoted)
	return `"` + Visible(string(cut)) + `"` + strings.Repeat("…", min(1, len(text)-len(cut)))
}

// clip returns about n bytes of text from an offset, whole characters as far as it is UTF-8.
func clip(text []byte, from, n int) []byte {
	end := min(len(text), from+n)
	for i := 0; i < utf8.UTFMax && end < len(text) && end > from && !utf8.RuneStart(text[end]); i++ {
		end--
	}
	return text[from:end]
}

// around writes a line for a diff: the whole of it, or, when it is long, the part around an offset.
func around(line []byte, at int) string {
	const before, width = 60, 160
	if len(line) <= width {
		return Visible(string(line))
	}
	from := max(0, min(at-before, len(line)-width))
	for i := 0; i < utf8.UTFMax && from > 0 && !utf8.RuneStart(line[from]); i++ {
		from--
	}
	piece := clip(line, from, width)
	var b bytes.Buffer
	if from > 0 {
		b.WriteString("…")
	}
	b.Write(piece)
	if from+len(piece) < len(line) {
		b.WriteString("…")
	}
	return Visible(b.String())
}
