package suite

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"pocket/grader"
)

// volumes reads what a case sees read-only: a mapping HOST: TARGET, or a list of such mappings or of
// docker's HOST:TARGET. They come to those that there are already.
func (d *document) volumes(v value, all []grader.Volume) []grader.Volume {
	if v.kind() == yaml.MappingNode {
		return v.mounts(all)
	}
	if v.kind() != yaml.SequenceNode {
		v.wrong("must be a mapping (FOLDER: /TARGET), not %s", v.shown())
		return all
	}
	items, _ := v.list()
	for _, item := range items {
		if item.kind() == yaml.MappingNode {
			all = item.mounts(all)
			continue
		}
		if text, ok := item.text(); ok {
			all = item.bind(all, text)
		}
	}
	return all
}

// bind reads docker's HOST:TARGET, which may end in :ro.
func (v value) bind(all []grader.Volume, text string) []grader.Volume {
	host, target, ok := strings.Cut(strings.TrimSuffix(text, ":ro"), ":")
	switch {
	case !ok:
		v.wrong("%s is not HOST:TARGET", quote(text))
		return all
	case strings.HasSuffix(target, ":rw"):
		v.wrong("%s is not read-only, as every volume is (leave out :rw)", quote(text))
		return all
	}
	return v.mount(all, host, target)
}

func (v value) mounts(all []grader.Volume) []grader.Volume {
	for host, part := range v.pairs() {
		if target, ok := part.text(); ok {
			all = part.mount(all, host, target)
		}
	}
	return all
}

// mount appends the volume that has no mistake.
func (v value) mount(all []grader.Volume, host, target string) []grader.Volume {
	if what := pathMistake(host); what != "" {
		v.wrong("%s %s", quote(host), what)
		return all
	}
	file, mode, ok := v.existing(host)
	if !ok {
		return all
	}
	if !mode.IsDir() && !mode.IsRegular() {
		v.wrong("%s is neither a folder nor a file", quote(host))
		return all
	}
	if what := targetMistake(target); what != "" {
		v.wrong("%s %s", quote(target), what)
		return all
	}
	target = path.Clean(target)
	for _, other := range all {
		if below(other.Target, target) || below(target, other.Target) {
			v.wrong("%s clashes with the volume at %s", quote(target), other.Target)
			return all
		}
	}
	return append(all, grader.Volume{Host: file, Target: target})
}

// reserved are the folders of a sandbox that a volume would hide or that would hide the volume.
var reserved = []string{"/submission", "/build", "/work", "/proc", "/dev"}

func targetMistake(target string) string {
	switch {
	case !strings.HasPrefix(target, "/"):
		return "is not absolute (did you mean " + path.Join("/", target) + "?)"
	case slices.Contains(strings.Split(target, "/"), ".."):
		return "contains .."
	case path.Clean(target) == "/":
		return "is the root itself"
	case strings.ContainsRune(target, 0):
		return "contains a NUL character"
	}
	for _, r := range reserved {
		if below(r, path.Clean(target)) {
			return "clashes with the sandbox's own " + r
		}
	}
	return ""
}

// below reports whether file is folder or lies in it. Both are clean.
func below(folder, file string) bool {
	return file == folder || strings.HasPrefix(file, strings.TrimSuffix(folder, "/")+"/")
}

// Database is the name of the file in a suite's folder that keeps results, unless they lie elsewhere. What
// is stored of a wrong output tells the answer.
const Database = "pocket-grade.db"

// databases are the names that SQLite and we give to the files of a database (sqlite.org/tempfiles.html).
var databases = []string{Database, Database + "-wal", Database + "-shm", Database + "-journal", Database + "-lock"}

// ShardDatabase is the name of that file where it keeps the results of one shard of several.
func ShardDatabase(number, of int) string {
	return fmt.Sprintf("pocket-grade-%d-of-%d.db", number, of)
}

// ShardDatabases are the files of shards' databases in a folder, with its path.
func ShardDatabases(dir string) (all []string) {
	entries, err := os.ReadDir(dir)
	if err != nil { // then nothing in it can be told from what is no database
		return nil
	}
	for _, e := range entries {
		if match, err := path.Match("pocket-grade-*-of-*.db*", e.Name()); err == nil && match {
			all = append(all, filepath.Join(dir, e.Name()))
		}
	}
	return all
}

// hide fills in what of the volumes no program may read.
func (d *document) hide(s *grader.Suite, entries []entry) {
	var more []string
	for _, tool := range d.tools {
		more = append(more, regular(tool)...)
	}
	if s.Submissions != "" {
		more = append(more, regular(s.Submissions)...)
	}
	hidden := newMasks(s.File, entries, more)
	for _, e := range entries {
		hidden.apply(e)
	}
}

// regular is a file, or all regular files below a folder.
func regular(path string) []string {
	var all []string
	_ = filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() { // what cannot be listed cannot be read by a program either
			all = append(all, file)
		}
		return nil
	})
	return all
}

// masks finds which files of a mounted folder no program may read: all answers of the suite, not only
// those of the case, the suite's own file, which may hold answers, the sources of checkers, interactors and
// reference submissions, and a database of results beside the suite.
type masks struct {
	secret []string            // real paths
	of     map[string][]string // host path: what to mask in it, relative to it
}

func newMasks(file string, entries []entry, more []string) *masks {
	m := &masks{of: map[string][]string{}}
	seen := map[string]bool{}
	secret := append([]string{file}, more...)
	for _, name := range databases {
		secret = append(secret, filepath.Join(filepath.Dir(file), name))
	}
	secret = append(secret, ShardDatabases(filepath.Dir(file))...)
	for _, e := range entries {
		secret = append(secret, e.Answer.Path)
	}
	for _, file := range secret {
		if file == "" || seen[file] {
			continue
		}
		seen[file] = true
		real, err := filepath.EvalSymlinks(file)
		if err != nil {
			continue
		}
		if info, err := os.Stat(real); err == nil && info.Mode().IsRegular() {
			m.secret = append(m.secret, real)
		}
	}
	slices.Sort(m.secret)
	m.secret = slices.Compact(m.secret)
	return m
}

// apply fills in the masks of an entry's volumes.
func (m *masks) apply(e entry) {
	for i, volume := range e.Volumes {
		if _, known := m.of[volume.Host]; !known {
			m.of[volume.Host] = m.within(volume.Host)
		}
		e.Volumes[i].Masks = m.of[volume.Host]
		if slices.Contains(m.of[volume.Host], ".") {
			host, _ := filepath.Rel(e.volume.doc.dir, volume.Host)
			e.volume.wrong("%s is an answer, the suite itself, its results, or a program that knows the answer", quote(host))
		}
	}
}

func (m *masks) within(host string) []string {
	real, err := filepath.EvalSymlinks(host)
	if err != nil {
		return nil
	}
	var found []string
	for _, secret := range m.secret {
		if !below(real, secret) {
			continue
		}
		if relative, err := filepath.Rel(real, secret); err == nil {
			found = append(found, relative)
		}
	}
	return found
}
