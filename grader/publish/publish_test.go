package publish

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pocket/grader"
)

// made is a folder with these files.
func made(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
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

func order(s *grader.Suite) Order {
	return Order{Suite: s, Rounds: 1, Digest: func(_ grader.Compare, answer, salt []byte, rounds int) (grader.AnswerDigest, error) {
		if len(salt) < saltLength || rounds != 1 {
			return grader.AnswerDigest{}, errors.New("no salt, or other rounds")
		}
		return grader.AnswerDigest{Salt: salt, Rounds: rounds, Right: bytes.Repeat([]byte{1}, 32)}, nil
	}}
}

func target(dir string) Target {
	return Target{Dir: dir, Marshal: func(*grader.Suite) ([]byte, error) { return []byte("name: x\n"), nil }, Verify: func(string) error { return nil }}
}

// whole publishes all of a suite that can be, and returns where and what.
func whole(t *testing.T, o Order) (string, *Copy) {
	t.Helper()
	c, err := Plan(o)
	if err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "copy")
	if err := Write(c, o.Suite, target(to)); err != nil {
		t.Fatal(err)
	}
	return to, c
}

// TestNothingSecretIsCopied: neither by name, nor by another name, nor behind a link, nor with a folder.
func TestNothingSecretIsCopied(t *testing.T) {
	dir := made(t, map[string]string{
		"v/text": "shown", "v/a.ans": "kumquat", "v/dropped.in": "kumquat", "v/deep/b.ans": "kumquat", "a.in": "1", "elsewhere.ans": "kumquat",
		"notes": "kumquat",
	})
	in := func(name string) string { return filepath.Join(dir, name) }
	for from, to := range map[string]string{"elsewhere.ans": "v/second-name", "v/dropped.in": "v/deep/other-name"} {
		if err := os.Link(in(from), in(to)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("../elsewhere.ans", in("v/link")); err != nil {
		t.Fatal(err)
	}
	volume := []grader.Volume{{Host: in("v"), Target: "/v", Masks: []string{"a.ans", "deep/b.ans"}}}
	hidden := func(name, input, answer string, mode grader.Mode) grader.Case {
		return grader.Case{Name: name, Input: grader.Text{Path: in(input)}, Answer: grader.Text{Path: in(answer)}, Volumes: volume,
			Visibility: grader.Hidden, Compare: grader.Compare{Mode: mode}}
	}
	s := &grader.Suite{Dir: dir, File: in("suite.yaml"), RootFS: "host", Submissions: in("v"), Cases: []grader.Case{
		hidden("a", "a.in", "v/a.ans", grader.Lines), hidden("b", "a.in", "v/deep/b.ans", grader.Tokens),
		hidden("c", "a.in", "elsewhere.ans", grader.Exact), hidden("dropped", "v/dropped.in", "v/a.ans", grader.Numbers),
	}}
	to, c := whole(t, order(s))
	if len(c.Digested) != 3 || len(c.Left) != 1 || c.Left[0].Case != "dropped" || c.Suite.Submissions != "" {
		t.Errorf("%+v", c)
	}
	var found []string
	err := filepath.WalkDir(to, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			relative, _ := filepath.Rel(to, path)
			found = append(found, relative)
			text, _ := os.ReadFile(path)
			if bytes.Contains(text, []byte("kumquat")) {
				t.Errorf("%s holds what is secret", relative)
			}
		}
		return err
	})
	if want := []string{"a.in", "suite.yaml", "v/text"}; err != nil || !slices.Equal(found, want) {
		t.Errorf("the copy has %v, want %v; %v", found, want, err)
	}
}

// TestCopyStaysInItsFolder: a link that was copied leads no file of a later case out of the copy.
func TestCopyStaysInItsFolder(t *testing.T) {
	outside := t.TempDir()
	dir := made(t, map[string]string{"v/text": "1"})
	if err := os.WriteFile(filepath.Join(outside, "in"), []byte("1"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "v/out")); err != nil {
		t.Fatal(err)
	}
	input := grader.Text{Path: filepath.Join(dir, "v/out/in")}
	s := &grader.Suite{Dir: dir, RootFS: "host", Cases: []grader.Case{
		{Name: "a", Answer: grader.Text{Inline: "1"}, Volumes: []grader.Volume{{Host: filepath.Join(dir, "v"), Target: "/v"}}},
		{Name: "b", Answer: grader.Text{Inline: "1"}, Input: input},
	}}
	to, _ := whole(t, order(s))
	about, err := os.Lstat(filepath.Join(to, "v/out/in"))
	if err != nil || !about.Mode().IsRegular() {
		t.Errorf("%v, %v", about, err)
	}
	if entries, _ := os.ReadDir(outside); len(entries) != 1 {
		t.Errorf("outside are %v", entries)
	}
}

func TestPlanKeepsWhatGroupsRequire(t *testing.T) {
	s := &grader.Suite{Dir: t.TempDir(), RootFS: "host",
		Groups: []grader.Group{{Name: "a"}, {Name: "b", Requires: []string{"a", "sample"}}, {Name: "c", Requires: []string{"b", "a"}}},
		Cases: []grader.Case{
			{Name: "x/1", Group: "b", Answer: grader.Text{Inline: "1"}},
			{Name: "x-1", Group: "c", Answer: grader.Text{Inline: "1"}},
			{Name: "s", Group: "a", Answer: grader.Text{Inline: "1"}, Visibility: grader.Hidden},
		}}
	o := order(s)
	o.DropHidden = true
	c, err := Plan(o)
	if err != nil || len(c.Suite.Groups) != 2 || len(c.Suite.Groups[0].Requires) != 0 || !slices.Equal(c.Suite.Groups[1].Requires, []string{"b"}) {
		t.Errorf("%+v, %v", c.Suite.Groups, err)
	}
	if c.Suite.Cases[0].Name != "x-1" || c.Suite.Cases[1].Name != "x-1-" {
		t.Errorf("names %q, %q", c.Suite.Cases[0].Name, c.Suite.Cases[1].Name)
	}
	if s.Cases[0].Name != "x/1" || len(s.Groups[1].Requires) != 2 {
		t.Errorf("the original was changed: %+v", s)
	}
}

// TestNothingIsLeftOfACopyThatFails: neither the new one, nor is the old one gone.
func TestNothingIsLeftOfACopyThatFails(t *testing.T) {
	s := &grader.Suite{Dir: t.TempDir(), RootFS: "host", Cases: []grader.Case{{Name: "a", Answer: grader.Text{Inline: "1"}}}}
	to, c := whole(t, order(s))
	if err := os.WriteFile(filepath.Join(to, "old"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	bad := target(to)
	bad.Force, bad.Verify = true, func(string) error { return errors.New("no suite") }
	if err := Write(c, s, bad); err == nil || !strings.Contains(err.Error(), "no suite") {
		t.Errorf("%v", err)
	}
	entries, err := os.ReadDir(filepath.Dir(to))
	if _, gone := os.Stat(filepath.Join(to, "old")); err != nil || len(entries) != 1 || gone != nil {
		t.Errorf("%v, %v, %v", entries, err, gone)
	}
	good := target(to)
	good.Force = true
	if err := Write(c, s, good); err != nil {
		t.Error(err)
	}
	if entries, _ = os.ReadDir(to); len(entries) != 1 {
		t.Errorf("after replacing: %v", entries)
	}
	s.RootFS = "/usr"
	c.Suite.RootFS = "/usr"
	if err := Write(c, s, target(filepath.Join(t.TempDir(), "x"))); err == nil || !strings.Contains(err.Error(), "not in the suite's folder") {
		t.Errorf("a rootfs outside: %v", err)
	}
}
