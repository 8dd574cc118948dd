package intake

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"pocket/grader"
)

// index finds students by what is known of them; a key may be that of several.
type index map[string][]int

func (x index) add(key string, student int) {
	if key != "" && !slices.Contains(x[key], student) {
		x[key] = append(x[key], student)
	}
}

// directory is a roster's indices.
type directory struct{ ids, logins, emails, locals, ordered, unordered, squeezed index }

func (r *Roster) directory() directory {
	d := directory{index{}, index{}, index{}, index{}, index{}, index{}, index{}}
	for i, s := range r.students {
		for _, id := range s.ids {
			d.ids.add(fold(id), i)
			d.ids.add(participant(id), i)
		}
		for _, login := range s.logins {
			d.logins.add(fold(login), i)
			d.add(login, i)
		}
		d.add(s.Email, i)
		d.ordered.add(inOrder(s.Name), i)
		d.unordered.add(anyOrder(s.Name), i)
		for _, key := range squeezed(s.Name) {
			d.squeezed.add(key, i)
		}
	}
	return d
}

// add files an address, which logins often are too.
func (d directory) add(address string, student int) {
	d.emails.add(fold(address), student)
	if local, _, ok := strings.Cut(fold(address), "@"); ok {
		d.locals.add(local, student)
	}
}

// participant is a key for Moodle's "Participant 123", in whatever language, which is no student's number;
// "" where an id is none.
func participant(id string) string {
	word, number, ok := strings.Cut(id, " ")
	if !ok || word == "" || number == "" || strings.Trim(number, "0123456789") != "" {
		return ""
	}
	return moodleParticipant(number)
}

// moodleParticipant is the key of the number that Moodle's exports have.
func moodleParticipant(number string) string { return "participant " + number }

// find returns the students that an entry may be of. Numbers of a platform can be those of others elsewhere:
// a name that says otherwise counts more, and where several have that name the number decides.
func (d directory) find(k keys) []int {
	byKey := lookUp(k.ids, fold, d.ids)
	for _, more := range [][]int{lookUp(k.logins, fold, d.logins), lookUp(k.emails, fold, d.emails), lookUp(k.any, fold, d.ids, d.logins, d.emails, d.locals)} {
		if len(byKey) == 0 {
			byKey = more
		}
	}
	byName := d.named(slices.Concat(k.names, k.any))
	both := slices.DeleteFunc(slices.Clone(byName), func(i int) bool { return !slices.Contains(byKey, i) })
	switch {
	case len(both) > 0:
		return both
	case len(byName) > 0 && len(k.names) > 0 || len(byKey) == 0:
		return byName
	}
	return byKey
}

// named finds by name: the words in order, in any order, without blanks.
func (d directory) named(names []string) []int {
	if found := lookUp(names, inOrder, d.ordered); len(found) > 0 {
		return found
	}
	if found := lookUp(names, anyOrder, d.unordered); len(found) > 0 {
		return found
	}
	return lookUp(names, func(s string) string { return strings.Join(words(s), "") }, d.squeezed)
}

// lookUp returns what the first key finds that finds any, in the first index that has it.
func lookUp(keys []string, as func(string) string, in ...index) []int {
	for _, x := range in {
		for _, k := range keys {
			if found := x[as(k)]; len(found) > 0 {
				return found
			}
		}
	}
	return nil
}

// Match tells each entry of the class who it is of, by id, login, address or name, and returns the students
// of whom nothing was handed in, in the roster's order. Whom nothing tells apart is told in the class's
// remarks, and counts neither as found nor as missing.
func (r *Roster) Match(c *Class) (missing []grader.Student) {
	d := r.directory()
	by := map[int][]string{}
	unclear := map[int]bool{}
	var strangers []string
	for i := range c.Entries {
		e := &c.Entries[i]
		found := d.find(e.keys)
		switch len(found) {
		case 0:
			strangers = append(strangers, printable(e.Name))
		case 1:
			e.Student, e.Enrolled = r.students[found[0]].Student, true
			by[found[0]] = append(by[found[0]], printable(filepath.Base(e.Path)))
		default:
			c.Remarks = append(c.Remarks, r.ambiguous(e.Name, found))
			for _, student := range found {
				unclear[student] = true
			}
		}
	}
	if len(strangers) > 0 {
		c.Remarks = append(c.Remarks, fmt.Sprintf("not on the roster: %s", list(strangers)))
	}
	for i, s := range r.students {
		if len(by[i]) > 1 {
			c.Remarks = append(c.Remarks, fmt.Sprintf("%s handed in more than once, each is graded: %s", printable(s.Name), list(by[i])))
		}
		if len(by[i]) == 0 && !unclear[i] {
			missing = append(missing, s.Student)
		}
	}
	return missing
}

func (r *Roster) ambiguous(name string, found []int) string {
	var lines []string
	for _, i := range found {
		s := r.students[i]
		text := fmt.Sprintf("line %d", s.line)
		if id := firstOf(s.ID, s.Email); id != "" {
			text += " with " + printable(id)
		}
		lines = append(lines, text)
	}
	return fmt.Sprintf("%s may be any of %d students of the roster (%s): name the submission by id", printable(name), len(found), list(lines))
}
