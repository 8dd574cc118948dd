package language

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"pocket/grader"
	"pocket/runtime/hint"
)

// Detect tells a submission's language by its files' extensions, case ignored. Files without a known
// extension do not count. Where there are sources in several languages, a file with the name of a main file
// decides, when only one language has one. A non-empty allowed names the languages that a suite accepts;
// another one is an error. Of several languages with the same extension, the one counts whose interpreter
// the script's first line names, else the first of allowed, or of the table. Errors name the submission and
// the files in question and wrap ErrUnknown when no source was found.
func (t Table) Detect(sub grader.Submission, allowed []string) (Language, error) {
	found := t.claims(sub, allowed)
	if len(found) > 1 {
		var withMain []claim
		for _, c := range found {
			if c.language.mainFile(topmost(c.sources)) != "" {
				withMain = append(withMain, c)
			}
		}
		if len(withMain) == 1 {
			found = withMain
		}
	}
	switch len(found) {
	case 0:
		return Language{}, t.nothing(sub, allowed)
	case 1:
		return accepted(sub, found[0].language, allowed)
	}
	var all []string
	for _, c := range found {
		all = append(all, fmt.Sprintf("%s (%s)", c.language.Name, c.sources[0]))
	}
	err := fmt.Errorf("%s: sources in several languages: %s", sub.Name, strings.Join(all, ", "))
	return Language{}, hint.With(err, "name the main file main with its extension, or hand in one language only; a folder of a whole class goes with run --batch")
}

func topmost(files []string) []string {
	return slices.DeleteFunc(slices.Clone(files), func(f string) bool { return path.Dir(f) != "." })
}

// nothing is the error for a submission without sources.
func (t Table) nothing(sub grader.Submission, allowed []string) error {
	about := "no source file"
	if i := slices.IndexFunc(sub.Files, isHeader); i >= 0 {
		about = fmt.Sprintf("no source file, only headers such as %s", sub.Files[i])
	}
	err := fmt.Errorf("%s: %s: %w", sub.Name, about, ErrUnknown)
	if len(allowed) == 0 {
		return hint.With(err, "known extensions are %s", strings.Join(t.Extensions(), ", "))
	}
	var wanted Table
	for _, name := range allowed {
		if l, err := t.Find(name); err == nil {
			wanted = append(wanted, l)
		}
	}
	return hint.With(err, "the suite accepts %s: files that end in %s", strings.Join(allowed, ", "), strings.Join(wanted.Extensions(), ", "))
}

func isHeader(file string) bool {
	return hasSuffix(strings.ToLower(file), []string{".h", ".hpp", ".hh", ".hxx", ".mli", ".d.ts"})
}

func accepted(sub grader.Submission, l Language, allowed []string) (Language, error) {
	if len(allowed) == 0 || slices.Contains(allowed, l.Name) {
		return l, nil
	}
	err := fmt.Errorf("%s: the suite does not accept %s", sub.Name, l.Title)
	return Language{}, hint.With(err, "hand in one of %s", strings.Join(allowed, ", "))
}

// claim is a language with the files that are its.
type claim struct {
	language Language
	sources  []string
}

// claims gives each file to one language; those with files are returned in the table's order.
func (t Table) claims(sub grader.Submission, allowed []string) []claim {
	left, of := slices.Clone(sub.Files), map[string][]string{}
	for _, l := range t.preferred(allowed) {
		sources := l.sources(left)
		if len(sources) == 0 {
			continue
		}
		main := l.mainFile(sources)
		if main == "" {
			main = sources[0]
		}
		if other, ok := t.byFirstLine(sub, main, l, allowed); ok {
			l = other
		}
		of[l.Name] = append(of[l.Name], sources...)
		left = slices.DeleteFunc(left, func(f string) bool { return slices.Contains(sources, f) })
	}
	var all []claim
	for _, l := range t {
		if len(of[l.Name]) > 0 {
			all = append(all, claim{l, of[l.Name]})
		}
	}
	return all
}

// preferred returns the table with the allowed languages first, in their order.
func (t Table) preferred(allowed []string) Table {
	var first Table
	for _, name := range allowed {
		if l, err := t.Find(name); err == nil {
			first = append(first, l)
		}
	}
	for _, l := range t {
		if !slices.Contains(allowed, l.Name) {
			first = append(first, l)
		}
	}
	return first
}

// byFirstLine returns the language other than l for the same extension whose program a script's first line
// names.
func (t Table) byFirstLine(sub grader.Submission, file string, l Language, allowed []string) (Language, bool) {
	for _, other := range t {
		same := slices.ContainsFunc(other.Extensions, func(e string) bool { return hasSuffix(strings.ToLower(file), []string{e}) })
		may := len(allowed) == 0 || slices.Contains(allowed, other.Name)
		if other.Name != l.Name && same && may && slices.Contains(other.Programs, interpreter(sub, file)) {
			return other, true
		}
	}
	return Language{}, false
}

// interpreter is the program that a script's first line names: of "#!/usr/bin/env -S pypy3 -x" and of
// "#!/usr/bin/pypy3" it is pypy3. "" when there is none, or the file cannot be read: what is wrong with it is
// said when it is copied.
func interpreter(sub grader.Submission, file string) string {
	at := sub.Path
	if about, err := os.Lstat(at); err != nil {
		return ""
	} else if about.IsDir() {
		at = filepath.Join(at, filepath.FromSlash(file))
	}
	// O_NONBLOCK: opening what has become a fifo must not wait for a writer (open(2)).
	f, err := os.OpenFile(at, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return ""
	}
	defer f.Close()
	first, err := bufio.NewReader(io.LimitReader(f, 256)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) || !strings.HasPrefix(first, "#!") {
		return ""
	}
	for _, word := range strings.Fields(first[2:]) {
		if name := path.Base(word); name != "env" && !strings.HasPrefix(word, "-") && !strings.Contains(word, "=") {
			return name
		}
	}
	return ""
}
