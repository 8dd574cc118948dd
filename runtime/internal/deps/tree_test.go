package deps

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// top is the repository's top as seen from this package's folder, where its tests run.
var top = filepath.Join("..", "..", "..")

func TestImports(t *testing.T) {
	report(t, checkImports(graph(readSources(t)), parse(t, imports)))
}

func TestForeignImports(t *testing.T) {
	report(t, checkForeign(graph(readSources(t)), parse(t, foreign)))
}

func TestHeavyImports(t *testing.T) {
	report(t, checkHeavy(graph(readSources(t)), parse(t, heavy)))
}

func TestFiles(t *testing.T) {
	report(t, checkFiles(readSources(t)))
}

func TestModules(t *testing.T) {
	policy := parse(t, modules)
	linked := map[string][]string{}
	for _, binary := range []string{"cmd/pocket-docker", "cmd/pocket-grade"} {
		linked[binary] = linkedModules(t, binary)
	}
	report(t, checkModules(linked, policy))
}

func TestTopLevel(t *testing.T) {
	entries, err := os.ReadDir(top)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	report(t, checkTop(names, topLevel, ignoredAtTop(t)))
}

func report(t *testing.T, mistakes []string) {
	t.Helper()
	for _, mistake := range mistakes {
		t.Error(mistake)
	}
}

func parse(t *testing.T, text string) table {
	t.Helper()
	policy, err := parseTable(text)
	if err != nil {
		t.Fatal(err)
	}
	return policy
}

// readSources reads the imports of every Go file, whatever its build constraints. Folders that the go
// command leaves out (testdata, those that begin with . or _, nested modules) are left out here too.
func readSources(t *testing.T) (sources []source) {
	t.Helper()
	err := filepath.WalkDir(top, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != top && leftOut(name):
			return fs.SkipDir
		case entry.IsDir() || !strings.HasSuffix(name, ".go"):
			return nil
		}
		s, err := readSource(name)
		sources = append(sources, s)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(sources) == 0 {
		t.Fatal("no Go file found")
	}
	return sources
}

func leftOut(dir string) bool {
	base := filepath.Base(dir)
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil || base == "testdata" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_")
}

func readSource(name string) (source, error) {
	relative, err := filepath.Rel(top, name)
	if err != nil {
		return source{}, err
	}
	s := source{Path: filepath.ToSlash(relative), Test: strings.HasSuffix(name, "_test.go")}
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly|parser.ParseComments)
	if err != nil {
		return s, err
	}
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return s, err
		}
		s.Imports = append(s.Imports, imported)
	}
	for _, group := range file.Comments {
		for _, comment := range group.List {
			s.Ignored = s.Ignored || comment.Text == "//go:build ignore" && comment.Pos() < file.Package
		}
	}
	return s, nil
}

// linkedModules asks the go command which modules, our own left out, are linked into a binary.
func linkedModules(t *testing.T, binary string) []string {
	t.Helper()
	const format = "{{with .Module}}{{.Path}}{{end}}"
	list := exec.Command("go", "list", "-mod=readonly", "-deps", "-f", format, "./"+binary)
	list.Dir = top
	list.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOFLAGS=", "GOWORK=off")
	var complaints strings.Builder
	list.Stderr = &complaints
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list %s: %v\n%s", binary, err, &complaints)
	}
	names := strings.Fields(string(out))
	slices.Sort(names)
	own := path.Dir(module)
	return slices.DeleteFunc(slices.Compact(names), func(name string) bool { return name == own })
}

// ignoredAtTop lists what .gitignore names at the top, such as the folder that binaries are built into.
func ignoredAtTop(t *testing.T) (names []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(top, ".gitignore"))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(text), "\n") {
		if rooted, is := strings.CutPrefix(strings.TrimSpace(line), "/"); is {
			names = append(names, strings.TrimSuffix(rooted, "/"))
		}
	}
	return names
}
