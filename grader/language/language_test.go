package language

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pocket/grader"
	"pocket/runtime/hint"
	"pocket/runtime/resource"
)

func TestTable(t *testing.T) {
	want := []string{"python3", "pypy3", "c", "cpp", "java", "kotlin", "go", "rust", "javascript", "typescript", "perl",
		"ruby", "lua", "php", "shell", "bash", "csharp", "haskell", "ocaml", "pascal", "fortran", "d"}
	if got := Default().Names(); !slices.Equal(got, want) {
		t.Fatalf("names %v, want %v", got, want)
	}
	for _, l := range Default() {
		if found, err := Default().Find(l.Name); err != nil || found.Title != l.Title {
			t.Errorf("Find(%q) = %v, %v", l.Name, found.Title, err)
		}
		if l.Package == "" || len(l.Programs) == 0 {
			t.Errorf("%s: a missing interpreter could not be explained", l.Name)
		}
		if _, _, _, ok := l.Sample(); !ok {
			t.Errorf("%s: cannot be tried", l.Name)
		}
	}
	if _, err := Default().Find("cobol"); !errors.Is(err, ErrUnknown) || !strings.Contains(hint.Of(err), "python3") {
		t.Errorf("unknown language: %v, hint %q", err, hint.Of(err))
	}
}

func TestDetect(t *testing.T) {
	for _, test := range []struct {
		files   string
		allowed string
		want    string // the language, or a part of the error
	}{
		{"a.py", "", "python3"},
		{"A.PY", "", "python3"},
		{"-rf.py", "", "python3"},
		{"a.c", "", "c"},
		{"a.c a.h notes.txt", "", "c"},
		{"a.cc b.cpp", "", "cpp"},
		{"Main.java", "", "java"},
		{"x_test.go", "", "go"},
		{"x.go x_test.go", "", "go"},
		{"run.sh", "", "shell"},
		{"main.cpp util.c", "", "cpp"},
		{"main.py gen/data.c", "", "python3"},
		{"a.c b.py", "", "several languages: python3 (b.py), c (a.c)"},
		{"main.c main.py", "", "several languages"},
		{"notes.txt", "", "no source file"},
		{"py", "", "no source file"},
		{"a.py", "c cpp", "the suite does not accept Python 3"},
		{"a.c", "c cpp", "c"},
		{"a.py", "pypy3", "pypy3"},
		{"a.py", "pypy3 python3", "pypy3"},
		{"a.py", "c", "the suite does not accept Python 3"},
		{"a.sh", "bash shell", "bash"},
		{"a.bash b.sh", "", "several languages: shell (b.sh), bash (a.bash)"},
		{"main.pl Tool.pm", "", "perl"},
		{"Main.hs index.js", "", "several languages"},
		{"Main.hs tool.js", "", "haskell"},
		{"index.ts types.d.ts", "", "typescript"},
		{"types.d.ts tool.hpp", "", "no source file, only headers such as types.d.ts"},
		{"tool.h", "", "no source file, only headers such as tool.h"},
	} {
		sub := grader.Submission{Name: "alice", Files: strings.Fields(test.files)}
		got, err := Default().Detect(sub, strings.Fields(test.allowed))
		if err != nil {
			if !strings.Contains(err.Error(), test.want) || hint.Of(err) == "" {
				t.Errorf("%s: %v (hint %q), want %q", test.files, err, hint.Of(err), test.want)
			}
		} else if got.Name != test.want {
			t.Errorf("%s: %s, want %s", test.files, got.Name, test.want)
		}
	}
}

// prepare writes the files, each with its text, and prepares them as one submission.
func prepare(t *testing.T, texts map[string]string) (Program, error) {
	t.Helper()
	dir := t.TempDir()
	var files []string
	for name, text := range texts {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		files = append(files, name)
	}
	slices.Sort(files)
	sub := grader.Submission{Name: "alice", Files: files}
	l, err := Default().Detect(sub, nil)
	if err != nil {
		t.Fatal(err)
	}
	return l.Prepare(sub, dir)
}

func TestCommands(t *testing.T) {
	for name, test := range map[string]struct {
		files   []string
		compile string // a part of it; "" when nothing is compiled
		run     string
		as      string
	}{
		"python":         {[]string{"a.py"}, "", "python3 -B /submission/main.py --fast", "main.py"},
		"option":         {[]string{"-rf.py"}, "", "python3 -B /submission/main.py --fast", "main.py"},
		"python package": {[]string{"main.py", "tool.py"}, "", "python3 -B /submission/main.py --fast", ""},
		"shell":          {[]string{"a.sh"}, "", "sh /submission/main.sh --fast", "main.sh"},
		"c":              {[]string{"b.c", "a.c", "a.h"}, "-x c /submission/a.c /submission/b.c -x none -lm", "/build/main --fast", ""},
		"cpp":            {[]string{"-o.cpp"}, "-x c++ /submission/main.cpp -x none -lm", "/build/main --fast", "main.cpp"},
		"go file":        {[]string{"-v.go"}, "go build -o /work/out/main /submission/main.go", "/build/main --fast", "main.go"},
		"go folder":      {[]string{"a.go", "b.go", "b_test.go", "sub/c.go"}, "main /submission/a.go /submission/b.go", "/build/main --fast", ""},
		"go below":       {[]string{"src/a.go", "src/b.go"}, "main /submission/src/a.go /submission/src/b.go", "/build/main --fast", ""},
		"go top first":   {[]string{"a.go", "tool/main.go"}, "main /submission/a.go", "/build/main --fast", ""},
		"python below":   {[]string{"alice/main.py", "alice/tool.py"}, "", "python3 -B /submission/alice/main.py --fast", ""},
		"python letters": {[]string{"MAIN.py", "main.py"}, "", "python3 -B /submission/main.py --fast", ""},
		"python dunder":  {[]string{"__main__.py", "tool.py"}, "", "python3 -B /submission/__main__.py --fast", ""},
		"rust":           {[]string{"Cargo.toml", "src/main.rs", "src/tool.rs"}, "-o /work/out/main /submission/src/main.rs", "/build/main --fast", ""},
		"javascript":     {[]string{"index.js", "main.js"}, "", "node --max-old-space-size=1 /submission/main.js --fast", ""},
		"typescript":     {[]string{"-x.ts"}, "tsc /submission/main.ts", "node --max-old-space-size=1 /build/submission/main.js --fast", "main.ts"},
		"perl":           {[]string{"src/main.pl", "src/Tool.pm"}, "", "perl -I/submission/src /submission/src/main.pl --fast", ""},
		"haskell":        {[]string{"app/Main.hs", "app/Tool.hs"}, "-i/submission/app -o /work/out/main /submission/app/Main.hs", "/build/main +RTS -M1024k --RTS --fast", ""},
		"ocaml":          {[]string{"-w.ml"}, "ocamlopt /submission", "/build/main --fast", "main.ml"},
		"fortran":        {[]string{"main.f90", "zz.f90"}, "/submission/zz.f90 /submission/main.f90", "/build/main --fast", ""},
		"kotlin":         {[]string{"My File.kt"}, "/work/out/main.jar /submission/main.kt", "java -Xmx1024k -Xss64m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData -Dfile.encoding=UTF-8 -jar /build/main.jar --fast", "main.kt"},
		"go module":      {[]string{"go.mod", "a.go"}, "go build -C /submission -o /work/out/main .", "/build/main --fast", ""},
	} {
		texts := map[string]string{}
		for _, f := range test.files {
			texts[f] = ""
		}
		p, err := prepare(t, texts)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if run := strings.Join(p.Run(resource.MiB, []string{"--fast"}).Args, " "); run != test.run {
			t.Errorf("%s: run %q, want %q", name, run, test.run)
		}
		compile := ""
		if p.Compile != nil {
			compile = strings.Join(p.Compile.Args, " ")
		}
		if !strings.HasSuffix(compile, test.compile) || (compile == "") != (test.compile == "") {
			t.Errorf("%s: compile %q, want …%q", name, compile, test.compile)
		}
		if p.As != test.as {
			t.Errorf("%s: seen as %q, want %q", name, p.As, test.as)
		}
	}
}

func TestPrepareWithoutMain(t *testing.T) {
	_, err := prepare(t, map[string]string{"a.py": "", "b.py": ""})
	if err == nil || !strings.Contains(err.Error(), "2 source files and none is called main.py") || hint.Of(err) == "" {
		t.Errorf("error %v, hint %q", err, hint.Of(err))
	}
}

func TestModuleEnvironment(t *testing.T) {
	p, err := prepare(t, map[string]string{"go.mod": "module x\n", "a.go": "package main\n"})
	if err != nil {
		t.Fatal(err)
	}
	env := p.Compile.Env
	if slices.Index(env, "GO111MODULE=on") < slices.Index(env, "GO111MODULE=off") {
		t.Errorf("the project's environment does not come last: %v", env)
	}
}

func TestJava(t *testing.T) {
	p, err := prepare(t, map[string]string{"alice.java": `
package school.first;
/* public class Wrong { */
// public class AlsoWrong {
interface Shape { }
public final class Square extends Object {
    static final String s = "} public class Quoted {\" ";
    static char c = '"', d = '\'', e = '{';
    static class Inner { public static void main(String[] a) { } }
    public static void main(String... args) { }
}
`})
	if err != nil {
		t.Fatal(err)
	}
	if p.As != "Square.java" {
		t.Errorf("seen as %q", p.As)
	}
	run := strings.Join(p.Run(64*resource.MiB, nil).Args, " ")
	if !strings.HasPrefix(run, "java -Xmx65536k ") || !strings.HasSuffix(run, "-cp /build school.first.Square") {
		t.Errorf("run %q", run)
	}
	if run := strings.Join(p.Run(0, nil).Args, " "); strings.Contains(run, "-Xmx") {
		t.Errorf("without a memory limit: %q", run)
	}
	if p.Extra.Memory == 0 || p.Extra.Processes == 0 || len(p.OutOfMemory) == 0 {
		t.Errorf("extra %+v", p.Extra)
	}
}

func TestJavaClass(t *testing.T) {
	for _, test := range []struct {
		texts map[string]string
		want  string
	}{
		{map[string]string{"A.java": "class A { static void main(String[] a){} }", "Main.java": "class Main { public static void main(String[] a){} }"}, "Main"},
		{map[string]string{"A.java": "class A { }", "B.java": "class B { public static void main(String[] a){} }"}, "B"},
		{map[string]string{"x.java": "class Helper {} class Run { void main(){} }"}, "Run"},
		{map[string]string{"x.java": "public record Point(int x) { public static void main(String[] a){} }"}, "Point"},
		{map[string]string{"x.java": "public enum E { A; }"}, "E"},
		{map[string]string{"x.java": ""}, "x"},
		{map[string]string{"x.java": `class T { String s = """ } class U { void main( """; public static void main(String[] a){} }`}, "T"},
	} {
		p, err := prepare(t, test.texts)
		if err != nil {
			t.Fatal(err)
		}
		args := p.Run(0, nil).Args
		if got := args[len(args)-1]; got != test.want {
			t.Errorf("%v: class %q, want %q", test.texts, got, test.want)
		}
	}
}

func TestCache(t *testing.T) {
	p, err := prepare(t, map[string]string{"a.go": ""})
	if err != nil {
		t.Fatal(err)
	}
	c := p.Cache
	if c == nil || !slices.Contains(c.Warm.Args, "encoding/json") {
		t.Fatalf("cache %+v", c)
	}
	// The standard library is found again only when it was compiled in the same environment.
	if !slices.Equal(c.Warm.Env, p.Compile.Env) {
		t.Errorf("filled with %q, used with %q", c.Warm.Env, p.Compile.Env)
	}
	if !slices.ContainsFunc(c.Warm.Env, func(e string) bool { return strings.HasPrefix(e, c.Variable+"=") }) {
		t.Errorf("%s is not in %q: without a cache there would be none at all", c.Variable, c.Warm.Env)
	}
	if p, err := prepare(t, map[string]string{"a.py": ""}); err != nil || p.Cache != nil {
		t.Errorf("python: cache %+v, %v", p.Cache, err)
	}
}

func FuzzScanJava(f *testing.F) {
	f.Add("package a.b; public class C { public static void main(String[] a) {} }")
	f.Add(`"\`)
	f.Add(`class é { char c = '`)
	f.Fuzz(func(t *testing.T, text string) {
		unit := scanJava(text)
		if strings.ContainsAny(unit.class+unit.public+unit.folder, " \n;{}") {
			t.Errorf("names with punctuation: %+v", unit)
		}
	})
}
