package seccomp

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// reader reads the values of a profile and collects all mistakes in them.
type reader struct {
	scanner
	mistakes []error
}

// mistake records a mistake about the key or value that was read last.
func (r *reader) mistake(format string, args ...any) {
	r.mistakes = append(r.mistakes, &Mistake{r.line(r.start), fmt.Sprintf(format, args...)})
}

// end checks that the text ends, and returns what is wrong with it: that it is no JSON, or all mistakes.
func (r *reader) end() error {
	if r.peek() != 0 {
		r.unexpected("after the profile")
	}
	if r.broken != nil {
		return r.broken
	}
	return errors.Join(r.mistakes...)
}

// not records that the next value is not what is wanted, and skips it. A null is skipped in silence, as
// if the key were not there: programs write "args": null.
func (r *reader) not(wanted string) {
	r.skip()
	value := r.data[r.start:r.at]
	if string(value) == "null" || r.broken != nil {
		return
	}
	const room = 40
	if end := bytes.IndexByte(value, '\n'); end >= 0 {
		value = value[:end]
	}
	r.mistake("%s is not %s", value[:min(room, len(value))], wanted)
}

// object calls field for each key of the next value, an object or null. It must read the key's value.
func (r *reader) object(field func(key string)) {
	if r.peek() != '{' {
		r.not("an object")
		return
	}
	var seen []string
	r.at++
	r.each('}', func() {
		key := r.key()
		if slices.Contains(seen, key) {
			r.mistake("%q is given twice", key)
		}
		seen = append(seen, key)
		field(key)
	})
}

// array calls element for each element of the next value, a list or null. It must read the element.
func (r *reader) array(element func()) {
	if r.peek() != '[' {
		r.not("a list")
		return
	}
	r.at++
	r.each(']', element)
}

// string reads a string; it is "" for anything else.
func (r *reader) string() string {
	if r.peek() != '"' {
		r.not("a string")
		return ""
	}
	start := r.at
	text := r.text()
	r.start = start
	return text
}

// strings reads a list of strings.
func (r *reader) strings() []string {
	var list []string
	r.array(func() { list = append(list, r.string()) })
	return list
}

// uint reads a whole number up to most; it is false for anything else.
func (r *reader) uint(most uint64, wanted string) (uint64, bool) {
	c := r.peek()
	start := r.at
	if c >= '0' && c <= '9' {
		n, err := strconv.ParseUint(r.number(), 10, 64)
		r.start = start
		if err == nil && n <= most {
			return n, true
		}
		r.at = start
	}
	r.not(wanted)
	return 0, false
}

// unknown records a key that means nothing and skips its value.
func (r *reader) unknown(key, where string) {
	r.mistake("%q means nothing in %s", key, where)
	r.skip()
}
