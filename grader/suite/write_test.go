package suite

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"pocket/grader"
)

// again writes a suite beside the one that was read and reads it.
func again(t *testing.T, s *grader.Suite, known Known) *grader.Suite {
	t.Helper()
	text, err := Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(s.Dir, "again.yaml")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	second, err := Load(file, known)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if what := invalid(t, string(text)); what != "" {
		t.Errorf("the schema refuses what was written: %s\n%s", what, text)
	}
	second.File = s.File
	return second
}

// comparable takes out of a suite what is not written: lines, and what lies in volumes and is masked there.
func comparable(s grader.Suite) grader.Suite {
	s.Submissions = ""
	s.Cases, s.Groups = append([]grader.Case{}, s.Cases...), append([]grader.Group{}, s.Groups...)
	for i := range s.Cases {
		c := &s.Cases[i]
		c.Line = 0
		c.Args, c.Env = append([]string{}, c.Args...), append([]string{}, c.Env...)
		c.Volumes = append([]grader.Volume{}, c.Volumes...)
		for j := range c.Volumes {
			c.Volumes[j].Masks = nil
		}
	}
	for i := range s.Groups {
		s.Groups[i].Line = 0
	}
	return s
}

func TestMarshalShippedSuites(t *testing.T) {
	files, err := filepath.Glob("../../suites/*/suite.yaml")
	own, _ := filepath.Glob("../../fixtures/*/suite.yaml")
	if files = append(files, own...); err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(filepath.Dir(file)), func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(filepath.Dir(file))); err != nil {
				t.Fatal(err)
			}
			s, err := Load(dir, nil)
			if err != nil {
				t.Fatal(err)
			}
			if a, b := comparable(*s), comparable(*again(t, s, nil)); !reflect.DeepEqual(a, b) {
				t.Errorf("read\n%+v\nafter writing\n%+v", a, b)
			}
		})
	}
}

// TestMarshalTexts: what YAML could take for something else.
func TestMarshalTexts(t *testing.T) {
	s := load(t, `version: 1
name: "true"
description: |2

   leading
languages: [c]
stop-early: true
limits: {cpu: 1500ms, memory: 65537KiB, open-files: 7}
groups: {"no": {points: 1.5, score: min}, "2": {requires: ["no"]}}
cases:
  - {name: "null", group: "no", answer: "", args: ["", "~", "- x", "a: b", "\u0001\u007f\ufeff\u0085"], env: ["A=\n"]}
  - {name: "0x1", group: "2", input: " lead\r\n\ttab \n\n", answer: "--- \n...\n", points: 0.1, limits: {cpu: 4s}}
  - {name: "<<", answer: "…\U0001F600\\", compare: {mode: numbers, absolute: 1e-300, relative: 1e-9, case: ignore}, visibility: hidden}
`)
	if a, b := comparable(*s), comparable(*again(t, s, languages)); !reflect.DeepEqual(a, b) {
		t.Errorf("read\n%+v\nafter writing\n%+v", a, b)
	}
}

func TestMarshalRefusesPathsOutside(t *testing.T) {
	s := load(t, valid)
	s.Cases[0].Input = grader.Text{Path: "/etc/passwd"}
	if text, err := Marshal(s); err == nil {
		t.Errorf("written:\n%s", text)
	}
}
