package suite

import (
	"path"
	"strings"
)

// name names the entries that are named after files: with the file's base name, where that is taken with
// its folder before it, and where that is taken too with its whole path. Names taken twice are mistakes.
func name(entries []entry) {
	for level := range 3 {
		taken := map[string]int{}
		for i, e := range entries {
			if e.input != "" && level == 0 {
				entries[i].Name = fileName(e.input, level)
			}
			taken[entries[i].Name]++
		}
		for i, e := range entries {
			if e.input != "" && taken[e.Name] > 1 {
				entries[i].Name = fileName(e.input, level)
			}
		}
	}
	lines := map[string]int{}
	for _, e := range entries {
		if e.Name == "" {
			continue
		}
		if line, again := lines[e.Name]; again {
			e.at.wrong("%s is already the name of the case in line %d", quote(e.Name), line)
			continue
		}
		lines[e.Name] = e.Line
		e.checkFileName()
	}
}

func (e entry) checkFileName() {
	if e.input == "" {
		return
	}
	for part := range strings.SplitSeq(e.Name, "/") {
		if what := nameMistake(part); what != "" {
			e.at.wrong("the case's name %s, from its file, %s", quote(e.Name), what)
			return
		}
	}
}

// fileName makes a name of an input file's path: "in", "a/in" or "cases/a/in".
func fileName(input string, level int) string {
	folder, base := path.Split(path.Clean(input))
	base = strings.TrimSuffix(base, path.Ext(base))
	folder = strings.TrimSuffix(folder, "/")
	switch {
	case level == 0 || folder == "":
		return base
	case level == 1:
		return path.Base(folder) + "/" + base
	}
	return folder + "/" + base
}
