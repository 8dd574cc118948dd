package intake

import (
	"fmt"
	"strings"
	"unicode"

	"pocket/runtime/hint"
)

// column is what a roster's column holds.
type column int

const (
	idColumn column = iota
	loginColumn
	emailColumn
	nameColumn
	firstColumn
	lastColumn
	sectionColumn
)

// columnNames are the headers that are known, in lower case and without blanks and punctuation: what people
// write, and those of the exports of Canvas' gradebook (Student, ID, SIS User ID, SIS Login ID, Section),
// Moodle's gradebook, participants and grading worksheet (First name, Last name, ID number, Email address,
// Identifier, Full name), Gradescope's roster (First Name, Last Name, SID, Email), GitHub Classroom's
// (identifier, github_username, name) and Brightspace's (OrgDefinedId, Username).
var columnNames = map[string]column{
	"id": idColumn, "studentid": idColumn, "idnumber": idColumn, "sisuserid": idColumn, "sid": idColumn, "userid": idColumn,
	"studentnumber": idColumn, "number": idColumn, "matriculationnumber": idColumn, "matrikelnummer": idColumn, "nr": idColumn,
	"orgdefinedid": idColumn, "identifier": idColumn, "participant": idColumn, "integrationid": idColumn,
	"login": loginColumn, "loginid": loginColumn, "sisloginid": loginColumn, "username": loginColumn, "user": loginColumn,
	"githubusername": loginColumn, "github": loginColumn, "githublogin": loginColumn, "netid": loginColumn, "account": loginColumn,
	"email": emailColumn, "emailaddress": emailColumn, "mail": emailColumn, "emailadresse": emailColumn,
	"name": nameColumn, "student": nameColumn, "fullname": nameColumn, "studentname": nameColumn, "displayname": nameColumn,
	"firstname": firstColumn, "first": firstColumn, "givenname": firstColumn, "vorname": firstColumn, "givennames": firstColumn,
	"lastname": lastColumn, "last": lastColumn, "surname": lastColumn, "familyname": lastColumn, "nachname": lastColumn,
	"section": sectionColumn, "sections": sectionColumn, "group": sectionColumn, "groups": sectionColumn, "class": sectionColumn,
}

// known lists headers for a hint.
func known() string { return "id, name, first name and last name, login or email" }

// columns has for each column of a file what it holds; those that do not matter are missing.
type columns map[int]column

func recogniseColumns(header []string) (columns, error) {
	found := columns{}
	tells := false
	at := map[string]int{}
	for i, title := range header {
		key := strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				return r
			}
			return -1
		}, fold(title))
		if kind, ok := columnNames[key]; ok {
			if before, twice := at[key]; twice {
				err := fmt.Errorf("column %d (%s) is called like column %d", i+1, printable(strings.TrimSpace(title)), before+1)
				return nil, hint.With(err, "leave one of them out, or rename it")
			}
			at[key] = i
			found[i] = kind
			tells = tells || kind != sectionColumn
		}
	}
	if tells {
		return found, nil
	}
	var titles []string
	for _, title := range header {
		titles = append(titles, printable(strings.TrimSpace(title)))
	}
	return nil, hint.With(fmt.Errorf("no column tells who a student is; the columns are %s", list(titles)), "name a column %s", known())
}

// student is who a line is about; false where it is about nobody: blank lines, and those that Canvas' gradebook
// puts below its header ("Points Possible", "Manual Posting") and at its end ("Student, Test").
func (c columns) student(record []string) (enrolled, bool) {
	var s enrolled
	var first, last string
	for i, value := range record {
		value = composed(strings.Join(strings.Fields(value), " "))
		kind, ok := c[i]
		if !ok || value == "" {
			continue
		}
		switch kind {
		case idColumn:
			s.ids = append(s.ids, value)
		case loginColumn:
			s.logins = append(s.logins, value)
		case emailColumn:
			s.Email = value
		case nameColumn:
			s.Name = value
		case firstColumn:
			first = value
		case lastColumn:
			last = value
		case sectionColumn:
			s.Section = value
		}
	}
	if s.Name == "" {
		s.Name = strings.TrimSpace(first + " " + last)
	}
	if s.Name == "Points Possible" || s.Name == "Student, Test" {
		return s, false
	}
	s.ids = withoutTwins(s.ids)
	return s.called(), s.Name != "" || s.Email != "" || len(s.ids)+len(s.logins) > 0
}

// withoutTwins leaves out what is there already: Canvas' and another system's number may be the same.
func withoutTwins(ids []string) []string {
	var all []string
	seen := map[string]bool{}
	for _, id := range ids {
		if !seen[fold(id)] {
			seen[fold(id)] = true
			all = append(all, id)
		}
	}
	return all
}

// called fills in what reports show.
func (s enrolled) called() enrolled {
	switch {
	case len(s.ids) > 0:
		s.ID = s.ids[0]
	case len(s.logins) > 0:
		s.ID = s.logins[0]
	}
	if last, first, ok := strings.Cut(s.Name, ","); ok && strings.TrimSpace(first) != "" {
		s.Name = strings.TrimSpace(first) + " " + strings.TrimSpace(last)
	}
	if s.Name == "" {
		s.Name = firstOf(s.ID, s.Email)
	}
	return s
}

func firstOf(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}
