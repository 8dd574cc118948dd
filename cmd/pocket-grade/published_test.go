package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pocket/grader"
)

// TestFixturesPublished publishes every suite of the fixtures with all its cases hidden, and grades a program of
// each verdict with the copy: the verdict must be the same as with the suite itself.
func TestFixturesPublished(t *testing.T) {
	found, err := filepath.Glob("../../fixtures/*/*")
	if err != nil || len(found) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	for _, folder := range found {
		want, ok := folders[filepath.Base(folder)]
		if !ok {
			continue
		}
		name := filepath.Base(filepath.Dir(folder))
		t.Run(name+"/"+filepath.Base(folder), func(t *testing.T) {
			t.Parallel()
			dir := suiteOf(t, name)
			flags := []string{"--reveal"}
			if want == grader.TLE {
				flags = append(flags, "--stop-early")
			} else {
				dir = patient(t, dir)
			}
			reports, _ := runGrade(t, published(t, dir), []string{oneOf(t, folder)}, flags...)
			report := reports[0]
			skipWithout(t, report, want)
			if report.Verdict != want {
				t.Errorf("%s (%s), want %s\n%s", report.Verdict, report.Detail, want, explain(report))
			}
		})
	}
}

// oneOf is a submission of a folder of fixtures, in Python where there is one: the language does not matter here.
func oneOf(t *testing.T, folder string) string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil || len(all) == 0 {
		t.Fatal(folder, err)
	}
	if i := slices.IndexFunc(all, func(path string) bool { return strings.HasSuffix(path, ".py") }); i >= 0 {
		return all[i]
	}
	return all[0]
}

// published is a student's copy of a suite whose cases are all hidden.
func published(t *testing.T, dir string) string {
	t.Helper()
	hidden := filepath.Join(t.TempDir(), "hidden")
	if err := os.CopyFS(hidden, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(hidden, "suite.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(text), "version: 1\n", "version: 1\nvisibility: hidden\n", 1)
	if changed == string(text) {
		t.Fatalf("%s: nothing changed", file)
	}
	if err := os.WriteFile(file, []byte(changed), 0o644); err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "published")
	out, err := pocketGrade(t, "publish", "--allow-answers", "--allow-programs", hidden, to).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return to
}
