package suite

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"pocket/grader"
	"pocket/runtime/hint"
	"pocket/runtime/resource"
)

// languages knows some, with one more where a file defines others.
func languages(file string) ([]string, error) {
	names := []string{"python3", "c", "cpp", "java", "go", "shell"}
	if file == "" {
		return names, nil
	}
	text, err := os.ReadFile(file)
	if err == nil && strings.HasPrefix(string(text), "wrong") {
		err = errors.New("own.yaml:1: one\nown.yaml:2: two")
	}
	return append(names, strings.TrimSpace(string(text))), err
}

// folder makes a suite's folder with some files beside the suite.yaml that is given.
func folder(t testing.TB, text string) string {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, File, text)
	for _, name := range []string{
		"cases/1.in", "cases/1.ans", "cases/2.in", "cases/2.out", "cases/10.in", "cases/10.ans", "cases/README",
		"given/in.txt", "given/out.txt", "given/in-2.txt", "given/out-2.txt",
		"other/1.in", "other/1.ans", "other/in.txt", "other/out.txt",
		"lone/1.in", "both/1.in", "both/1.ans", "both/1.out",
		"data/text.txt", "data/answers/one.ans", "image.tar",
		"check.py", "talk/main.py", "talk/more.py", "open/1.in", "open/2.in", "open/2.ans",
	} {
		write(t, dir, name, name+"\n")
	}
	write(t, dir, "bad.regex", "*a\n")
	write(t, dir, "bad/1.in", "")
	write(t, dir, "bad/1.ans", `a\y`)
	return dir
}

func write(t testing.TB, dir, name, text string) {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func load(t *testing.T, text string) *grader.Suite {
	t.Helper()
	s, err := Load(folder(t, text), languages)
	if err != nil {
		t.Fatalf("loading\n%s\n%v", text, err)
	}
	if what := invalid(t, text); what != "" {
		t.Errorf("the schema refuses what is accepted: %s\n%s", what, text)
	}
	return s
}

func TestLoadSmallest(t *testing.T) {
	s := load(t, "version: 1\nname: squares\ncases:\n  - input: \"5\\n\"\n    answer: \"25\\n\"\n")
	limits := resource.Limits{
		CPU: time.Second, Wall: 3 * time.Second, Memory: 128 * resource.MiB, Output: 8 * resource.MiB,
		Processes: 32, Files: 64 * resource.MiB,
	}
	want := &grader.Suite{
		Dir: s.Dir, File: filepath.Join(s.Dir, File), Name: "squares", RootFS: "host", Limits: limits,
		Cases: []grader.Case{{
			Name: "1", Line: 4, Input: grader.Text{Inline: "5\n"}, Answer: grader.Text{Inline: "25\n"},
			Limits: limits, Compare: grader.Compare{Mode: grader.Lines}, Points: 1, Visibility: grader.Visible,
		}},
	}
	if !reflect.DeepEqual(s, want) {
		t.Errorf("got  %+v\nwant %+v", s, want)
	}
	if !filepath.IsAbs(s.Dir) {
		t.Errorf("Dir %s is not absolute", s.Dir)
	}
}

func TestLoadEverything(t *testing.T) {
	s := load(t, `version: 1
name: all of it
rootfs: image.tar
languages: [python3, c]
limits: &small {cpu: 500ms, wall: 5s, memory: 64MiB, output: 1m, processes: 4, files: 2g}
compare: {mode: numbers, absolute: 1e-6}
cases:
  - name: first
    input-file: cases/1.in
    answer-file: cases/1.ans
    volume: {data: /mnt, ./cases/2.in: /etc/two.in}
    args: [--fast, 3]
    env: [LANG=C, EMPTY=]
    limits: {cpu: 3s}
    points: 2.5
  - files: given/*
    volume: ["data:/mnt:ro", {cases: /cases}]
    compare: tokens
  - name: second
    input: |
      1
      2
    answer: ""
    limits: *small
    compare: {relative: 0.5, case: ignore}
    points: 0
`)
	limits := resource.Limits{
		CPU: 500 * time.Millisecond, Wall: 5 * time.Second, Memory: 64 * resource.MiB, Output: resource.MiB,
		Processes: 4, Files: 2 * resource.GiB,
	}
	slow := limits
	slow.CPU = 3 * time.Second
	in := func(name string) string { return filepath.Join(s.Dir, name) }
	file := func(name string) grader.Text { return grader.Text{Path: in(name)} }
	given := []grader.Volume{
		{Host: in("data"), Target: "/mnt"},
		{Host: in("cases"), Target: "/cases", Masks: []string{"1.ans"}},
	}
	numbers := grader.Compare{Mode: grader.Numbers, Absolute: 1e-6}
	want := &grader.Suite{
		Dir: s.Dir, File: in(File), Name: "all of it", RootFS: in("image.tar"), Languages: []string{"python3", "c"},
		Limits: limits,
		Cases: []grader.Case{{
			Name: "first", Line: 8, Input: file("cases/1.in"), Answer: file("cases/1.ans"),
			Volumes: []grader.Volume{
				{Host: in("data"), Target: "/mnt"}, {Host: in("cases/2.in"), Target: "/etc/two.in"},
			},
			Args: []string{"--fast", "3"}, Env: []string{"LANG=C", "EMPTY="}, Limits: slow, Compare: numbers, Points: 2.5, Visibility: grader.Visible,
		}, {
			Name: "in-2", Line: 16, Input: file("given/in-2.txt"), Answer: file("given/out-2.txt"), Volumes: given,
			Limits: limits, Compare: grader.Compare{Mode: grader.Tokens}, Points: 1, Visibility: grader.Visible,
		}, {
			Name: "in", Line: 16, Input: file("given/in.txt"), Answer: file("given/out.txt"), Volumes: given,
			Limits: limits, Compare: grader.Compare{Mode: grader.Tokens}, Points: 1, Visibility: grader.Visible,
		}, {
			Name: "second", Line: 19, Input: grader.Text{Inline: "1\n2\n"}, Limits: limits,
			Compare: grader.Compare{Mode: grader.Numbers, Absolute: 1e-6, Relative: 0.5, IgnoreCase: true}, Visibility: grader.Visible,
		}},
	}
	if !reflect.DeepEqual(s, want) {
		t.Errorf("got  %+v\nwant %+v", s, want)
	}
}

func TestLoadNames(t *testing.T) {
	for name, c := range map[string]struct{ cases, want string }{
		"natural order":           {"[{files: 'cases/*.in'}]", "1 2 10"},
		"folder where it clashes": {"[{files: 'cases/*'}, {files: 'other/*.in'}]", "cases/1 2 10 other/1"},
		"given name keeps":        {"[{files: 'cases/*.in'}, {name: '1', answer: x}]", "cases/1 2 10 1"},
		"in.txt":                  {"[{files: '*/in.txt'}]", "given/in other/in"},
		"file of a single case":   {"[{input-file: cases/2.in, answer: x}, {answer: x}]", "cases/2 2"},
		"position":                {"[{answer: x}, {answer: x}]", "1 2"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Load(folder(t, "version: 1\nname: x\ncases: "+c.cases+"\n"), nil)
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, c := range s.Cases {
				names = append(names, c.Name)
			}
			if got := strings.Join(names, " "); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestLoadWallFollowsCPU(t *testing.T) {
	const head = "version: 1\nname: x\ncases:\n  - {answer: x, limits: {cpu: 4s}}\n"
	for suffix, want := range map[string]time.Duration{
		"":                       12 * time.Second,
		"limits: {cpu: 100ms}\n": 12 * time.Second,
		"limits: {wall: 5s}\n":   5 * time.Second,
	} {
		if got := load(t, head+suffix).Cases[0].Limits.Wall; got != want {
			t.Errorf("with %q the wall limit is %s, want %s", suffix, got, want)
		}
	}
	if got := load(t, head+"limits: {cpu: 100ms}\n").Limits.Wall; got != 2*time.Second {
		t.Errorf("the wall limit of 100ms is %s, want 2s", got)
	}
}

func TestLoadMasks(t *testing.T) {
	dir := folder(t, `version: 1
name: x
cases:
  - {name: a, answer-file: data/answers/one.ans, volume: {data: /mnt}}
  - {name: b, answer: x, volume: {data/answers: /mnt, link: /more}}
  - {name: c, answer-file: linked.ans, volume: {.: /all}}
`)
	for _, name := range []string{"pocket-grade.db", "pocket-grade.db-wal", "data/pocket-grade.db"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range map[string]string{"link": "data", "linked.ans": "cases/2.out"} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "pocket-grade.db-shm"), 0o755); err != nil { // no database's
		t.Fatal(err)
	}
	s, err := Load(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got [][]string
	for _, c := range s.Cases {
		for _, v := range c.Volumes {
			got = append(got, v.Masks)
		}
	}
	want := [][]string{
		{"answers/one.ans"}, {"one.ans"}, {"answers/one.ans"},
		{"cases/2.out", "data/answers/one.ans", "pocket-grade.db", "pocket-grade.db-wal", "suite.yaml"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("masks %v, want %v", got, want)
	}
}

func TestLoadRootFS(t *testing.T) {
	for text, want := range map[string]string{
		"host": "host", "alpine": "alpine", "library/alpine:3": "library/alpine:3",
		"image.tar": "DIR/image.tar", "./data": "DIR/data", "/": "/",
	} {
		s := load(t, "version: 1\nname: x\ncases: [{answer: x}]\nrootfs: '"+text+"'\n")
		if got := strings.Replace(s.RootFS, s.Dir, "DIR", 1); got != want {
			t.Errorf("rootfs %s is read as %s, want %s", text, got, want)
		}
	}
}

func TestLoadFile(t *testing.T) {
	dir := folder(t, "version: 1\nname: x\ncases: [{answer: x}]\n")
	if err := os.Rename(filepath.Join(dir, File), filepath.Join(dir, "other.yaml")); err != nil {
		t.Fatal(err)
	}
	s, err := Load(filepath.Join(dir, "other.yaml"), nil)
	if err != nil || s.File != filepath.Join(dir, "other.yaml") || s.Dir != dir {
		t.Errorf("got %+v, %v", s, err)
	}
}

func TestLoadNothing(t *testing.T) {
	dir := folder(t, strings.Repeat("#", largest+1))
	for path, want := range map[string]string{
		filepath.Join(dir, "nowhere"): "reading suite " + filepath.Join(dir, "nowhere") + ": no such file or directory",
		filepath.Join(dir, "data"):    "reading suite " + filepath.Join(dir, "data") + ": no such file or directory",
		dir:                           "reading suite " + filepath.Join(dir, File) + ": longer than 4MiB",
	} {
		_, err := Load(path, nil)
		if err == nil || err.Error() != want || hint.Of(err) == "" {
			t.Errorf("got %v (hint %q), want %s", err, hint.Of(err), want)
		}
		var mistakes Errors
		if errors.As(err, &mistakes) {
			t.Errorf("%v is of type Errors", err)
		}
	}
	_, err := Load("/dev/null", nil)
	if err == nil || err.Error() != "reading suite /dev/null: not a regular file" {
		t.Errorf("got %v", err)
	}
}

// TestLanguageFile: what a file beside the suite defines is known to it, and its mistakes are the suite's.
func TestLanguageFile(t *testing.T) {
	dir := folder(t, "version: 1\nname: x\nlanguages: [own, c]\nlanguage-file: own.yaml\ncases: [{input: a, answer: b}]\n")
	if _, err := Load(dir, languages); err == nil || !strings.Contains(err.Error(), "4: language-file: \"own.yaml\" does not exist") {
		t.Errorf("no file: %v", err)
	}
	file := filepath.Join(dir, "own.yaml")
	for text, want := range map[string]string{
		"own\n":   "",
		"other\n": `3: languages[0]: "own" is not a known language`,
		"wrong\n": "4: language-file: own.yaml:1: one; own.yaml:2: two",
	} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		s, err := Load(dir, languages)
		switch {
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%q: %v, want %s", text, err, want)
		case want == "" && (err != nil || s.LanguageFile != file):
			t.Errorf("%q: %+v %v", text, s, err)
		}
	}
}
