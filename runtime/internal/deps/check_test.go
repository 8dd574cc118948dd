package deps

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// module is the prefix of our own import paths.
const module = "pocket/"

// source is one Go file as the checks see it.
type source struct {
	Path    string   // from the top of the repository, with slashes
	Imports []string // import paths as written
	Test    bool     // _test.go
	Ignored bool     // "//go:build ignore": a program that belongs to no package
}

// graph is what the code of each package, tests left out, imports: ours without the module's prefix.
func graph(sources []source) map[string][]string {
	g := map[string][]string{}
	for _, s := range sources {
		if s.Test || s.Ignored {
			continue
		}
		dir := path.Dir(s.Path)
		g[dir] = append(g[dir], s.Imports...)
	}
	for dir := range g {
		slices.Sort(g[dir])
		g[dir] = slices.Compact(g[dir])
	}
	return g
}

// checkImports compares the graph with the table of packages.
func checkImports(g map[string][]string, policy table) (mistakes []string) {
	for dir, paths := range g {
		allowed, known := policy[dir]
		if !known {
			mistakes = append(mistakes, fmt.Sprintf("%s: a package without a line in the table", dir))
			continue
		}
		for _, p := range paths {
			if ours, is := strings.CutPrefix(p, module); is && !allows(allowed, ours) {
				mistakes = append(mistakes, fmt.Sprintf("%s imports %s: not in the table", dir, ours))
			}
		}
	}
	for dir := range policy {
		if _, exists := g[dir]; !exists {
			mistakes = append(mistakes, fmt.Sprintf("%s: a line in the table without a package", dir))
		}
	}
	return sorted(mistakes)
}

// checkForeign finds imports of other modules' packages where the table does not allow them.
func checkForeign(g map[string][]string, policy table) (mistakes []string) {
	for dir, paths := range g {
		for _, p := range paths {
			first, _, _ := strings.Cut(p, "/")
			if !strings.Contains(first, ".") {
				continue // ours or the standard library's: their first element has no dot
			}
			if who, _ := policy.line(p); !allows(who, dir) {
				mistakes = append(mistakes, fmt.Sprintf("%s imports %s: not in the table", dir, p))
			}
		}
	}
	return sorted(mistakes)
}

// checkHeavy finds packages of ours that reach a binary and import what is too large for it.
func checkHeavy(g map[string][]string, policy table) (mistakes []string) {
	for std, binaries := range policy {
		for _, binary := range binaries {
			for _, dir := range reached(g, binary) {
				if slices.Contains(g[dir], std) {
					mistakes = append(mistakes, fmt.Sprintf("%s imports %s and reaches %s", dir, std, binary))
				}
			}
		}
	}
	return sorted(mistakes)
}

// reached lists the packages of ours that are linked into a binary, itself among them.
func reached(g map[string][]string, binary string) []string {
	list := []string{binary}
	for i := 0; i < len(list); i++ {
		for _, p := range g[list[i]] {
			if ours, is := strings.CutPrefix(p, module); is && !slices.Contains(list, ours) {
				list = append(list, ours)
			}
		}
	}
	return list
}

// checkFiles finds what no file may do, tests and ignored files included.
func checkFiles(sources []source) (mistakes []string) {
	for _, s := range sources {
		if path.Dir(s.Path) == "runtime" {
			mistakes = append(mistakes, s.Path+": no Go file lies directly in runtime/")
		}
		if slices.Contains(s.Imports, "unsafe") && path.Dir(s.Path) != unsafeHome {
			mistakes = append(mistakes, s.Path+": unsafe outside "+unsafeHome)
		}
		if slices.Contains(s.Imports, "C") {
			mistakes = append(mistakes, s.Path+": cgo")
		}
	}
	return sorted(mistakes)
}

// checkModules finds modules that reach a binary and are not agreed for it.
func checkModules(linked map[string][]string, policy table) (mistakes []string) {
	for binary, names := range linked {
		for _, name := range names {
			if !slices.Contains(policy[name], binary) {
				mistakes = append(mistakes, fmt.Sprintf("%s: module %s is not agreed", binary, name))
			}
		}
	}
	return sorted(mistakes)
}

// checkTop compares the names at the top of the repository with those that belong there.
func checkTop(names, wanted, ignored []string) (mistakes []string) {
	for _, name := range names {
		if !strings.HasPrefix(name, ".") && !slices.Contains(wanted, name) && !slices.Contains(ignored, name) {
			mistakes = append(mistakes, name+": does not belong at the top")
		}
	}
	for _, name := range wanted {
		if !slices.Contains(names, name) {
			mistakes = append(mistakes, name+": missing at the top")
		}
	}
	return sorted(mistakes)
}

func sorted(s []string) []string {
	slices.Sort(s)
	return s
}
