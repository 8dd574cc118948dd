// Package language knows how each language is compiled and run: a table, not code.
//
// The table is languages.yaml. What a table cannot say, the name of the Java class to run, is read from
// the sources.
package language

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"pocket/runtime/hint"
	"pocket/runtime/resource"
)

// Language is one line of the table.
type Language struct {
	Name       string    // as suites and reports write it: "python3"
	Title      string    // for people: "Python 3"
	Extensions []string  // with the dot, lower case
	Programs   []string  // what must be installed in the sandbox's root file system
	Package    string    // the Debian packages that bring Programs, separated by blanks; "" when none is known
	Identify   []Command // each runs one of Programs and prints its version

	exclude       []string // endings of names that are not sources
	main          []string // what a main file is called, below the submission and without its extension
	flat          bool     // only the sources beside the main file count
	as            string   // the name under which a single file is seen in the sandbox
	compile       []string
	run           []string
	environment   []string
	project       project
	compileLimits resource.Limits
	extra         resource.Limits
	outOfMemory   []string
	cache         *Cache // nil when nothing is kept
	sample        string // a program that prints "ok"; "" for none
	written       definition
}

// project is another way to compile, taken when the submission has a certain file at its top.
type project struct {
	file        string
	compile     []string
	environment []string
}

// ErrUnknown is wrapped by errors about a language or an extension that is not in the table.
var ErrUnknown = errors.New("unknown language")

// Names returns the names of all languages in the table's order.
func (t Table) Names() []string {
	var names []string
	for _, l := range t {
		names = append(names, l.Name)
	}
	return names
}

// Find returns the language with that name. The error wraps ErrUnknown and lists what is known.
func (t Table) Find(name string) (Language, error) {
	for _, l := range t {
		if l.Name == name {
			return l, nil
		}
	}
	err := fmt.Errorf("%w %q", ErrUnknown, name)
	return Language{}, hint.With(err, "known languages are %s", strings.Join(t.Names(), ", "))
}

// Extensions returns the extensions of all languages in the table's order, each once.
func (t Table) Extensions() []string {
	var all []string
	for _, l := range t {
		for _, e := range l.Extensions {
			if !slices.Contains(all, e) {
				all = append(all, e)
			}
		}
	}
	return all
}

// sources returns the files that are l's by their extension.
func (l Language) sources(files []string) []string {
	var sources []string
	for _, f := range files {
		name := strings.ToLower(f)
		if hasSuffix(name, l.Extensions) && !hasSuffix(name, l.exclude) {
			sources = append(sources, f)
		}
	}
	if len(sources) == 0 && len(files) == 1 && hasSuffix(strings.ToLower(files[0]), l.Extensions) {
		return files // a single file is what was handed in, whatever its name
	}
	return sources
}

func hasSuffix(name string, endings []string) bool {
	return slices.ContainsFunc(endings, func(e string) bool { return strings.HasSuffix(name, e) })
}

// mainFile returns the source that has the name of a main file, or "". Letters' case counts only where names differ
// in nothing else. The first name that is there decides; names without a folder are also looked for in folders,
// where only one file has them.
func (l Language) mainFile(sources []string) string {
	for _, name := range l.main {
		for _, same := range []func(a, b string) bool{func(a, b string) bool { return a == b }, strings.EqualFold} {
			for _, f := range sources {
				if same(strings.TrimSuffix(f, path.Ext(f)), name) {
					return f
				}
			}
		}
	}
	if l.flat && len(topmost(sources)) > 0 {
		return ""
	}
	for _, name := range l.main {
		below, several := "", false
		for _, f := range sources {
			if strings.EqualFold(strings.TrimSuffix(path.Base(f), path.Ext(f)), name) {
				below, several = f, below != ""
			}
		}
		if below != "" && !several {
			return below
		}
	}
	return ""
}
