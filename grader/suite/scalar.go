package suite

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// text reads a string, which YAML must take for one.
func (v value) text() (string, bool) {
	n := v.real()
	switch {
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str":
		return n.Value, true
	case n.Kind != yaml.ScalarNode || v.isNull():
		v.wrong("must be text, not %s", v.shown())
	case strings.HasPrefix(n.ShortTag(), "!!") && n.ShortTag() != "!!binary":
		v.wrong("must be text, but YAML takes %s for something else (put it in quotes)", v.shown())
	default:
		v.wrong("the tag %s is not supported", n.ShortTag())
	}
	return "", false
}

// word reads a string as it is written, which may look like a number.
func (v value) word() (string, bool) {
	n := v.real()
	text := n.Value
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" && n.ShortTag() != "!!float" {
		ok := false
		if text, ok = v.text(); !ok {
			return "", false
		}
	}
	if strings.ContainsRune(text, 0) {
		v.wrong("contains a NUL character, which no argument of a program can")
		return "", false
	}
	return text, true
}

// name reads the name of a suite or case.
func (v value) name() (string, bool) {
	name, ok := v.text()
	if !ok {
		return "", false
	}
	if what := nameMistake(name); what != "" {
		v.wrong("%s %s", quote(name), what)
		return "", false
	}
	return name, true
}

const longestName = 100

func nameMistake(name string) string {
	switch {
	case name == "":
		return "is empty"
	case strings.Contains(name, "/"):
		return "contains a slash"
	case name == "." || name == "..":
		return "is not a name"
	case strings.TrimSpace(name) != name:
		return "begins or ends with white space"
	case strings.IndexFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) >= 0:
		return "contains a character that cannot be printed"
	case utf8.RuneCountInString(name) > longestName:
		return fmt.Sprintf("is longer than %d characters", longestName)
	}
	return ""
}

// number reads a finite number that is not negative.
func (v value) number() (float64, bool) {
	n := v.real()
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" && n.ShortTag() != "!!float" {
		v.wrong("must be a number, not %s", v.shown())
		return 0, false
	}
	x, err := strconv.ParseFloat(n.Value, 64)
	switch {
	case err != nil || math.IsInf(x, 0) || math.IsNaN(x):
		v.wrong("%s is not a decimal number", v.shown())
	case x < 0:
		v.wrong("%s is negative", v.shown())
	default:
		return x, true
	}
	return 0, false
}

// boolean reads true or false.
func (v value) boolean() bool {
	n := v.real()
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!bool" {
		v.wrong("must be true or false, not %s", v.shown())
		return false
	}
	return strings.EqualFold(n.Value, "true")
}

// choice reads one of some words; it is "" after a mistake. noun says what the words are, with its article.
func choice[T ~string](v value, noun string, from []T) T {
	text, ok := v.text()
	if !ok || slices.Contains(from, T(text)) {
		return T(text)
	}
	var words []string
	for _, word := range from {
		words = append(words, string(word))
	}
	v.wrong("%s is not %s %s", quote(text), noun, meant(text, words))
	return ""
}
