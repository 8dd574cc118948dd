package intake

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"pocket/grader"
	"pocket/runtime/hint"
	"pocket/runtime/resource"
)

// Roster is the students of a class.
type Roster struct {
	File     string // as it was given
	students []enrolled
}

// enrolled is one line of a roster.
type enrolled struct {
	grader.Student
	line   int
	ids    []string // all numbers that stand for this student
	logins []string
}

// maxRoster bounds a roster's file.
const maxRoster = 64 * resource.MiB

// ReadRoster reads a CSV file whose first line names the columns; see columns.go for the names that are known.
// Commas, semicolons and tabs separate, text is UTF-8 or UTF-16 with a byte order mark. Errors name the file
// and the line; all that are found are returned, joined.
func ReadRoster(path string) (*Roster, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, hint.With(fmt.Errorf("roster: %w", err), "name a CSV file with a column for names, ids or logins")
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, int64(maxRoster)+1))
	if err == nil && resource.Size(len(text)) > maxRoster {
		err = fmt.Errorf("more than %s", maxRoster.Human())
	}
	if err != nil {
		return nil, fmt.Errorf("roster %s: %w", path, err)
	}
	return parseRoster(path, text)
}

func parseRoster(path string, raw []byte) (*Roster, error) {
	text, err := decoded(raw)
	if err != nil {
		return nil, fmt.Errorf("roster %s: %w", path, err)
	}
	r := &Roster{File: path}
	in := csv.NewReader(strings.NewReader(text))
	in.Comma, in.FieldsPerRecord = delimiter(text), -1
	header, err := in.Read()
	if err == io.EOF {
		return nil, r.mistake(1, errors.New("the roster is empty"), "it needs a line that names the columns, and one for each student")
	}
	if err != nil {
		return nil, r.malformed(err)
	}
	line, _ := in.FieldPos(0)
	columns, err := recogniseColumns(header)
	if err != nil {
		return nil, fmt.Errorf("%s:%d: %w", path, line, err)
	}
	for {
		record, err := in.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, r.malformed(err)
		}
		line, _ := in.FieldPos(0)
		if s, ok := columns.student(record); ok {
			s.line = line
			r.students = append(r.students, s)
		}
	}
	if len(r.students) == 0 {
		return nil, r.mistake(line, errors.New("the roster has no students"), "it needs a line for each student below the first one")
	}
	return r, r.twice()
}

// mistake places an error in the roster's file.
func (r *Roster) mistake(line int, err error, format string, args ...any) error {
	return hint.With(fmt.Errorf("%s:%d: %w", r.File, line, err), format, args...)
}

func (r *Roster) malformed(err error) error {
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return r.mistake(parse.StartLine, parse.Err, `put quotes around the whole of a field, and double those inside: "a ""b"""`)
	}
	return fmt.Errorf("roster %s: %w", r.File, err)
}

// decoded is a file's text, without a byte order mark and with lines that end in "\n".
func decoded(raw []byte) (string, error) {
	switch {
	case bytes.HasPrefix(raw, []byte("\xff\xfe")), bytes.HasPrefix(raw, []byte("\xfe\xff")):
		raw = fromUTF16(raw)
	}
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(raw) {
		good := raw[:validUpTo(raw)]
		err := fmt.Errorf("line %d is not UTF-8", 1+bytes.Count(good, []byte("\n")))
		return "", hint.With(err, `save it as "CSV UTF-8"`)
	}
	if bytes.ContainsRune(raw, 0) {
		return "", hint.With(errors.New("not a text"), "save it as CSV")
	}
	if !bytes.Contains(raw, []byte("\n")) { // as spreadsheets of old Macs ended lines
		raw = bytes.ReplaceAll(raw, []byte("\r"), []byte("\n"))
	}
	return string(raw), nil
}

func validUpTo(raw []byte) int {
	for i := 0; i < len(raw); {
		r, size := utf8.DecodeRune(raw[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(raw)
}

func fromUTF16(raw []byte) []byte {
	var units []uint16
	for i := 2; i+1 < len(raw); i += 2 {
		low, high := raw[i], raw[i+1]
		if raw[0] == 0xfe {
			low, high = high, low
		}
		units = append(units, uint16(high)<<8|uint16(low))
	}
	return []byte(string(utf16.Decode(units)))
}

// delimiter is what separates the columns in the first line, outside of quotes.
func delimiter(text string) rune {
	counts := map[rune]int{}
	quoted := false
	for _, r := range text {
		if r == '"' {
			quoted = !quoted
		}
		if r == '\n' && !quoted {
			break
		}
		if !quoted {
			counts[r]++
		}
	}
	best := ','
	for _, r := range ";\t" {
		if counts[r] > counts[best] {
			best = r
		}
	}
	return best
}

// twice refuses what leaves open who is who: two lines with the same id, login or address, or with the same
// name where nothing else tells them apart.
func (r *Roster) twice() error {
	var all []error
	seen := map[string]int{}
	for i, s := range r.students {
		for _, key := range s.unique() {
			before, ok := seen[key.kind+"\x00"+key.value]
			if !ok {
				seen[key.kind+"\x00"+key.value] = i
				continue
			}
			err := fmt.Errorf("%s %s is also in line %d", key.kind, printable(key.shown), r.students[before].line)
			all = append(all, r.mistake(s.line, err, "leave one of the lines out, or correct them"))
			break
		}
	}
	return errors.Join(all...)
}

// key is something that no two students may share.
type key struct{ kind, value, shown string }

func (s enrolled) unique() []key {
	var keys []key
	for _, id := range s.ids {
		keys = append(keys, key{"id", fold(id), id})
	}
	for _, login := range s.logins {
		keys = append(keys, key{"login", fold(login), login})
	}
	if s.Email != "" {
		keys = append(keys, key{"address", fold(s.Email), s.Email})
	}
	if len(keys) == 0 {
		keys = append(keys, key{"name", anyOrder(s.Name), s.Name})
	}
	return keys
}
