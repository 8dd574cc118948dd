package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable writes text so that nothing in it acts on a terminal: control characters, characters that
// cannot be seen or that turn the direction of writing, and bytes that are not UTF-8 become \xNN or
// \uNNNN. Lines stay lines and tabs stay tabs.
func Printable(s string) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\ufffd"):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case unicode.IsPrint(r) || r == '\n' || r == '\t':
			b.WriteRune(r)
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	return b.String()
}

// line is Printable for what must stay on one line and in its column.
func line(s string) string {
	return oneLine.Replace(Printable(s))
}

var oneLine = strings.NewReplacer("\n", `\n`, "\t", `\t`)

// plain says that a text is printable as it is, as nearly every one of a class's many thousands is.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c >= 0x7f || c < ' ' && c != '\n' && c != '\t' {
			return false
		}
	}
	return true
}

// shorten keeps the first lines of a text, each no longer than what a terminal shows, and says what it
// left out.
func shorten(s string, lines, width int) string {
	var b strings.Builder
	n := 0
	for l := range strings.Lines(s) {
		if n == lines {
			fmt.Fprintf(&b, "… (%d more lines)\n", strings.Count(strings.TrimSuffix(s, "\n"), "\n")+1-lines)
			break
		}
		n++
		l = strings.TrimSuffix(l, "\n")
		if cut := truncate(l, width); cut != l {
			l = fmt.Sprintf("%s… (%d more bytes)", cut, len(l)-len(cut))
		}
		b.WriteString(Printable(l) + "\n")
	}
	return b.String()
}

// truncate cuts s to at most n bytes, whole characters as far as it is UTF-8.
func truncate(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for i := 0; i < utf8.UTFMax && n > 0 && !utf8.RuneStart(s[n]); i++ {
		n--
	}
	return s[:n]
}

// end keeps the last lines of a text.
func end(s string, lines int) string {
	all := strings.Split(strings.TrimRight(s, "\n"), "\n")
	if len(all) > lines {
		all = append([]string{fmt.Sprintf("… (%d lines before)", len(all)-lines)}, all[len(all)-lines:]...)
	}
	return strings.Join(all, "\n")
}
