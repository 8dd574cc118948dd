package intake

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"pocket/runtime/hint"
)

// few is of how many names, of so many, it does not matter that they are not as the others: a few files may have
// been put beside an export by hand, and one student among many may call a file as he likes.
func few(names int) int {
	if names < 3 {
		return 0
	}
	return max(1, names/5)
}

// agreed is what the names of a class's entries say of its layout.
type agreed struct {
	layout layout
	odd    []string // names that are as a platform writes them, where the others are not
}

// recognise finds the layout that the names agree on. A student chooses the end of a name in an export, and in a
// plain folder often all of it, so no name decides for the others: a layout holds where all names but a few are as it
// has them, and of several the one with the fewest others. Where none holds, or two do alike, nobody knows but
// who has made the folder.
func recognise(dir string, entries []fs.DirEntry) (agreed, error) {
	others := map[Layout][]string{} // the names that a layout does not explain
	like := map[Layout][]string{}   // the names that are as it has them
	for _, e := range entries {
		explained := false
		for _, l := range layouts {
			if l.looks == nil {
				continue
			}
			of := others
			if l.looks(e, entries) {
				of, explained = like, true
			}
			of[l.Name] = append(of[l.Name], printable(e.Name()))
		}
		of := like
		if explained {
			of = others
		}
		of[Plain] = append(of[Plain], printable(e.Name()))
	}
	var best []layout
	least := few(len(entries))
	for _, l := range layouts {
		n := len(others[l.Name])
		switch {
		case l.Name == GitHub || n > least || l.Name != Plain && len(like[l.Name]) == 0:
		case n < least:
			best, least = []layout{l}, n
		default:
			best = append(best, l)
		}
	}
	switch {
	case len(best) != 1:
		return agreed{layout: layoutNamed(Plain)}, disagreed(like)
	case best[0].Name == Plain && fitsGitHub(dir, entries):
		return agreed{layout: layoutNamed(GitHub)}, nil
	case best[0].Name == Plain:
		return agreed{best[0], others[Plain]}, nil
	}
	return agreed{layout: best[0]}, nil
}

// disagreed says which names are as which layout has them.
func disagreed(like map[Layout][]string) error {
	var parts, names []string
	for _, l := range layouts {
		of := like[l.Name]
		if len(of) == 0 {
			continue
		}
		names = append(names, string(l.Name))
		parts = append(parts, fmt.Sprintf("%s (%d): %s", l.Name, len(of), list(of)))
	}
	if !slices.Contains(names, string(Plain)) {
		names = append(names, string(Plain))
	}
	err := fmt.Errorf("the names do not agree on a layout: %s", strings.Join(parts, "; "))
	return hint.With(err, "say which it is with --layout: %s", strings.Join(names, ", "))
}

// chosen is the layout that was asked for, or else the one that is recognised.
func chosen(name Layout, dir string, entries []fs.DirEntry) (agreed, error) {
	if name == "" {
		return recognise(dir, entries)
	}
	l := layoutNamed(name)
	if len(entries) > 0 && l.looks != nil && !slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return l.looks(e, entries) }) {
		return agreed{}, hint.With(fmt.Errorf("nothing in it is laid out as %s does it", name), "leave --layout out, or choose another one")
	}
	return agreed{layout: l}, nil
}
