// Package language knows how each language is compiled and run: a table, not code.
//
// The table is languages.yaml. What a table cannot say, the name of the Java class to run, is read from
// the sources.
package language

import (
	"errors"
	"fmt"
	"strings"

	"pocket/grader"
	"pocket/runtime/hint"
	"pocket/runtime/resource"
)

// Language is one line of the table.
type Language struct {
	Name       string   // as suites and reports write it: "python3"
	Title      string   // for people: "Python 3"
	Extensions []string // with the dot, lower case
	Programs   []string // what must be installed in the sandbox's root file system
	Package    string   // the Debian packages that bring Programs, separated by blanks

	exclude       []string // endings of names that are not sources
	flat          bool     // only the sources beside the main file count
	as            string   // the name under which a single file is seen in the sandbox
	compile       []string
	run           []string
	environment   []string
	project       project
	compileLimits resource.Limits
	extra         resource.Limits
	outOfMemory   string
	cache         *Cache // nil when nothing is kept
}

// project is another way to compile, taken when the submission has a certain file at its top.
type project struct {
	file        string
	compile     []string
	environment []string
}

// ErrUnknown is wrapped by errors about a language or an extension that is not in the table.
var ErrUnknown = errors.New("unknown language")

// All returns the table's languages in the table's order.
func All() []Language { return table() }

// Names returns the names of all languages in the table's order.
func Names() []string {
	var names []string
	for _, l := range table() {
		names = append(names, l.Name)
	}
	return names
}

// Find returns the language with that name. The error wraps ErrUnknown and lists what is known.
func Find(name string) (Language, error) {
	for _, l := range table() {
		if l.Name == name {
			return l, nil
		}
	}
	err := fmt.Errorf("%w %q", ErrUnknown, name)
	return Language{}, hint.With(err, "known languages are %s", strings.Join(Names(), ", "))
}

// Detect tells a submission's language by its files' extensions, case ignored. Files without a known
// extension do not count. A folder's single file main.* decides when there are sources in several
// languages. A non-empty allowed names the languages that a suite accepts; another one is an error.
// Errors name the submission and the files in question and wrap ErrUnknown when no source was found.
func Detect(sub grader.Submission, allowed []string) (Language, error) {
	languages, example := sourcesOf(sub.Files)
	if len(languages) > 1 {
		if byMain, _ := sourcesOf(mains(sub.Files)); len(byMain) == 1 {
			languages = byMain
		}
	}
	switch len(languages) {
	case 0:
		err := fmt.Errorf("%s: no source file: %w", sub.Name, ErrUnknown)
		return Language{}, hint.With(err, "known extensions are %s", extensions())
	case 1:
		return accepted(sub, languages[0], allowed)
	}
	var found []string
	for _, l := range languages {
		found = append(found, fmt.Sprintf("%s (%s)", l.Name, example[l.Name]))
	}
	err := fmt.Errorf("%s: sources in several languages: %s", sub.Name, strings.Join(found, ", "))
	return Language{}, hint.With(err, "name the main file main with its extension, or hand in one language only")
}

func accepted(sub grader.Submission, l Language, allowed []string) (Language, error) {
	if len(allowed) == 0 {
		return l, nil
	}
	for _, name := range allowed {
		if name == l.Name {
			return l, nil
		}
	}
	err := fmt.Errorf("%s: the suite does not accept %s", sub.Name, l.Title)
	return Language{}, hint.With(err, "hand in one of %s", strings.Join(allowed, ", "))
}

// sourcesOf returns the languages that files have sources of, in the table's order, with one file each.
func sourcesOf(files []string) ([]Language, map[string]string) {
	var found []Language
	example := map[string]string{}
	for _, l := range table() {
		if sources := l.sources(files); len(sources) > 0 {
			found = append(found, l)
			example[l.Name] = sources[0]
		}
	}
	return found, example
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
	for _, e := range endings {
		if strings.HasSuffix(name, e) {
			return true
		}
	}
	return false
}

func extensions() string {
	var all []string
	for _, l := range table() {
		all = append(all, l.Extensions...)
	}
	return strings.Join(all, ", ")
}
