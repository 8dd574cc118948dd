package suite

import (
	"slices"
	"strings"

	"pocket/grader"
	"pocket/runtime/resource"
)

// settingKeys are the keys that a suite, a group and a case have in common.
var settingKeys = []string{"limits", "compare", "checker", "interactor", "volume", "args", "env"}

// settings is what a suite or a group says for all its cases, and then what holds for one.
type settings struct {
	limits     resource.Limits
	compare    grader.Compare
	checker    *grader.Tool // the nearest that is written, whether or not compare uses it
	interactor *grader.Tool
	volumes    []grader.Volume
	volumeAt   value // where volumes are written
	args       []string
	env        []string
	points     float64
	visibility grader.Visibility
}

// settings reads what stands in f and takes the rest from base. Limits are merged one by one, environments
// variable by variable; volumes are added; of args and the comparison the nearest holds.
func (d *document) settings(f fields, base settings) settings {
	s := base
	if v, ok := f.get("limits"); ok {
		s.limits = d.limits(v).Merge(base.limits)
	}
	if v, ok := f.get("volume"); ok {
		s.volumes, s.volumeAt = d.volumes(v, slices.Clip(base.volumes)), v
	}
	if v, ok := f.get("args"); ok {
		s.args = v.words()
	}
	if v, ok := f.get("env"); ok {
		s.env = override(base.env, v.environment())
	}
	if v, ok := f.get("visibility"); ok {
		s.visibility = choice(v, "a visibility", visibilities)
	}
	d.judging(f, &s)
	return s
}

var visibilities = []grader.Visibility{grader.Sample, grader.Visible, grader.Hidden}

// words reads a list of words, nil when there are none.
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

// override returns base with the variables of over in place of those with the same names.
func override(base, over []string) []string {
	all := slices.Clone(base)
	for _, pair := range over {
		name, _, _ := strings.Cut(pair, "=")
		all = slices.DeleteFunc(all, func(old string) bool { return strings.HasPrefix(old, name+"=") })
		all = append(all, pair)
	}
	return all
}
