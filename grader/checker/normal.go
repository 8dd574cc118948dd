package checker

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// normal is a text as Lines sees it: without blanks at the ends of lines and blank lines at the end. It has
// the same lines, and in them the same columns. What is so already is not copied.
func normal(text []byte) []byte {
	text = trimRight(text)
	if !ragged(text) {
		return text
	}
	made := make([]byte, 0, len(text))
	for at := 0; at <= len(text); {
		line, more, next := cutLine(text, at)
		made = append(made, trimRight(line)...)
		if more {
			made = append(made, '\n')
		}
		at = next
	}
	return made
}

// ragged says whether a line that a newline ends has blanks at its end.
func ragged(text []byte) bool {
	for at := 0; ; {
		newline := bytes.IndexByte(text[at:], '\n')
		if newline < 0 {
			return false
		}
		if newline > 0 && isBlank(text[at+newline-1]) {
			return true
		}
		at += newline + 1
	}
}

// squeeze is a text with a single space between the words of a line and none around them.
func squeeze(text []byte) []byte {
	made := make([]byte, 0, len(text))
	for at := 0; at < len(text); {
		line, more, next := cutLine(text, at)
		for t := nextToken(line, 0); len(t.text) > 0; t = nextToken(line, t.end()) {
			if n := len(made); n > 0 && made[n-1] != '\n' {
				made = append(made, ' ')
			}
			made = append(made, t.text...)
		}
		if more {
			made = append(made, '\n')
		}
		at = next
	}
	return made
}

// fold is a text in which letters that differ in case only are the same: each is the least of those that
// Unicode's simple case folding takes for one. It has as many characters; bytes that are not UTF-8 stay.
func fold(text []byte) []byte {
	made := make([]byte, 0, len(text))
	for at := 0; at < len(text); {
		if b := text[at]; b < utf8.RuneSelf && b != 'k' && b != 's' {
			if 'a' <= b && b <= 'z' {
				b -= 'a' - 'A'
			}
			made = append(made, b)
			at++
			continue
		}
		r, n := utf8.DecodeRune(text[at:])
		if r == utf8.RuneError && n == 1 {
			made = append(made, text[at])
		} else {
			made = utf8.AppendRune(made, least(r))
		}
		at += n
	}
	return made
}

func least(r rune) rune {
	first := r
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		first = min(first, other)
	}
	return first
}

// unfold is the offset in a text of the place that has this offset in what fold made of it.
func unfold(text, folded []byte, at int) int {
	count, offset := utf8.RuneCount(folded[:at]), 0
	for range count {
		_, n := utf8.DecodeRune(text[offset:])
		offset += n
	}
	return offset
}

// place is the line and column of an offset in a text.
func place(text []byte, at int) (line, column int) {
	start := lineStart(text, at)
	return 1 + bytes.Count(text[:start], []byte("\n")), 1 + utf8.RuneCount(text[start:at])
}

// standing says what stands at an offset of a text that is normal.
func standing(text []byte, at int) string {
	switch {
	case at < len(text) && text[at] == '\n' && at == lineStart(text, at):
		return "an empty line"
	case at < len(text) && text[at] == '\n':
		return "the end of the line"
	case at < len(text):
		return naming(text[at:])
	case len(text) == 0:
		return "an empty output"
	}
	return "the end of the output"
}
