package suite

import (
	"slices"

	"gopkg.in/yaml.v3"

	"pocket/grader"
)

var compareKeys = keys{
	known: []string{"mode", "absolute", "relative", "case"},
	later: []string{"checker", "pattern"},
}

var (
	modes      = []string{string(grader.Exact), string(grader.Lines), string(grader.Tokens), string(grader.Numbers)}
	laterModes = []string{"unordered", "regex", "contains", "checker"}
)

// compare reads a mode, or a mapping that changes base: one with a mode starts anew.
func (d *document) compare(v value, base grader.Compare) grader.Compare {
	if v.kind() != yaml.MappingNode {
		return grader.Compare{Mode: v.mode()}
	}
	f, _ := v.fields(compareKeys)
	c := base
	if mode, ok := f.get("mode"); ok {
		c = grader.Compare{Mode: mode.mode()}
	}
	if absolute, ok := f.get("absolute"); ok {
		c.Absolute, _ = absolute.number()
		absolute.only(c, grader.Numbers)
	}
	if relative, ok := f.get("relative"); ok {
		c.Relative, _ = relative.number()
		relative.only(c, grader.Numbers)
	}
	if letters, ok := f.get("case"); ok {
		if text, ok := letters.text(); ok && text != "ignore" {
			letters.wrong("%s is not known (only: ignore)", letters.shown())
		}
		c.IgnoreCase = true
		letters.only(c, grader.Tokens, grader.Numbers)
	}
	return c
}

// mode reads a comparison mode; it is empty after a mistake.
func (v value) mode() grader.Mode {
	text, ok := v.text()
	switch {
	case !ok:
	case slices.Contains(modes, text):
		return grader.Mode(text)
	case slices.Contains(laterModes, text):
		v.wrong("mode %s is not supported yet", text)
	default:
		v.wrong("%s is not a mode %s", quote(text), meant(text, modes))
	}
	return ""
}

// only notes that a key of compare means nothing in the mode that is chosen.
func (v value) only(c grader.Compare, allowed ...grader.Mode) {
	if c.Mode != "" && !slices.Contains(allowed, c.Mode) {
		v.wrongKey("means nothing in mode %s (add mode: %s)", c.Mode, allowed[0])
	}
}
