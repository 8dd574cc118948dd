package language

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pocket/grader"
	"pocket/runtime/hint"
	"pocket/runtime/resource"
)

const good = `- name: c99
  title: C (1999)
  extensions: [.c]
  identify: [[gcc, --version]]
  compile: [gcc, -std=c99, -o, /work/out/main, "{sources}"]
  run: [/build/main]
`

func TestExtend(t *testing.T) {
	table, err := Default().extend("mine.yaml", []byte(good+`
- name: strict
  extends: cpp
  title: C++ without warnings
  compile: &compile [g++, -Wall, -Werror, -o, /work/out/main, "{sources}"]
  compile-limits: {cpu: 90s}
- {name: strict2, extends: strict, compile: *compile}
- name: python3
  extends: python3
  environment: {A: "{folder}", B: "{heap}"}
  extra: {memory: 32MiB}
`))
	if err != nil {
		t.Fatal(err)
	}
	names := Default().Names()
	if got := table.Names(); !slices.Equal(got, append(names, "c99", "strict", "strict2")) {
		t.Errorf("names %q", got)
	}
	strict, err := table.Find("strict2")
	if err != nil || strict.Package != "g++" || strict.Title != "C++ without warnings" || strict.compileLimits.CPU != 90*time.Second || strict.compile[1] != "-Wall" {
		t.Errorf("%+v %v", strict, err)
	}
	sub := grader.Submission{Name: "a", Files: []string{"a.c"}}
	if l, err := table.Detect(sub, []string{"c99"}); err != nil || l.Name != "c99" {
		t.Errorf("allowed: %v %v", l.Name, err)
	}
	if l, err := table.Detect(sub, nil); err != nil || l.Name != "c" {
		t.Errorf("what is built in comes first: %v %v", l.Name, err)
	}
	python, _ := table.Find("python3")
	p, err := python.Prepare(grader.Submission{Files: []string{"x/a.py"}}, "")
	if err != nil {
		t.Fatal(err)
	}
	if env := p.Run(0, nil).Env; !slices.Contains(env, "A=/submission/x") || slices.ContainsFunc(env, func(e string) bool { return strings.HasPrefix(e, "B=") }) {
		t.Errorf("environment %q", env)
	}
	if p.Extra.Memory != 32*resource.MiB || !slices.Contains(p.Run(resource.MiB, nil).Env, "B=1024") {
		t.Errorf("%+v", p)
	}
	if builtIn, _ := Default().Find("python3"); builtIn.extra.Memory != 0 {
		t.Error("the built-in table has changed")
	}
}

func TestMistakes(t *testing.T) {
	with := func(line string) string { return good + "  " + line + "\n" }
	without := func(key string) string {
		var kept []string
		for _, line := range strings.Split(good, "\n") {
			if !strings.Contains(line, key+":") {
				kept = append(kept, line)
			}
		}
		return strings.Replace("- flat: false\n"+strings.Join(kept, "\n"), "- name", "  name", 1)
	}
	for text, want := range map[string]string{
		"":                              "1: a list of languages is expected",
		"name: a":                       "1: a list of languages is expected",
		"- [a]":                         "1: language: keys with values are expected, not a list",
		"- a: [":                        "not YAML",
		good + "---\n" + good:           "one document is expected",
		good + good:                     "7: c99: the file defines it twice",
		with("colour: red"):             `7: c99: unknown key "colour"`,
		with("enviroment: {}"):          `7: c99: unknown key "enviroment" (did you mean environment?)`,
		with("title: again"):            `7: c99: "title" is there twice`,
		without("title"):                "1: c99.title: is missing",
		without("run"):                  "1: c99.run: is missing",
		without("identify"):             "c99.identify: is missing",
		without("extensions"):           "c99.extensions: is missing",
		with("extends: cobol"):          `7: c99.extends: unknown language "cobol"`,
		with("extends: pyton3"):         "did you mean python3?",
		with("extends: [c]"):            "c99.extends",
		with("flat: maybe"):             `7: c99.flat: true or false is expected, not "maybe"`,
		with("as: a/b"):                 `7: c99.as: "a/b" is not a file's name`,
		with("main: main"):              "7: c99.main: a list is expected",
		with("main: [~]"):               "7: c99.main: a text is expected, not nothing",
		with("extra: {memory: lots}"):   `7: c99.extra.memory: "lots" is not a size`,
		with("extra: {cpu: 5}"):         `7: c99.extra.cpu: "5" is not a time`,
		with("extra: {processes: -1}"):  `7: c99.extra.processes: "-1" is not a number`,
		with("extra: {memroy: 1MiB}"):   `unknown key "memroy" (did you mean memory?)`,
		with("extra: none"):             `7: c99.extra: keys with values are expected, not "none"`,
		with("environment: [A=b]"):      "7: c99.environment: variables with values are expected",
		with("environment: {A=: b}"):    "7: c99.environment: \"A=\" is not a variable's name",
		with("environment: {A: [b]}"):   "7: c99.environment.A: a text is expected, not a list",
		with("project: {file: x}"):      "7: c99.project.compile: is missing",
		with("project: {compile: [x]}"): "7: c99.project.file: is missing",
		with("cache: {variable: C}"):    "7: c99.cache.at: is missing",
		with("cache: {warm: [x]}"):      "7: c99.cache.variable: is missing",
		with("cache: {variable: C=1, at: /c, warm: [x]}"):                  "is not a variable's name",
		with("cache: {variable: C, at: /, warm: [x]}"):                     "is not the absolute path of a folder",
		strings.Replace(good, "run: [/build/main]", "run: python3 x", 1):   "6: c99.run: a list of words is expected: [python3, x]",
		strings.Replace(good, "run: [/build/main]", `run: ["{build}"]`, 1): "6: c99.run: {build} stands for nothing",
		strings.Replace(good, "{sources}", "{source}", 1):                  "{source} stands for nothing (did you mean {sources}?)",
		strings.Replace(good, "run: [/build/main]", `run: [""]`, 1):        "the program has no name",
		strings.Replace(good, "[[gcc, --version]]", "[gcc, --version]", 1): "4: c99.identify: a list of words is expected: [gcc]",
		strings.Replace(good, "[[gcc, --version]]", "[[]]", 1):             "4: c99.identify: the command is empty",
		strings.Replace(good, "[[gcc, --version]]", "gcc", 1):              "4: c99.identify: a list of commands is expected",
		strings.Replace(good, "name: c99", "name: a/b", 1):                 `1: a/b.name: "a/b"`,
		strings.Replace(good, "name: c99", "name: -c", 1):                  `"-c": letters, digits`,
		strings.Replace(good, "[.c]", "[c]", 1):                            `"c" is not an extension`,
		strings.Replace(good, "[.c]", "[.C]", 1):                           `".C" is not an extension`,
		"- name: a\n  run: \"\\x07\"\n":                                    "a list of words is expected",
	} {
		_, err := Default().extend("mine.yaml", []byte(text))
		var mistakes Mistakes
		if !errors.As(err, &mistakes) || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "mine.yaml:") {
			t.Errorf("%s\n%v, want %q", text, err, want)
		}
	}
}

// TestAllMistakesAtOnce: each has its line, in the order of the lines.
func TestAllMistakesAtOnce(t *testing.T) {
	_, err := Default().extend("mine.yaml", []byte("- name: a\n  run: x y\n  flat: no way\n- name: b\n  colour: red\n"))
	var mistakes Mistakes
	if !errors.As(err, &mistakes) || len(mistakes) != 3 || mistakes[0].Line != 2 || mistakes[1].Line != 3 || mistakes[2].Line != 5 {
		t.Errorf("%v", err)
	}
}

func TestExtendFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "languages.yaml")
	if _, err := Default().Extend(file); err == nil || hint.Of(err) == "" {
		t.Errorf("no file: %v", err)
	}
	if err := os.WriteFile(file, []byte(good), 0o644); err != nil {
		t.Fatal(err)
	}
	if table, err := Default().Extend(file); err != nil || len(table) != len(Default())+1 {
		t.Errorf("%d languages, %v", len(table), err)
	}
	if err := os.Truncate(file, maxDefinitions+1); err != nil {
		t.Fatal(err)
	}
	if _, err := Default().Extend(file); err == nil || !strings.Contains(err.Error(), "more than 1 MiB") {
		t.Errorf("a large file: %v", err)
	}
}

// TestFirstLine: of languages with the same extension, the one that a script itself names.
func TestFirstLine(t *testing.T) {
	for text, want := range map[string]string{
		"#!/usr/bin/env pypy3\n":       "pypy3",
		"#!/usr/bin/env -S pypy3 -x\n": "pypy3",
		"#!/usr/bin/pypy3":             "pypy3",
		"#! /usr/bin/python3\n":        "python3",
		"#!\n":                         "python3",
		"#!pypy":                       "python3",
		"# pypy3\n":                    "python3",
		"#!/usr/bin/gcc\n":             "python3",
	} {
		path := filepath.Join(t.TempDir(), "a.py")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		sub := grader.Submission{Name: "a", Path: path, Files: []string{"a.py"}}
		if l, err := Default().Detect(sub, nil); err != nil || l.Name != want {
			t.Errorf("%q: %s %v, want %s", text, l.Name, err, want)
		}
		if l, err := Default().Detect(sub, []string{"python3"}); err != nil || l.Name != "python3" {
			t.Errorf("%q: %s %v, but only python3 is allowed", text, l.Name, err)
		}
	}
}

func FuzzExtend(f *testing.F) {
	f.Add(languagesYAML)
	f.Add([]byte(good))
	f.Add([]byte("- &a {name: a, extends: c, run: *a}"))
	f.Add([]byte("- {name: a, extensions: [.a"))
	f.Fuzz(func(t *testing.T, text []byte) {
		table, err := Default().extend("f", text)
		var mistakes Mistakes
		if err != nil && (!errors.As(err, &mistakes) || len(mistakes) == 0) {
			t.Errorf("%v is not a list of mistakes", err)
		}
		for _, m := range mistakes {
			if m.Line < 1 || strings.ContainsAny(m.Text, "\n\x1b\x00") {
				t.Errorf("%+v", m)
			}
		}
		for _, l := range table {
			if l.Name == "" || len(l.run) == 0 || len(l.Programs) == 0 {
				t.Errorf("accepted without name or command: %+v", l)
			}
		}
	})
}
