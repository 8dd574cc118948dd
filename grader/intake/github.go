package intake

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"pocket/grader"
)

// fitsGitHub wants at least two clones, and nothing else, whose names begin alike up to a "-".
func fitsGitHub(dir string, entries []fs.DirEntry) bool {
	for _, e := range entries {
		if _, err := os.Lstat(filepath.Join(dir, e.Name(), ".git")); err != nil || !e.IsDir() {
			return false
		}
	}
	return len(entries) > 1 && assignment(entries) != ""
}

// assignment is what all names begin with, up to and with a "-".
func assignment(entries []fs.DirEntry) string {
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	if len(names) == 0 {
		return ""
	}
	first, last := slices.Min(names), slices.Max(names)
	i := 0
	for i < len(first) && i < len(last) && first[i] == last[i] {
		i++
	}
	return first[:strings.LastIndex(first[:i], "-")+1]
}

func readGitHub(at place, entries []fs.DirEntry) (*Class, error) {
	class := &Class{}
	prefix := assignment(entries)
	var strays []fs.DirEntry
	for _, e := range entries {
		login := strings.TrimPrefix(e.Name(), prefix)
		if !e.IsDir() || login == "" {
			strays = append(strays, e)
			continue
		}
		class.Entries = append(class.Entries, Entry{
			Name: login, Path: filepath.Join(at.shown, e.Name()), Student: grader.Student{Name: login},
			keys:   keys{logins: []string{login}, any: []string{login}},
			pieces: []piece{{path: filepath.Join(at.dir, e.Name())}},
		})
	}
	class.strays(at, GitHub, strays)
	return class, nil
}
