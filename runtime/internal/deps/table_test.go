package deps

import (
	"fmt"
	"slices"
	"strings"
)

// table is a policy: a name, and what is allowed to it or to whom it is allowed.
type table map[string][]string

// parseTable reads lines "name: word word"; a line that begins with a blank continues the one before.
func parseTable(text string) (table, error) {
	t := table{}
	last := ""
	for number, line := range strings.Split(text, "\n") {
		if strings.TrimSpace(line) == "" {
			last = ""
			continue
		}
		words := line
		if line[0] != ' ' && line[0] != '\t' {
			name, rest, found := strings.Cut(line, ":")
			if _, twice := t[name]; !found || twice {
				return nil, fmt.Errorf("line %d: %q: no colon, or the name stands here twice", number+1, line)
			}
			t[name], last, words = nil, name, rest
		}
		if last == "" {
			return nil, fmt.Errorf("line %d: %q continues nothing", number+1, line)
		}
		t[last] = append(t[last], strings.Fields(words)...)
	}
	return t, nil
}

// covers reports whether a pattern stands for a name: the name itself, or "above/..." for everything
// below above, and above too.
func covers(pattern, name string) bool {
	above, tree := strings.CutSuffix(pattern, "/...")
	return pattern == name || tree && (name == above || strings.HasPrefix(name, above+"/"))
}

// allows reports whether one of the patterns stands for the name.
func allows(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return covers(p, name) })
}

// line returns what the table says of a name: its own line, or that of a pattern which covers it.
func (t table) line(name string) (patterns []string, found bool) {
	for key, patterns := range t {
		if covers(key, name) {
			return patterns, true
		}
	}
	return nil, false
}
