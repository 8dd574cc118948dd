package suite

import (
	"slices"
	"strconv"
	"strings"

	"pocket/grader"
	"pocket/runtime/resource"
)

var caseKeys = keys{
	known: []string{"name", "input", "input-file", "answer", "answer-file", "files", "volume", "args", "env",
		"limits", "compare", "points"},
	later: []string{"group", "visibility", "checker", "interactor", "requires", "score", "rootfs", "languages"},
}

// defaults is what a suite says for all its cases.
type defaults struct {
	limits  resource.Limits
	compare grader.Compare
}

// entry is a case and where it stands.
type entry struct {
	grader.Case
	at     value  // what its name comes from
	volume value  // what its volumes come from
	input  string // the input file it is named after, relative to the suite; "" when the suite names it
}

// cases reads the list of cases of the suite v with the fields f, which stands in file.
func (d *document) cases(v value, f fields, base defaults, file string) []grader.Case {
	if f.lacks("cases") {
		v.under("cases").wrong("missing: a suite has at least one case")
	}
	part, ok := f.get("cases")
	if !ok {
		return nil
	}
	items, ok := part.list()
	if ok && len(items) == 0 {
		part.wrongKey("empty: a suite has at least one case")
	}
	var entries []entry
	for i, item := range items {
		entries = append(entries, d.item(item, base, strconv.Itoa(i+1))...)
	}
	name(entries)
	hide := newMasks(file, entries)
	var cases []grader.Case
	for _, e := range entries {
		hide.apply(e)
		cases = append(cases, e.Case)
	}
	return cases
}

// item reads one item of the list: a case, or a pattern for many.
func (d *document) item(v value, base defaults, position string) []entry {
	f, ok := v.fields(caseKeys)
	if !ok {
		return nil
	}
	e := entry{Case: d.shared(f, base), at: v}
	e.volume, _ = f.get("volume")
	e.Line = v.node.Line
	if pattern, ok := f.get("files"); ok {
		for _, key := range []string{"name", "input", "input-file", "answer", "answer-file"} {
			if part, ok := f.get(key); ok {
				part.wrongKey("cannot stand beside files")
			}
		}
		return d.files(pattern, e)
	}
	d.texts(v, f, &e.Case)
	if part, ok := f.get("name"); ok {
		e.Name, _ = part.name()
		e.at = part
	} else if part, ok := f.get("input-file"); ok && e.Input.Path != "" {
		e.input, _ = part.inside()
	} else {
		e.Name = position
	}
	return []entry{e}
}

// texts reads where the input and the answer of a single case are.
func (d *document) texts(v value, f fields, c *grader.Case) {
	c.Input = oneOf(f, "input")
	c.Answer = oneOf(f, "answer")
	if f.lacks("answer") && f.lacks("answer-file") {
		v.wrong("neither answer nor answer-file")
	}
}

func oneOf(f fields, key string) (t grader.Text) {
	inline, hasInline := f.get(key)
	file, hasFile := f.get(key + "-file")
	switch {
	case hasInline && hasFile:
		file.wrongKey("cannot stand beside %s", key)
	case hasInline:
		t.Inline, _ = inline.text()
	case hasFile:
		t.Path = file.file()
	}
	return t
}

// shared reads what a single case and a pattern have in common.
func (d *document) shared(f fields, base defaults) grader.Case {
	c := grader.Case{Points: 1, Compare: base.compare}
	if part, ok := f.get("volume"); ok {
		c.Volumes = d.volumes(part)
	}
	if part, ok := f.get("args"); ok {
		c.Args = part.words()
	}
	if part, ok := f.get("env"); ok {
		c.Env = part.environment()
	}
	var own resource.Limits
	if part, ok := f.get("limits"); ok {
		own = d.limits(part)
	}
	c.Limits = complete(own.Merge(base.limits))
	if part, ok := f.get("compare"); ok {
		c.Compare = d.compare(part, base.compare)
	}
	if part, ok := f.get("points"); ok {
		c.Points, _ = part.number()
	}
	return c
}

func (v value) words() []string {
	items, _ := v.list()
	var words []string
	for _, item := range items {
		if word, ok := item.word(); ok {
			words = append(words, word)
		}
	}
	return words
}

// environment reads a list of NAME=value.
func (v value) environment() []string {
	items, _ := v.list()
	var all, names []string
	for _, item := range items {
		text, ok := item.word()
		if !ok {
			continue
		}
		name, _, ok := strings.Cut(text, "=")
		switch {
		case !ok || name == "" || strings.ContainsAny(name, " \t\n"):
			item.wrong("%s is not NAME=value", quote(text))
		case slices.Contains(names, name):
			item.wrong("%s is set twice", quote(name))
		default:
			names, all = append(names, name), append(all, text)
		}
	}
	return all
}
