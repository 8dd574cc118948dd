// Package intake finds the submissions of a class in what was handed in: a folder or an archive with a file,
// a folder or an archive for each student, or what a learning platform exports.
package intake

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"pocket/grader"
	"pocket/runtime/hint"
)

// Class is the submissions that were found.
type Class struct {
	Layout  Layout
	Entries []Entry  // sorted by name; each has another one
	Remarks []string // what the instructor may want to know of how they were found, a line each
	LeftOut []grader.LeftOut
}

// Entry is what one student handed in, or several students together.
type Entry struct {
	Name     string // for people: the student's as far as it is known, else that of the file or folder
	Path     string // where it lies: absolute; below an archive's path, inside it
	Student  grader.Student
	Late     bool  // the platform says so
	Enrolled bool  // found on the roster
	Problem  error // why there is nothing that could be graded; nil where it is not known yet

	keys   keys
	pieces []piece
}

// keys are what a student may be found by on a roster.
type keys struct {
	ids, logins, emails, names []string
	any                        []string // one of these, by the student's own choice
}

// piece is a file or folder of which a submission is made.
type piece struct {
	path     string // absolute
	as       string // its name in the submission; "" when the submission is all that is in it
	uploaded bool   // through a platform: archives in it are what was handed in, not part of it
}

// Options of Find; the zero value is useful.
type Options struct {
	Layout Layout   // "" to recognise it
	Ignore []string // absolute paths of files that are no submissions, such as the roster
	// Scratch makes a new, empty folder that nobody else writes into; an archive of the class is unpacked there.
	Scratch func() (string, error)
}

// Find looks for submissions in a folder, or in an archive of the whole class. What is wrong with one
// submission is in its Entry or comes out in Gather; the error is of what was given as a whole, and where
// Ours does not say otherwise it is the user's to mend.
func Find(path string, o Options) (*Class, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("batch %s: %w", path, err)
	}
	at := place{dir: absolute, shown: absolute}
	about, err := os.Stat(absolute)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, hint.With(fmt.Errorf("batch %s: no such file or directory", path), "check the path; it is a folder with a submission for each student, or a zip of one")
	case err != nil:
		return nil, fmt.Errorf("batch %s: %w", path, err)
	case !about.IsDir() && archiveEnding(path) == "":
		return nil, hint.With(fmt.Errorf("batch %s: neither a folder nor an archive", path), "name a folder with a submission for each student, or a zip of one")
	case !about.IsDir():
		at, err = unpackClass(absolute, o)
	}
	if err != nil {
		return nil, fmt.Errorf("batch %s: %w", path, err)
	}
	class, err := at.find(o)
	if err == nil && len(class.Entries) == 0 {
		err = hint.With(errors.New("nothing was handed in"), "name a folder with a submission for each student, or a zip of one")
	}
	if err != nil {
		return nil, fmt.Errorf("batch %s: %w", path, err)
	}
	return class, nil
}

// place is a folder with submissions.
type place struct {
	dir   string           // absolute
	shown string           // how it is called: the archive that it was in
	wrong map[string]error // what could not be taken out of the archive, by its path below dir
	out   []string         // the names in the archive that lead out of it: nobody's, and left out
}

// unpackClass unpacks an archive of the whole class. What is wrong with a student's file in it is that
// student's.
func unpackClass(path string, o Options) (place, error) {
	dir, err := o.Scratch()
	if err != nil {
		return place{}, err
	}
	at := place{dir: dir, shown: path, wrong: map[string]error{}}
	err = unpack(path, dir, ofClass, func(name string, err error) {
		if errors.Is(err, errOutside) {
			at.out = append(at.out, printable(name))
		} else {
			at.wrong[name] = err
		}
	})
	if err != nil {
		return place{}, err
	}
	return at.unwrap(o.Layout, strings.TrimSuffix(filepath.Base(path), archiveEnding(path)))
}

// unwrap goes into a single folder that the archive has around all submissions: one that is called like the
// archive, or in which a platform's layout is recognised. Another one is a single student's.
func (at place) unwrap(l Layout, stem string) (place, error) {
	for {
		entries, err := listed(at.dir)
		if err != nil || len(entries) != 1 || !entries[0].IsDir() || isExport(at.dir, entries) {
			return at, err
		}
		name := entries[0].Name()
		inner, err := listed(filepath.Join(at.dir, name))
		if err != nil {
			return at, err
		}
		if name != stem && (l != "" && l != Plain || !isExport(filepath.Join(at.dir, name), inner)) {
			return at, nil
		}
		at = at.below(name)
	}
}

// isExport says whether a platform's layout is recognised.
func isExport(dir string, entries []fs.DirEntry) bool {
	found, err := recognise(dir, entries)
	return err == nil && found.layout.Name != Plain
}

func (at place) below(name string) place {
	wrong := map[string]error{}
	for path, err := range at.wrong {
		if rest, ok := strings.CutPrefix(path, name+"/"); ok {
			wrong[rest] = err
		}
	}
	return place{filepath.Join(at.dir, name), filepath.Join(at.shown, name), wrong, at.out}
}

func (at place) find(o Options) (*Class, error) {
	entries, err := listed(at.dir)
	if err != nil {
		return nil, err
	}
	for name := range at.wrong { // a student of whom nothing could be taken out did hand something in
		top, _, _ := strings.Cut(name, "/")
		if !slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == top }) {
			entries = append(entries, lost(top))
		}
	}
	var dotted []string
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool {
		if slices.Contains(o.Ignore, filepath.Join(at.dir, e.Name())) {
			return true
		}
		if !strings.HasPrefix(e.Name(), ".") {
			return false
		}
		dotted = append(dotted, printable(e.Name()))
		return true
	})
	if len(entries) == 0 && len(dotted) > 0 {
		return nil, hint.With(fmt.Errorf("nothing but names that begin with a dot: %s", list(dotted)), "rename them, without the dot")
	}
	if len(entries) == 0 && len(at.out) > 0 {
		return nil, fmt.Errorf("nothing but %s: %w", list(at.out), errOutside)
	}
	found, err := chosen(o.Layout, at.dir, entries)
	if err != nil {
		return nil, err
	}
	class, err := found.layout.read(at, entries)
	if err != nil {
		return nil, err
	}
	class.Layout = found.layout.Name
	if len(found.odd) > 0 {
		class.Remarks = append(class.Remarks, "named as a platform does it and the others are not, each taken for a submission of its own: "+list(found.odd))
	}
	class.blame(at)
	class.leaveOut(at.out, "its name leads out of the archive")
	class.leaveOut(dotted, "its name begins with a dot")
	if len(at.out) > 0 {
		class.Remarks = append(class.Remarks, "left out, because their names lead out of the archive: "+list(at.out))
	}
	if len(dotted) > 0 {
		class.Remarks = append(class.Remarks, fmt.Sprintf("left out, because the name begins with a dot (%d): %s", len(dotted), list(dotted)))
	}
	class.nameApart()
	return class, nil
}

func (c *Class) leaveOut(names []string, why string) {
	for _, name := range names {
		c.LeftOut = append(c.LeftOut, grader.LeftOut{Name: name, Why: why})
	}
}

// lost is a file that an archive has, but that could not be taken out.
type lost string

func (l lost) Name() string               { return string(l) }
func (l lost) IsDir() bool                { return false }
func (l lost) Type() fs.FileMode          { return fs.ModeIrregular }
func (l lost) Info() (fs.FileInfo, error) { return nil, fs.ErrNotExist }

// blame tells the entries of what could not be taken out of the class's archive.
func (c *Class) blame(at place) {
	for i := range c.Entries {
		e := &c.Entries[i]
		for _, p := range e.pieces {
			own, err := filepath.Rel(at.dir, p.path)
			for name, wrong := range at.wrong {
				if err == nil && e.Problem == nil && (name == own || strings.HasPrefix(name, own+"/")) {
					e.Problem = wrong
				}
			}
		}
	}
}

// nameApart sorts the entries and gives those of the same name something that tells them apart.
func (c *Class) nameApart() {
	called := map[string]int{}
	for _, e := range c.Entries {
		called[e.Name]++
	}
	taken := map[string]bool{}
	for i := range c.Entries {
		e := &c.Entries[i]
		if called[e.Name] > 1 {
			if e.Student.ID != "" {
				e.Name += " (" + e.Student.ID + ")"
			} else {
				e.Name = filepath.Base(e.Path)
			}
		}
		for name, n := e.Name, 2; taken[e.Name]; n++ {
			e.Name = fmt.Sprintf("%s #%d", name, n)
		}
		taken[e.Name] = true
	}
	base := bases()
	keys := map[string]string{}
	for name := range taken {
		keys[name] = unmarked(fold(name), base)
	}
	slices.SortFunc(c.Entries, func(a, b Entry) int {
		return cmp.Or(grader.Natural(keys[a.Name], keys[b.Name]), grader.Natural(a.Name, b.Name))
	})
}
