// Package suite reads and validates a YAML suite, with the file and line of every mistake.
//
// Decoding is strict: what it does not know it reports, and it reports everything at once.
package suite

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"gopkg.in/yaml.v3"

	"pocket/grader"
	"pocket/runtime/hint"
)

// File is the name that a suite's description has in its folder.
const File = "suite.yaml"

// largest is how long a suite.yaml may be. Its inputs and answers can lie in files of any length.
const largest = 4 << 20

// Known returns the names of the languages that are known, with those that a file defines; the file is absolute,
// and "" where the suite names none. Without names, any will do.
type Known func(file string) ([]string, error)

// Load reads the suite at path: its folder or its YAML file. The suite's languages must be among the known
// ones; nil allows any. Every file that the suite names exists when Load returns, and the
// limits and comparison of each case are complete. An error of type Errors lists the mistakes in the
// suite; any other says that there is no suite to read.
func Load(path string, languages Known) (*grader.Suite, error) {
	file, err := locate(path)
	if err != nil {
		return nil, hint.With(fmt.Errorf("reading suite %s: %w", path, cause(err)),
			"name a folder with a %s, or the YAML file itself", File)
	}
	text, err := read(file)
	if err != nil {
		return nil, fmt.Errorf("reading suite %s: %w", file, cause(err))
	}
	absolute, err := filepath.Abs(file)
	if err != nil {
		return nil, fmt.Errorf("reading suite %s: %w", file, err)
	}
	return parse(source{file: file, absolute: absolute, languages: languages}, text)
}

// locate returns the YAML file that path means.
func locate(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		return path, err
	}
	file := filepath.Join(path, File)
	_, err = os.Stat(file)
	return file, err
}

func read(file string) ([]byte, error) {
	f, err := os.OpenFile(file, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a FIFO must not keep us waiting for a writer
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(err, errors.New("not a regular file"))
	}
	text, err := io.ReadAll(io.LimitReader(f, largest+1))
	if len(text) > largest {
		return nil, hint.With(errors.New("longer than 4MiB"), "put long inputs and answers into files: input-file, answer-file")
	}
	return text, err
}

// cause drops the system call and the path from an error whose context names the path already.
func cause(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// source is where a suite comes from.
type source struct {
	file      string // as the user gave it; mistakes name it
	absolute  string
	languages Known
}

// parse reads a suite from text. Its error, if any, is of type Errors.
func parse(from source, text []byte) (*grader.Suite, error) {
	doc := &document{file: from.file, dir: filepath.Dir(from.absolute), made: map[remark]bool{}}
	root := doc.decode(text)
	if root == nil {
		return nil, doc.sorted()
	}
	s := doc.suite(value{doc: doc, node: root}, from)
	if len(doc.mistakes) > 0 {
		return nil, doc.sorted()
	}
	return s, nil
}

var suiteKeys = keys{
	known: slices.Concat([]string{"version", "name", "description", "rootfs", "languages", "language-file"}, settingKeys,
		[]string{"points", "visibility", "stop-early", "submissions", "groups", "cases"}),
	elsewhere: map[string]string{
		"score":    "to a group: groups: {NAME: {score: all}}",
		"requires": "to a group: groups: {NAME: {requires: [sample]}}",
	},
}

// submissionsFolder is where reference submissions lie unless the suite says otherwise.
const submissionsFolder = "submissions"

func (d *document) suite(v value, from source) *grader.Suite {
	f, ok := v.fields(suiteKeys)
	if !ok {
		return nil
	}
	s := &grader.Suite{Dir: d.dir, File: from.absolute}
	d.version(v, f)
	s.Name = d.suiteName(v, f)
	if text, ok := f.get("description"); ok {
		s.Description, _ = text.text()
	}
	s.RootFS = d.rootfs(f)
	s.LanguageFile = d.languageFile(f, from.languages)
	s.Languages = d.languages(f)
	s.Submissions = d.submissions(f)
	if early, ok := f.get("stop-early"); ok {
		s.StopEarly = early.boolean()
	}
	base := d.settings(f, settings{compare: grader.Compare{Mode: grader.Lines}, points: 1, visibility: grader.Visible})
	if points, ok := f.get("points"); ok {
		base.points, _ = points.number()
	}
	s.Limits = complete(base.limits)
	groups := d.groups(f, base)
	entries := d.cases(v, f, base, groups)
	s.Groups = groups.checked(entries)
	d.hide(s, entries)
	for _, e := range entries {
		s.Cases = append(s.Cases, e.Case)
	}
	return s
}

// submissions finds the folder of reference submissions, which need not be there unless it is named.
func (d *document) submissions(f fields) string {
	v, ok := f.get("submissions")
	if !ok {
		folder := filepath.Join(d.dir, submissionsFolder)
		if about, err := os.Stat(folder); err != nil || !about.IsDir() {
			return ""
		}
		return folder
	}
	text, ok := v.inside()
	if !ok {
		return ""
	}
	folder, mode, ok := v.existing(text)
	if ok && !mode.IsDir() {
		v.wrong("%s is not a folder", quote(text))
	}
	return folder
}

func (d *document) version(v value, f fields) {
	version, ok := f.get("version")
	switch {
	case f.lacks("version"):
		v.under("version").wrong(`missing (write "version: 1")`)
	case ok && (version.kind() != yaml.ScalarNode || version.real().Value != "1"):
		version.wrong("%s is not a version of the format that is known (write 1)", version.shown())
	}
}

func (d *document) suiteName(v value, f fields) string {
	if f.lacks("name") {
		v.under("name").wrong("missing")
	}
	part, ok := f.get("name")
	if !ok {
		return ""
	}
	name, _ := part.name()
	return name
}

// languageFile reads the name of a file that defines languages, and makes them known.
func (d *document) languageFile(f fields, known Known) string {
	file := ""
	v, named := f.get("language-file")
	if named {
		file = v.file()
	}
	if known == nil || named && file == "" {
		return file
	}
	names, err := known(file)
	if err != nil && named {
		v.wrong("%s", strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	d.known = names
	return file
}

// languages reads the languages that may be handed in.
func (d *document) languages(f fields) []string {
	v, ok := f.get("languages")
	if !ok {
		return nil
	}
	items, ok := v.list()
	if ok && len(items) == 0 {
		v.wrongKey("empty: nothing could be handed in (leave it out for every known language)")
	}
	var names []string
	for _, item := range items {
		name, ok := item.text()
		switch {
		case !ok:
		case !d.knows(item, name):
		case slices.Contains(names, name):
			item.wrong("%s is listed twice", quote(name))
		default:
			names = append(names, name)
		}
	}
	return names
}

// knows notes that a language is not a known one.
func (d *document) knows(v value, name string) bool {
	if len(d.known) == 0 || slices.Contains(d.known, name) {
		return true
	}
	v.wrong("%s is not a known language %s", quote(name), meant(name, d.known))
	return false
}
