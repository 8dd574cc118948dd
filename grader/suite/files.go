package suite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"pocket/grader"
)

// files makes one case like the given one of each input file that matches a pattern, in the order in
// which people count: 2 before 10.
func (d *document) files(v value, like entry) []entry {
	pattern, ok := v.inside()
	if !ok {
		return nil
	}
	if strings.Contains(pattern, "**") {
		v.wrong("%s: ** is not supported (* matches within one folder)", quote(pattern))
		return nil
	}
	matches, err := fs.Glob(os.DirFS(d.dir), path.Clean(pattern))
	if errors.Is(err, path.ErrBadPattern) {
		v.wrong("%s is not a pattern (write for example cases/*.in)", quote(pattern))
		return nil
	}
	var inputs []string
	for _, m := range matches {
		if len(answers(m)) > 0 {
			inputs = append(inputs, m)
		}
	}
	switch {
	case err != nil:
		v.wrong("%s: %v", quote(pattern), cause(err))
	case len(matches) == 0:
		v.wrong("%s matches no file", quote(pattern))
	case len(inputs) == 0:
		v.wrong("%s matches no input: of %d files none is called NAME.in, in.txt or in-N.txt", quote(pattern), len(matches))
	}
	slices.SortFunc(inputs, natural)
	var entries []entry
	for _, input := range inputs {
		e := like
		e.input = input
		e.at = v
		e.Input.Path = v.readable(input)
		e.Answer = v.answerOf(input, judged(e.Case))
		d.pattern(v, e.Case)
		entries = append(entries, e)
	}
	return entries
}

// answers returns what the answer to an input file may be called; none when it is not called like one.
func answers(input string) []string {
	folder, base := path.Split(input)
	switch {
	case base == "in.txt" || strings.HasPrefix(base, "in-") && strings.HasSuffix(base, ".txt"):
		return []string{folder + "out" + strings.TrimPrefix(base, "in")}
	case strings.HasSuffix(base, ".in") && base != ".in":
		stem := folder + strings.TrimSuffix(base, ".in")
		return []string{stem + ".ans", stem + ".out"}
	}
	return nil
}

// answerOf finds the answer to an input file, without which a case may be when it is optional.
func (v value) answerOf(input string, optional bool) (t grader.Text) {
	names := answers(input)
	var found []string
	for _, name := range names {
		if _, err := os.Stat(filepath.Join(v.doc.dir, name)); err == nil {
			found = append(found, name)
		}
	}
	switch len(found) {
	case 0:
		if optional {
			return t
		}
		v.wrong("%s has no answer: no file %s", quote(input), strings.Join(names, " or "))
	case 1:
		t.Path = v.readable(found[0])
	default:
		v.wrong("%s has two answers: %s", quote(input), strings.Join(found, " and "))
	}
	return t
}

// natural compares two paths such that the numbers in them count as numbers.
func natural(a, b string) int {
	x, y := a, b
	for x != "" && y != "" {
		n, restX := digits(x)
		m, restY := digits(y)
		if n == "" || m == "" {
			if x[0] != y[0] {
				return int(x[0]) - int(y[0])
			}
			x, y = x[1:], y[1:]
			continue
		}
		if c := strings.Compare(padded(n), padded(m)); c != 0 {
			return c
		}
		x, y = restX, restY
	}
	if len(x) != len(y) {
		return len(x) - len(y)
	}
	return strings.Compare(a, b)
}

// digits splits off the number at the start of s.
func digits(s string) (number, rest string) {
	rest = strings.TrimLeft(s, "0123456789")
	return s[:len(s)-len(rest)], rest
}

// padded writes a number such that greater ones compare greater: its length in front.
func padded(number string) string {
	number = strings.TrimLeft(number, "0")
	return fmt.Sprintf("%5d%s", len(number), number)
}
