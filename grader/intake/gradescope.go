package intake

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"

	"gopkg.in/yaml.v3"

	"pocket/grader"
	"pocket/runtime/hint"
	"pocket/runtime/resource"
)

// metadata is the file of Gradescope's export that says who handed in what, with a key for each folder. Its
// keys are Ruby's symbols.
const metadata = "submission_metadata.yml"

// maxMetadata bounds it: it holds the results of each submission too.
const maxMetadata = 128 * resource.MiB

// handedIn is what metadata has of a submission, as far as it matters here.
type handedIn struct {
	Submitters []struct {
		Name  string `yaml:":name"`
		SID   string `yaml:":sid"`
		Email string `yaml:":email"`
	} `yaml:":submitters"`
}

// gradescopeFolder is the name of a submission's folder in an export.
var gradescopeFolder = regexp.MustCompile(`^submission_\d+$`)

// looksGradescope takes nothing for Gradescope's where its metadata are missing.
func looksGradescope(e fs.DirEntry, among []fs.DirEntry) bool {
	if e.Name() == metadata {
		return !e.IsDir()
	}
	return e.IsDir() && gradescopeFolder.MatchString(e.Name()) &&
		slices.ContainsFunc(among, func(o fs.DirEntry) bool { return o.Name() == metadata && !o.IsDir() })
}

// readGradescope makes an entry for each submitter: those who handed in together each have the result.
func readGradescope(at place, entries []fs.DirEntry) (*Class, error) {
	all, err := readMetadata(filepath.Join(at.dir, metadata))
	if err != nil {
		return nil, err
	}
	class := &Class{}
	var strays []fs.DirEntry
	for _, e := range entries {
		if e.Name() == metadata {
			continue
		}
		if by, ok := all[e.Name()]; ok && len(by.Submitters) > 0 {
			class.submitted(at, e.Name(), by, nil)
		} else {
			strays = append(strays, e)
		}
		delete(all, e.Name())
	}
	for name, by := range all {
		class.submitted(at, name, by, errors.New("the export has nothing of it"))
	}
	class.strays(at, Gradescope, strays)
	return class, nil
}

func (c *Class) submitted(at place, name string, by handedIn, problem error) {
	for _, s := range by.Submitters {
		called := s.Name
		if called == "" {
			called = name
		}
		e := Entry{
			Name: called, Path: filepath.Join(at.shown, name), Problem: problem,
			Student: grader.Student{ID: s.SID, Name: s.Name, Email: s.Email},
			keys:    keys{ids: []string{s.SID}, emails: []string{s.Email}, names: []string{s.Name}},
		}
		if problem == nil {
			e.pieces = []piece{{path: filepath.Join(at.dir, name)}}
		}
		c.Entries = append(c.Entries, e)
	}
}

func readMetadata(path string) (map[string]handedIn, error) {
	f, size, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if resource.Size(size) > maxMetadata {
		return nil, fmt.Errorf("%s has more than %s", metadata, maxMetadata.Human())
	}
	text, err := io.ReadAll(io.LimitReader(f, int64(maxMetadata)))
	if err != nil {
		return nil, err
	}
	all := map[string]handedIn{}
	if err := yaml.Unmarshal(text, &all); err != nil {
		return nil, hint.With(fmt.Errorf("%s: %w", metadata, err), "export the submissions again, or use --layout plain")
	}
	return all, nil
}
