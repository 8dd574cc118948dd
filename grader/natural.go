package grader

import (
	"cmp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Natural compares two names as people sort them, for slices.SortFunc: numbers in them count as numbers, so that
// 2 comes before 10, and letters' case does not count unless nothing else differs. Only equal names are equal.
func Natural(a, b string) int {
	x, y := a, b
	for x != "" && y != "" {
		n, restX := digits(x)
		m, restY := digits(y)
		if n != "" && m != "" {
			if c := cmp.Or(cmp.Compare(len(n), len(m)), strings.Compare(n, m)); c != 0 {
				return c
			}
			x, y = restX, restY
			continue
		}
		p, widthX := utf8.DecodeRuneInString(x)
		q, widthY := utf8.DecodeRuneInString(y)
		if c := cmp.Compare(unicode.ToLower(p), unicode.ToLower(q)); c != 0 {
			return c
		}
		x, y = x[widthX:], y[widthY:]
	}
	return cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(a, b))
}

// digits splits off the number at the start of s, without the zeros in front of it; of zeros, one stays.
func digits(s string) (number, rest string) {
	rest = strings.TrimLeft(s, "0123456789")
	number = s[:len(s)-len(rest)]
	if short := strings.TrimLeft(number, "0"); short != "" || number == "" {
		return short, rest
	}
	return "0", rest
}
