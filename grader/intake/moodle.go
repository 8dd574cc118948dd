package intake

import (
	"errors"
	"io/fs"
	"path/filepath"
	"regexp"

	"pocket/grader"
	"pocket/runtime/hint"
)

// What Moodle's "Download all submissions" makes (mod/assign/classes/downloader.php): a folder
// "NAME_ID_assignsubmission_file" for each student, with a "_" at the end in older versions, or without
// folders files "NAME_ID_assignsubmission_file_FILE". NAME is as the site writes names, ID the participant's
// in this assignment, which a team without a group lacks. A text that was typed in has "onlinetext" in place of
// "file".
var (
	moodleFolder = regexp.MustCompile(`(?s)^(.*)_assignsubmission_([a-z]+)()_?$`)
	moodleName   = regexp.MustCompile(`(?s)^(.*?)_assignsubmission_([a-z]+?)(?:_(.*))?$`)
	moodleID     = regexp.MustCompile(`(?s)^(.*)_(\d+)$`)
	moodleOnline = "onlinetext"
)

func looksMoodle(e fs.DirEntry, _ []fs.DirEntry) bool { return moodleName.MatchString(e.Name()) }

func readMoodle(at place, entries []fs.DirEntry) (*Class, error) {
	class := &Class{}
	var all students
	var online []string
	var strays []fs.DirEntry
	for _, e := range entries {
		m := moodleName.FindStringSubmatch(e.Name())
		if e.IsDir() && m != nil { // nothing of its name is a file's: a student's own may have such an end in it
			m = moodleFolder.FindStringSubmatch(e.Name())
		}
		if m == nil {
			strays = append(strays, e)
			continue
		}
		entry := all.of(m[1])
		entry.moodle(at, e.Name(), m[1])
		if m[2] == moodleOnline {
			online = append(online, printable(entry.Name))
			continue
		}
		p := piece{path: filepath.Join(at.dir, e.Name()), uploaded: true}
		if !e.IsDir() {
			p.as = m[3]
		}
		entry.pieces = append(entry.pieces, p)
	}
	class.Entries = all.entries()
	class.textOnly(online)
	class.strays(at, Moodle, strays)
	return class, nil
}

// moodle fills in who handed an entry in.
func (e *Entry) moodle(at place, name, prefix string) {
	if e.Name != "" {
		return
	}
	e.Name, e.Path = prefix, filepath.Join(at.shown, name)
	if m := moodleID.FindStringSubmatch(prefix); m != nil {
		e.Name, e.Student.ID = m[1], m[2]
		e.keys.ids = []string{moodleParticipant(m[2])}
	}
	e.Student = grader.Student{ID: e.Student.ID, Name: e.Name}
	e.keys.names = []string{e.Name}
}

// textOnly says of those who typed a text in that it is not graded, and of those who did nothing else that
// there is nothing to grade.
func (c *Class) textOnly(names []string) {
	if len(names) == 0 {
		return
	}
	c.Remarks = append(c.Remarks, "texts that were typed in (onlinetext.html) are not code and not graded, of "+list(names))
	for i := range c.Entries {
		e := &c.Entries[i]
		if len(e.pieces) == 0 {
			err := errors.New("only a text was typed in, and no file handed in")
			e.Problem = hint.With(err, "have the program handed in as a file")
		}
	}
}
