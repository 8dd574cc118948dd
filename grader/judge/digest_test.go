package judge

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pocket/grader"
	"pocket/runtime/resource"
)

// files makes a folder with files whose content is given.
func files(t *testing.T, content map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range content {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// whole is a suite with a case in which everything is set, made anew in a folder of its own.
func whole(t *testing.T) *grader.Suite {
	dir := files(t, map[string]string{
		"a.in": "1", "a.ans": "2", "data/text": "3", "data/answer": "4", "data/deep/text": "5", "check.py": "6", "talk/main.py": "7",
	})
	in := func(name string) string { return filepath.Join(dir, name) }
	tool := func(name string) *grader.Tool {
		return &grader.Tool{Path: in(name), Language: "python3", Protocol: grader.Testlib, Args: []string{"x"},
			Limits: resource.Limits{CPU: time.Second}}
	}
	return &grader.Suite{
		Dir: dir, File: in("suite.yaml"), Name: "whole", RootFS: "host", Languages: []string{"c"},
		Limits: resource.Limits{CPU: time.Second},
		Groups: []grader.Group{{Name: "g", Line: 7, Points: 3, Score: grader.ScoreAll, Requires: []string{"sample"}}},
		Cases: []grader.Case{{
			Name: "a", Line: 3, Input: grader.Text{Path: in("a.in")}, Answer: grader.Text{Path: in("a.ans")},
			Volumes: []grader.Volume{{Host: in("data"), Target: "/mnt", Masks: []string{"answer"}}},
			Args:    []string{"-x"}, Env: []string{"A=b"}, Limits: resource.Limits{CPU: time.Second, Memory: resource.MiB},
			Compare: grader.Compare{Mode: grader.Checked, Absolute: 1, Checker: tool("check.py")}, Points: 2,
			Group: "g", Visibility: grader.Hidden, Interactor: tool("talk"),
		}},
	}
}

func digests(t *testing.T, s *grader.Suite) (ofCase, ofSuite string) {
	t.Helper()
	ofCase, err := CaseDigest(s, s.Cases[0])
	if err != nil {
		t.Fatal(err)
	}
	if ofSuite, err = SuiteDigest(s); err != nil {
		t.Fatal(err)
	}
	return ofCase, ofSuite
}

func TestDigestIsOfContent(t *testing.T) {
	first, second := whole(t), whole(t)
	second.File, second.Cases[0].Line, second.Groups[0].Line = "/elsewhere.yaml", 99, 98
	old := time.Unix(1, 0)
	if err := os.Chtimes(filepath.Join(second.Dir, "a.in"), old, old); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(second.Dir, "data/answer"), []byte("masked"), 0o644); err != nil {
		t.Fatal(err)
	}
	second.Cases[0].Answer = grader.Text{Inline: "2"}
	c1, s1 := digests(t, first)
	c2, s2 := digests(t, second)
	if c1 != c2 || s1 != s2 {
		t.Errorf("equal content in another folder has another digest: %s %s, %s %s", c1, c2, s1, s2)
	}
}

// TestDigestChanges changes one thing at a time.
func TestDigestChanges(t *testing.T) {
	edit := func(name, text string) func(*testing.T, *grader.Suite) {
		return func(t *testing.T, s *grader.Suite) {
			if err := os.WriteFile(filepath.Join(s.Dir, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	set := func(change func(c *grader.Case)) func(*testing.T, *grader.Suite) {
		return func(_ *testing.T, s *grader.Suite) { change(&s.Cases[0]) }
	}
	changes := map[string]func(*testing.T, *grader.Suite){
		"input": edit("a.in", "9"), "answer": edit("a.ans", "9"), "volume's file": edit("data/text", "9"),
		"deep in a volume": edit("data/deep/text", "9"), "a file more in a volume": edit("data/more", ""),
		"checker": edit("check.py", "9"), "interactor": edit("talk/main.py", "9"),
		"a file's mode": func(t *testing.T, s *grader.Suite) {
			if err := os.Chmod(filepath.Join(s.Dir, "data/text"), 0o755); err != nil {
				t.Fatal(err)
			}
		},
		"a link in a volume": func(t *testing.T, s *grader.Suite) {
			if err := os.Symlink("text", filepath.Join(s.Dir, "data/link")); err != nil {
				t.Fatal(err)
			}
		},
		"mask":      set(func(c *grader.Case) { c.Volumes[0].Masks = nil }),
		"target":    set(func(c *grader.Case) { c.Volumes[0].Target = "/other" }),
		"args":      set(func(c *grader.Case) { c.Args = []string{"-", "x"} }),
		"env":       set(func(c *grader.Case) { c.Env = nil }),
		"cpu":       set(func(c *grader.Case) { c.Limits.CPU++ }),
		"memory":    set(func(c *grader.Case) { c.Limits.Memory++ }),
		"mode":      set(func(c *grader.Case) { c.Compare.Mode = grader.Exact }),
		"tolerance": set(func(c *grader.Case) { c.Compare.Absolute = 1.0000001 }),
		"answer's digest": set(func(c *grader.Case) {
			c.Digest = &grader.AnswerDigest{Salt: []byte("s"), Rounds: 1, Right: []byte("r"), Near: []byte("n")}
		}),
		"its salt":       set(func(c *grader.Case) { c.Digest = &grader.AnswerDigest{Salt: []byte("t")} }),
		"its rounds":     set(func(c *grader.Case) { c.Digest = &grader.AnswerDigest{Rounds: 2} }),
		"its right":      set(func(c *grader.Case) { c.Digest = &grader.AnswerDigest{Right: []byte("t")} }),
		"its near":       set(func(c *grader.Case) { c.Digest = &grader.AnswerDigest{Near: []byte("t")} }),
		"no checker":     set(func(c *grader.Case) { c.Compare.Checker = nil }),
		"protocol":       set(func(c *grader.Case) { c.Compare.Checker.Protocol = grader.Kattis }),
		"checker's args": set(func(c *grader.Case) { c.Compare.Checker.Args = nil }),
		"no interactor":  set(func(c *grader.Case) { c.Interactor = nil }),
		"tool's limits":  set(func(c *grader.Case) { c.Interactor.Limits.CPU++ }),
	}
	plainCase, plainSuite := digests(t, whole(t))
	seen := map[string]string{plainCase: "nothing"}
	for name, change := range changes {
		s := whole(t)
		change(t, s)
		c, all := digests(t, s)
		if before, same := seen[c]; same || all == plainSuite {
			t.Errorf("%s and %s have the same digest", name, before)
		}
		seen[c] = name
	}
}

// TestDigestOfSuiteAlone: what changes the score and no case's verdict.
func TestDigestOfSuiteAlone(t *testing.T) {
	plainCase, plainSuite := digests(t, whole(t))
	for name, change := range map[string]func(s *grader.Suite){
		"name":       func(s *grader.Suite) { s.Cases[0].Name = "b" },
		"points":     func(s *grader.Suite) { s.Cases[0].Points = 0 },
		"group":      func(s *grader.Suite) { s.Cases[0].Group = "" },
		"visibility": func(s *grader.Suite) { s.Cases[0].Visibility = grader.Sample },
		"worth":      func(s *grader.Suite) { s.Groups[0].Points = 0 },
		"scoring":    func(s *grader.Suite) { s.Groups[0].Score = grader.ScoreMin },
		"requires":   func(s *grader.Suite) { s.Groups[0].Requires = nil },
		"stop early": func(s *grader.Suite) { s.StopEarly = true },
		"languages":  func(s *grader.Suite) { s.Languages = nil },
		"rootfs":     func(s *grader.Suite) { s.RootFS = "image" },
		"language":   func(s *grader.Suite) { s.LanguageFile = filepath.Join(s.Dir, "a.in") },
		"another":    func(s *grader.Suite) { s.LanguageFile = filepath.Join(s.Dir, "a.ans") },
	} {
		s := whole(t)
		change(s)
		c, all := digests(t, s)
		if c != plainCase {
			t.Errorf("%s changes the case's digest", name)
		}
		if all == plainSuite {
			t.Errorf("%s does not change the suite's digest", name)
		}
	}
}

// TestDigestKnowsEveryField fails when a field is added that nobody thought of: a digest must take it in, or
// leave it out on purpose. A pointer would be written as an address.
func TestDigestKnowsEveryField(t *testing.T) {
	for _, c := range []struct {
		of    any
		known string
	}{
		{grader.Case{}, "Name Line Input Answer Digest Volumes Args Env Limits Compare Points Group Visibility Interactor"},
		{grader.Suite{}, "Dir File Name RootFS Languages LanguageFile Limits Cases Groups StopEarly Description Submissions"},
		{grader.Group{}, "Name Line Points Score Requires"},
		{grader.Tool{}, "Path Language Protocol Args Limits"},
		{grader.Volume{}, "Host Target Masks"},
		{grader.Text{}, "Inline Path"},
		{grader.AnswerDigest{}, "Salt Rounds Right Near"},
	} {
		about := reflect.TypeOf(c.of)
		for i := range about.NumField() {
			if name := about.Field(i).Name; !slices.Contains(strings.Fields(c.known), name) {
				t.Errorf("%s.%s is not in the digest", about, name)
			}
		}
	}
	for _, written := range []any{grader.Compare{}, resource.Limits{}} {
		about := reflect.TypeOf(written)
		for i := range about.NumField() {
			f := about.Field(i)
			if kind := f.Type.Kind(); f.Name != "Checker" && (kind == reflect.Pointer || kind == reflect.Func || kind == reflect.Interface) {
				t.Errorf("%s.%s is written into the digest as an address", about, f.Name)
			}
		}
	}
}

func TestDigestOfWhatCannotBeRead(t *testing.T) {
	for name, want := range map[string]string{
		"a.in":     "case a: input: reading a.in: no such file or directory",
		"check.py": "case a: checker: reading check.py: no such file or directory",
		"data":     "case a: volume: reading data: no such file or directory",
	} {
		s := whole(t)
		if err := os.RemoveAll(filepath.Join(s.Dir, name)); err != nil {
			t.Fatal(err)
		}
		if _, err := CaseDigest(s, s.Cases[0]); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
		if _, err := SuiteDigest(s); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
