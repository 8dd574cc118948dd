package suite

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pocket/grader"
)

func FuzzLoad(f *testing.F) {
	dir := folder(f, valid)
	for _, seed := range []string{
		"", valid, many, bomb(), "a: &a [*a]", "- - {}\n#\n", "? {a: b}\n: c\n", valid + "limits: &l {cpu: 1s}\ncompare: *l\n",
		"version: 1\nname: x\ncases:\n- files: 'cases/*.in'\n  volume: {data: /mnt}\n  args: [1]\n  env: [A=b]\n",
		grouped("a: {points: 10, score: min, requires: [b, sample], visibility: hidden}, b: {}", "points: 2, visibility: sample"),
		valid + "checker: {program: check.py, protocol: kattis, language: python3, args: [1], limits: {cpu: 2s}}\nstop-early: true\n",
		valid + "interactor: talk\nvolume: {.: /all}\nenv: [A=1]\ndescription: x\nsubmissions: data\n",
		"version: 1\nname: x\ncompare: regex\ngroups: {a: &a {requires: [a]}, b: *a}\ncases: [{answer: '(', group: a}]\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := parse(source{file: File, absolute: filepath.Join(dir, File), languages: languages}, text)
		if err == nil {
			if s.Name == "" || len(s.Cases) == 0 {
				t.Errorf("%q is accepted as %+v", text, s)
			}
			accepted(t, s)
			if what := invalid(t, string(text)); what != "" {
				t.Errorf("%q: the schema refuses it: %s", text, what)
			}
			return
		}
		all, ok := err.(Errors)
		if !ok || len(all) == 0 || s != nil {
			t.Fatalf("error %#v with suite %v", err, s)
		}
		lines := strings.Split(all.Error(), "\n")
		if len(lines) != len(all) {
			t.Errorf("%d mistakes in %d lines", len(all), len(lines))
		}
		for i, m := range all {
			if m.Line < 1 || m.Line > countLines(text) || i > 0 && m.Line < all[i-1].Line {
				t.Errorf("%q: line %d: %s", text, m.Line, m)
			}
			if m.Text == "" || !strings.HasPrefix(lines[i], File+":") {
				t.Errorf("mistake %q", lines[i])
			}
		}
	})
}

// accepted checks what holds of every suite that has no mistake.
func accepted(t *testing.T, s *grader.Suite) {
	members := map[string]int{}
	for _, c := range s.Cases {
		members[c.Group]++
		if !slices.Contains(visibilities, c.Visibility) || !slices.Contains(modes, c.Compare.Mode) || c.Limits.Wall <= 0 || !(c.Points >= 0) {
			t.Errorf("case %+v", c)
		}
		if c.Compare.Mode == grader.Checked && c.Compare.Checker == nil {
			t.Errorf("case %s has no checker", c.Name)
		}
	}
	for _, g := range s.Groups {
		if members[g.Name] == 0 || !slices.Contains(scorings, g.Score) || !(g.Points >= 0) || slices.Contains(g.Requires, g.Name) {
			t.Errorf("group %+v with %d cases", g, members[g.Name])
		}
	}
}
