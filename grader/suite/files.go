package suite

import (
	"errors"
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
	slices.SortFunc(inputs, grader.Natural)
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
