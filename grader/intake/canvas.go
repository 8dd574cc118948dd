package intake

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

	"pocket/grader"
	"pocket/runtime/hint"
)

// What Canvas' "Download Submissions" makes (lib/content_zipper.rb of its sources): no folders, files
// "lastfirst_LATE_USER_FILE_NAME": the name without blanks and in lower case, LATE only where it was, two
// numbers, the file's own name. Without names, "anon_CODE" stands for name and user. What was typed in or is
// a link ends in "_text.html" and "_link.html".
var (
	canvasFile = regexp.MustCompile(`(?s)^(.*?)(_LATE)?_(\d+)_(\d+)_(.+)$`)
	canvasAnon = regexp.MustCompile(`(?s)^(LATE_)?(anon)_([A-Za-z0-9]+)_(\d+)_(.+)$`)
	canvasText = regexp.MustCompile(`(?s)^(.*?)(_LATE)?_(\d+)_(text|link)\.html$`)
	// canvasAgain is the name of a file that its student had uploaded before: Canvas keeps both.
	canvasAgain = regexp.MustCompile(`(?s)^(.+)-(\d{1,3})(\.[^.]*)?$`)
)

// upload is one file as Canvas names it.
type upload struct {
	student, user string
	late          bool
	number        int64  // grows with time
	name          string // the file's own; "" for a text or a link
}

func parseCanvas(name string) (upload, bool) {
	if m := canvasAnon.FindStringSubmatch(name); m != nil {
		return upload{m[2] + "_" + m[3], m[3], m[1] != "", number(m[4]), m[5]}, true
	}
	if m := canvasFile.FindStringSubmatch(name); m != nil {
		return upload{m[1], m[3], m[2] != "", number(m[4]), m[5]}, true
	}
	if m := canvasText.FindStringSubmatch(name); m != nil {
		return upload{m[1], m[3], m[2] != "", 0, ""}, true
	}
	return upload{}, false
}

// number is a number of any length; one that is too large is the largest.
func number(digits string) int64 {
	n, _ := strconv.ParseInt(digits, 10, 64)
	return n
}

func looksCanvas(e fs.DirEntry, _ []fs.DirEntry) bool {
	_, ok := parseCanvas(e.Name())
	return ok && !e.IsDir()
}

func readCanvas(at place, entries []fs.DirEntry) (*Class, error) {
	class := &Class{}
	var all students
	var typed []string
	var strays []fs.DirEntry
	uploads := map[string][]upload{}
	for _, e := range entries {
		u, ok := parseCanvas(e.Name())
		if !ok || e.IsDir() {
			strays = append(strays, e)
			continue
		}
		key := u.student + "_" + u.user
		entry := all.of(key)
		entry.Name, entry.Late = u.student, entry.Late || u.late
		entry.Student = grader.Student{ID: u.user, Name: u.student}
		entry.keys = keys{ids: []string{u.user}, names: []string{u.student}}
		if entry.Path == "" {
			entry.Path = filepath.Join(at.shown, e.Name())
		}
		if u.name == "" {
			typed = append(typed, printable(u.student))
			continue
		}
		uploads[key] = append(uploads[key], u)
		entry.pieces = append(entry.pieces, piece{path: filepath.Join(at.dir, e.Name()), as: u.name, uploaded: true})
	}
	for _, key := range all.order {
		class.Remarks = append(class.Remarks, all.found[key].latest(uploads[key])...)
	}
	class.Entries = all.entries()
	class.typedIn(typed)
	class.strays(at, Canvas, strays)
	return class, nil
}

func (c *Class) typedIn(names []string) {
	if len(names) > 0 {
		c.Remarks = append(c.Remarks, "texts that were typed in and links are not code and not graded, of "+list(names))
	}
	for i := range c.Entries {
		if e := &c.Entries[i]; len(e.pieces) == 0 {
			err := errors.New("only a text or a link was handed in, and no file")
			e.Problem = hint.With(err, "have the program handed in as a file")
		}
	}
}

// latest keeps of each file the last upload, under the name that the student gave it. Canvas names what is
// uploaded again "main-1.py", then "main-2.py". So main-1.py replaces main.py where both are there. Where all
// of a student's files have such a number it is taken away, unless two would get the same name: part-1.py
// beside part-2.py are two files.
func (e *Entry) latest(uploads []upload) []string {
	again := map[string]string{} // a numbered name → the name without
	plain := map[string]int{}    // a name → how many come to it
	for _, u := range uploads {
		if m := canvasAgain.FindStringSubmatch(u.name); m != nil {
			again[u.name] = m[1] + m[3]
		}
		plain[cmp.Or(again[u.name], u.name)]++
	}
	if len(again) == len(uploads) && len(plain) == len(uploads) {
		for i := range e.pieces {
			e.pieces[i].as = again[e.pieces[i].as]
		}
		return nil
	}
	return e.replace(uploads, again)
}

// replace lets a later upload take the place of an earlier one of the same name.
func (e *Entry) replace(uploads []upload, again map[string]string) []string {
	var remarks []string
	newest := map[string]upload{}
	for _, u := range uploads {
		first := again[u.name]
		if !slices.ContainsFunc(uploads, func(o upload) bool { return o.name == first && o.number < u.number }) {
			first = u.name
		}
		if old, ok := newest[first]; !ok || old.number < u.number {
			newest[first] = u
		}
	}
	var pieces []piece
	for i, u := range uploads {
		for first, last := range newest {
			if last == u {
				e.pieces[i].as = first
				pieces = append(pieces, e.pieces[i])
			}
		}
	}
	if left := len(e.pieces) - len(pieces); left > 0 {
		remarks = append(remarks, fmt.Sprintf("%s: of files that were uploaded again, the latest counts (%d left out)", printable(e.Name), left))
	}
	e.pieces = pieces
	return remarks
}
