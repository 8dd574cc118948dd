package suite

import (
	"slices"
	"strconv"

	"pocket/grader"
)

var caseKeys = keys{
	known: slices.Concat([]string{"name", "input", "input-file", "answer", "answer-file", "answer-digest", "files", "group", "points",
		"visibility"}, settingKeys),
	elsewhere: map[string]string{
		"requires":   "to a group: groups: {NAME: {requires: [sample]}}",
		"score":      "to a group: groups: {NAME: {score: all}}",
		"rootfs":     "to the suite: all its cases have the same",
		"languages":  "to the suite: all its cases have the same",
		"stop-early": "to the suite",
	},
}

// entry is a case and where it stands.
type entry struct {
	grader.Case
	at     value  // what its name comes from
	points value  // its own points; zero where none are written
	volume value  // what its volumes come from
	input  string // the input file it is named after, relative to the suite; "" when the suite names it
}

// cases reads the list of cases of the suite v with the fields f.
func (d *document) cases(v value, f fields, base settings, groups *groups) []entry {
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
		entries = append(entries, d.item(item, base, groups, strconv.Itoa(i+1))...)
	}
	name(entries)
	return entries
}

// item reads one item of the list: a case, or a pattern for many.
func (d *document) item(v value, base settings, groups *groups, position string) []entry {
	f, ok := v.fields(caseKeys)
	if !ok {
		return nil
	}
	e := d.shared(f, base, groups)
	e.at, e.Line = v, v.node.Line
	if pattern, ok := f.get("files"); ok {
		for _, key := range []string{"name", "input", "input-file", "answer", "answer-file", "answer-digest"} {
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
	c.Answer, c.Digest = oneOf(f, "answer"), d.digest(f, *c)
	if f.lacks("answer") && f.lacks("answer-file") && f.lacks("answer-digest") && !judged(*c) {
		v.wrong("neither answer nor answer-file")
	}
	for _, key := range []string{"answer", "answer-file"} {
		if part, ok := f.get(key); ok {
			d.pattern(part, *c)
		}
	}
}

// judged says whether a program of the suite's decides, which may need no answer.
func judged(c grader.Case) bool { return c.Interactor != nil || c.Compare.Mode == grader.Checked }

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
func (d *document) shared(f fields, base settings, groups *groups) entry {
	var e entry
	if part, ok := f.get("group"); ok {
		if g := groups.of(part); g != nil {
			e.Group, base = g.Name, g.settings
		}
	}
	s := d.settings(f, base)
	e.volume = s.volumeAt
	e.Case.Volumes, e.Args, e.Env, e.Visibility = s.volumes, s.args, s.env, s.visibility
	e.Limits, e.Compare, e.Points = complete(s.limits), s.compare, s.points
	e.Interactor = patient(s.interactor, e.Limits)
	if part, ok := f.get("points"); ok {
		e.Points, _ = part.number()
		e.points = part
	}
	return e
}
