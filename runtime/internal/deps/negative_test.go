package deps

import (
	"slices"
	"strings"
	"testing"
)

// The policy of a small project, on which each check must find each kind of mistake.
const smallImports = `
runtime/a:
runtime/b: runtime/a
grader:    runtime/a
  runtime/b
cmd/x:     runtime/... grader
`

func TestChecksFindMistakes(t *testing.T) {
	good := map[string][]string{
		"runtime/a": {"fmt", "golang.org/x/sys/unix"},
		"runtime/b": {"pocket/runtime/a"},
		"grader":    {"pocket/runtime/a", "pocket/runtime/b", "net/http"},
		"cmd/x":     {"pocket/runtime/b", "example.org/flag/v2"},
	}
	with := func(dir string, paths ...string) map[string][]string {
		g := map[string][]string{}
		for d, p := range good {
			g[d] = p
		}
		g[dir] = append(slices.Clone(g[dir]), paths...)
		return g
	}
	without := with("grader")
	delete(without, "grader")

	policy := parse(t, smallImports)
	abroad := parse(t, "golang.org/x/sys/unix: runtime/...\nexample.org/...: cmd/x\n")
	large := parse(t, "net/http: cmd/x\nnet: cmd/x\n")
	linked := parse(t, "one: cmd/x cmd/y\ntwo: cmd/y\n")

	tests := []struct {
		name string
		got  []string
		want []string
	}{
		{"good imports", checkImports(good, policy), nil},
		{"an import that is not listed", checkImports(with("runtime/a", "pocket/runtime/b"), policy),
			[]string{"runtime/a imports runtime/b: not in the table"}},
		{"the arrow turned round", checkImports(with("runtime/b", "pocket/grader"), policy),
			[]string{"runtime/b imports grader: not in the table"}},
		{"a package without a line", checkImports(with("runtime/c", "fmt"), policy),
			[]string{"runtime/c: a package without a line in the table"}},
		{"a line without a package", checkImports(without, policy),
			[]string{"grader: a line in the table without a package"}},

		{"good modules", checkForeign(good, abroad), nil},
		{"a module in the wrong place", checkForeign(with("runtime/b", "example.org/flag/v2"), abroad),
			[]string{"runtime/b imports example.org/flag/v2: not in the table"}},
		{"an unknown module", checkForeign(with("cmd/x", "example.com/new"), abroad),
			[]string{"cmd/x imports example.com/new: not in the table"}},
		{"a package of a module that is not listed", checkForeign(with("runtime/a", "golang.org/x/sys/cpu"), abroad),
			[]string{"runtime/a imports golang.org/x/sys/cpu: not in the table"}},

		{"heavy, but not reached", checkHeavy(good, large), nil},
		{"heavy and reached in one step", checkHeavy(with("cmd/x", "net"), large),
			[]string{"cmd/x imports net and reaches cmd/x"}},
		{"heavy and reached in two steps", checkHeavy(with("runtime/a", "net"), large),
			[]string{"runtime/a imports net and reaches cmd/x"}},
		{"heavy and reached by a new import", checkHeavy(with("cmd/x", "pocket/grader"), large),
			[]string{"grader imports net/http and reaches cmd/x"}},

		{"agreed modules", checkModules(map[string][]string{"cmd/x": {"one"}, "cmd/y": {"one", "two"}}, linked), nil},
		{"agreed for the other binary", checkModules(map[string][]string{"cmd/x": {"one", "two"}}, linked),
			[]string{"cmd/x: module two is not agreed"}},
		{"not agreed at all", checkModules(map[string][]string{"cmd/y": {"three"}}, linked),
			[]string{"cmd/y: module three is not agreed"}},

		{"a tidy top", checkTop([]string{".git", "bin", "cmd"}, []string{"cmd"}, []string{"bin"}), nil},
		{"an untidy top", checkTop([]string{"cmd", "notes.txt"}, []string{"cmd", "go.mod"}, []string{"bin"}),
			[]string{"go.mod: missing at the top", "notes.txt: does not belong at the top"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if !slices.Equal(test.got, test.want) {
				t.Errorf("got %q, want %q", test.got, test.want)
			}
		})
	}
}

func TestChecksFindFiles(t *testing.T) {
	got := checkFiles([]source{
		{Path: "runtime/a/a.go", Imports: []string{"fmt", "unsafe"}},
		{Path: "runtime/a/a_test.go", Imports: []string{"unsafe"}, Test: true},
		{Path: "runtime/a/generate.go", Imports: []string{"C"}, Ignored: true},
		{Path: "runtime/doc.go"},
		{Path: "runtime/internal/linux/raw.go", Imports: []string{"unsafe"}},
		{Path: "runtime/internal/linux/more/raw.go", Imports: []string{"unsafe"}},
	})
	want := []string{
		"runtime/a/a.go: unsafe outside " + unsafeHome,
		"runtime/a/a_test.go: unsafe outside " + unsafeHome,
		"runtime/a/generate.go: cgo",
		"runtime/doc.go: no Go file lies directly in runtime/",
		"runtime/internal/linux/more/raw.go: unsafe outside " + unsafeHome,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestGraphLeavesTestsOut(t *testing.T) {
	g := graph([]source{
		{Path: "runtime/a/a.go", Imports: []string{"fmt", "os"}},
		{Path: "runtime/a/b.go", Imports: []string{"fmt"}},
		{Path: "runtime/a/a_test.go", Imports: []string{"testing"}, Test: true},
		{Path: "runtime/a/generate.go", Imports: []string{"net"}, Ignored: true},
		{Path: "runtime/b/b_test.go", Imports: []string{"testing"}, Test: true},
	})
	if len(g) != 1 || !slices.Equal(g["runtime/a"], []string{"fmt", "os"}) {
		t.Errorf("got %v", g)
	}
}

func TestTableMistakes(t *testing.T) {
	for _, text := range []string{"a b\n", "a: b\na: c\n", "  b\n", "a: b\n\n  c\n"} {
		if got, err := parseTable(text); err == nil {
			t.Errorf("%q: no error, got %v", text, got)
		}
	}
}
