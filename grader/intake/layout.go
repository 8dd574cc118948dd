package intake

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"pocket/grader"
	"pocket/runtime/hint"
)

// Layout names how the submissions of a class lie in a folder.
type Layout string

// The layouts.
const (
	Plain      Layout = "plain"      // an entry for each student, called like the student
	Moodle     Layout = "moodle"     // "Download all submissions" of an assignment
	Canvas     Layout = "canvas"     // "Download Submissions" of an assignment
	Gradescope Layout = "gradescope" // "Export Submissions" of a programming assignment
	GitHub     Layout = "github"     // clones of GitHub Classroom's repositories: ASSIGNMENT-LOGIN
)

// layout says by what one is recognised, and how it is read.
type layout struct {
	Name  Layout
	looks func(e fs.DirEntry, among []fs.DirEntry) bool // whether a name is as the platform writes it; nil where that tells nothing
	read  func(at place, entries []fs.DirEntry) (*Class, error)
}

var layouts = []layout{
	{Gradescope, looksGradescope, readGradescope},
	{Moodle, looksMoodle, readMoodle},
	{Canvas, looksCanvas, readCanvas},
	{GitHub, nil, readGitHub},
	{Plain, nil, readPlain},
}

func layoutNamed(name Layout) layout {
	return layouts[slices.IndexFunc(layouts, func(l layout) bool { return l.Name == name })]
}

// Layouts are the names of all layouts.
func Layouts() []string {
	var names []string
	for _, l := range layouts {
		names = append(names, string(l.Name))
	}
	slices.Sort(names)
	return names
}

// ParseLayout is the layout with that name; "" and "auto" are "", to recognise it.
func ParseLayout(name string) (Layout, error) {
	if name == "" || name == "auto" {
		return "", nil
	}
	if !slices.Contains(Layouts(), name) {
		return "", hint.With(fmt.Errorf("unknown layout %q", name), "layouts are auto, %s", strings.Join(Layouts(), ", "))
	}
	return Layout(name), nil
}

// readPlain takes each entry for a submission.
func readPlain(at place, entries []fs.DirEntry) (*Class, error) {
	class := &Class{}
	for _, e := range entries {
		class.Entries = append(class.Entries, plainEntry(at, e))
	}
	return class, nil
}

// plainEntry is a submission that is called like its student.
func plainEntry(at place, e fs.DirEntry) Entry {
	name := e.Name()
	if stem := stem(name); stem != "" && !e.IsDir() {
		name = stem
	}
	return Entry{
		Name: name, Path: filepath.Join(at.shown, e.Name()), Student: grader.Student{Name: name},
		keys:   keys{any: []string{name}},
		pieces: []piece{{path: filepath.Join(at.dir, e.Name())}},
	}
}

// stem is a file's name without its extension.
func stem(name string) string {
	if ending := archiveEnding(name); ending != "" {
		return strings.TrimSuffix(name, ending)
	}
	return strings.TrimSuffix(name, filepath.Ext(name))
}

// strays takes what a platform's layout does not explain for submissions of their own: what an instructor
// put beside them is not to be lost.
func (c *Class) strays(at place, l Layout, entries []fs.DirEntry) {
	var names []string
	for _, e := range entries {
		c.Entries = append(c.Entries, plainEntry(at, e))
		names = append(names, printable(e.Name()))
	}
	if len(names) > 0 {
		c.Remarks = append(c.Remarks, fmt.Sprintf("not named as %s does it, each taken for a submission of its own: %s", l, list(names)))
	}
}

// List writes names, not more of them than one wants to read, so that they can stand in a line on a terminal.
func List(names []string) string {
	var all []string
	for _, name := range names {
		all = append(all, printable(name))
	}
	return list(all)
}

func list(names []string) string {
	const most = 12
	if len(names) > most {
		names = append(slices.Clone(names[:most]), fmt.Sprintf("and %d more", len(names)-most))
	}
	return strings.Join(names, ", ")
}

// students is entries by what tells students apart, in the order in which they came.
type students struct {
	order []string
	found map[string]*Entry
}

// of is the entry of a student, new the first time.
func (s *students) of(key string) *Entry {
	if s.found == nil {
		s.found = map[string]*Entry{}
	}
	if s.found[key] == nil {
		s.order, s.found[key] = append(s.order, key), &Entry{}
	}
	return s.found[key]
}

func (s *students) entries() []Entry {
	var all []Entry
	for _, key := range s.order {
		e := s.found[key]
		if len(e.pieces) == 0 && e.Problem == nil {
			e.Problem = errors.New("no file was handed in")
		}
		all = append(all, *e)
	}
	return all
}
