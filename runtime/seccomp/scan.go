package seccomp

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Mistake is one mistake in a profile.
type Mistake struct {
	Line int // from 1
	What string
}

func (m *Mistake) Error() string { return fmt.Sprintf("line %d: %s", m.Line, m.What) }

const maxDepth = 100 // of objects and lists within each other

// scanner reads the tokens of a JSON text (RFC 8259). It is our own because the built-in profiles are
// read at each start of a program that promises to start within milliseconds, and encoding/json takes
// ten times as long; and because it keeps the line of each value, for mistakes.
type scanner struct {
	data   []byte
	at     int      // of what comes next
	start  int      // of the value or key that was read last
	depth  int      // of objects and lists that are open
	broken *Mistake // the first thing that is not JSON; nothing can be read after it
}

// line returns the line of an offset.
func (s *scanner) line(offset int) int { return 1 + bytes.Count(s.data[:offset], []byte("\n")) }

// fail ends the reading: the text is no JSON from here on.
func (s *scanner) fail(what string) {
	if s.broken == nil {
		s.broken = &Mistake{s.line(s.at), "not JSON: " + what}
	}
	s.at = len(s.data)
}

// peek skips white space and returns the next byte, or 0 at the end.
func (s *scanner) peek() byte {
	for s.at < len(s.data) {
		switch c := s.data[s.at]; c {
		case ' ', '\t', '\r', '\n':
			s.at++
		case 0: // not to be taken for the end
			return 1
		default:
			return c
		}
	}
	return 0
}

// take reads one byte if it is the next one.
func (s *scanner) take(c byte) bool {
	if s.peek() != c {
		return false
	}
	s.at++
	return true
}

// expect reads a byte that must come next.
func (s *scanner) expect(c byte) {
	if !s.take(c) {
		s.unexpected(fmt.Sprintf("where %q should be", c))
	}
}

func (s *scanner) unexpected(where string) {
	if s.peek() == 0 {
		s.fail("unexpected end " + where)
		return
	}
	r, _ := utf8.DecodeRune(s.data[s.at:])
	s.fail(fmt.Sprintf("unexpected %q %s", r, where))
}

// each reads the elements between an opening bracket, which has been read, and the closing one.
func (s *scanner) each(closing byte, element func()) {
	s.depth++
	if s.depth > maxDepth {
		s.fail("too many brackets")
	}
	if !s.take(closing) {
		element()
		for s.take(',') {
			element()
		}
		s.expect(closing)
	}
	s.depth--
}

// skip reads any value.
func (s *scanner) skip() {
	c := s.peek()
	s.start = s.at
	start := s.at
	switch {
	case c == '{':
		s.at++
		s.each('}', func() { s.key(); s.skip() })
	case c == '[':
		s.at++
		s.each(']', s.skip)
	case c == '"':
		s.text()
	case c == '-' || c >= '0' && c <= '9':
		s.number()
	case !s.word("null") && !s.word("true") && !s.word("false"):
		s.unexpected("where a value should be")
	}
	s.start = start
}

// key reads an object's key and the colon after it.
func (s *scanner) key() string {
	if s.peek() != '"' {
		s.unexpected("where a key should be")
		return ""
	}
	start := s.at
	key := s.text()
	s.expect(':')
	s.start = start
	return key
}

func (s *scanner) word(w string) bool {
	if !bytes.HasPrefix(s.data[s.at:], []byte(w)) {
		return false
	}
	s.at += len(w)
	return true
}

// number reads a number and returns it as it is written.
func (s *scanner) number() string {
	start := s.at
	s.one("-")
	if !s.one("0") && !s.digits() {
		s.unexpected("in a number")
		return ""
	}
	if s.one(".") && !s.digits() {
		s.unexpected("in a number")
		return ""
	}
	if s.one("eE") {
		s.one("+-")
		if !s.digits() {
			s.unexpected("in a number")
			return ""
		}
	}
	return string(s.data[start:s.at])
}

// one reads one byte of a set, without skipping white space.
func (s *scanner) one(set string) bool {
	if s.at == len(s.data) || bytes.IndexByte([]byte(set), s.data[s.at]) < 0 {
		return false
	}
	s.at++
	return true
}

func (s *scanner) digits() bool {
	start := s.at
	for s.one("0123456789") {
	}
	return s.at > start
}

// text reads a string, whose quotation mark comes next.
func (s *scanner) text() string {
	s.at++
	start := s.at
	var decoded []byte
	for s.at < len(s.data) {
		switch c := s.data[s.at]; {
		case c == '"':
			s.at++
			return string(append(decoded, s.data[start:s.at-1]...))
		case c == '\\':
			decoded = append(decoded, s.data[start:s.at]...)
			decoded = s.escape(decoded)
			start = s.at
		case c < ' ':
			s.fail("a control character in a string")
		default:
			s.at++
		}
	}
	s.fail("a string without an end")
	return ""
}

// escape reads an escape sequence and appends what it stands for.
func (s *scanner) escape(to []byte) []byte {
	const from, into = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	s.at++
	if i := bytes.IndexByte([]byte(from), s.next()); i >= 0 {
		s.at++
		return append(to, into[i])
	}
	r, ok := s.hex()
	if !ok {
		s.fail("an unknown escape in a string")
		return to
	}
	if utf16.IsSurrogate(r) && s.next() == '\\' {
		mark := s.at
		s.at++
		if low, ok := s.hex(); ok && utf16.DecodeRune(r, low) != utf8.RuneError {
			return utf8.AppendRune(to, utf16.DecodeRune(r, low))
		}
		s.at = mark
	}
	return utf8.AppendRune(to, r)
}

// next returns the next byte without skipping white space, 0 at the end.
func (s *scanner) next() byte {
	if s.at == len(s.data) {
		return 0
	}
	return s.data[s.at]
}

// hex reads u and four hexadecimal digits.
func (s *scanner) hex() (rune, bool) {
	if s.next() != 'u' || len(s.data)-s.at < 5 {
		return 0, false
	}
	n, err := strconv.ParseUint(string(s.data[s.at+1:s.at+5]), 16, 32)
	if err != nil {
		return 0, false
	}
	s.at += 5
	return rune(n), true
}
