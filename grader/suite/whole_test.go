package suite

import (
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"pocket/grader"
	"pocket/runtime/resource"
)

// TestLoadGroups reads what groups, suite and case say for a case, and which of them holds.
func TestLoadGroups(t *testing.T) {
	s := load(t, `version: 1
name: x
description: |
  Two lines
  of text.
points: 3
visibility: visible
stop-early: true
env: [LANG=C, A=suite]
args: [suite]
volume: {data: /data}
limits: {cpu: 2s, stack: 8MiB, open-files: 100, file-size: 1MiB}
groups:
  sample: {points: 0, visibility: sample}
  rest: {points: 10, score: min, requires: [sample], limits: {cpu: 4s}, env: [A=group], compare: tokens, visibility: hidden}
  last: {score: all, requires: [rest, sample]}
cases:
  - {answer: x, group: sample}
  - {files: 'cases/1*.in', group: rest, points: 2, limits: {memory: 64MiB}, env: [B=case]}
  - {name: own, answer: x, group: last, args: [], volume: {cases: /cases}, compare: {mode: lines, presentation: true}}
  - {name: alone, answer: x, visibility: sample}
`)
	wantGroups := []grader.Group{
		{Name: "sample", Line: 14, Score: grader.ScoreSum},
		{Name: "rest", Line: 15, Points: 10, Score: grader.ScoreMin, Requires: []string{"sample"}},
		{Name: "last", Line: 16, Score: grader.ScoreAll, Requires: []string{"rest", "sample"}},
	}
	if !reflect.DeepEqual(s.Groups, wantGroups) {
		t.Errorf("groups %+v\nwant   %+v", s.Groups, wantGroups)
	}
	if !s.StopEarly || s.Description != "Two lines\nof text.\n" || s.Submissions != "" {
		t.Errorf("stop early %v, description %q, submissions %q", s.StopEarly, s.Description, s.Submissions)
	}
	var got []string
	for _, c := range s.Cases {
		var volumes []string
		for _, v := range c.Volumes {
			volumes = append(volumes, v.Target)
		}
		got = append(got, strings.Join([]string{c.Name, c.Group, string(c.Visibility), number(c.Points), c.Limits.CPU.String(),
			c.Limits.Wall.String(), c.Limits.Memory.String(), string(c.Compare.Mode), strings.Join(c.Env, ","),
			strings.Join(c.Args, ","), strings.Join(volumes, ",")}, " "))
	}
	want := []string{
		"1 sample sample 0 2s 6s 128MiB lines LANG=C,A=suite suite /data",
		"cases/1 rest hidden 2 4s 12s 64MiB tokens LANG=C,A=group,B=case suite /data",
		"10 rest hidden 2 4s 12s 64MiB tokens LANG=C,A=group,B=case suite /data",
		"own last visible 3 2s 6s 128MiB lines LANG=C,A=suite  /data,/cases",
		"alone  sample 3 2s 6s 128MiB lines LANG=C,A=suite suite /data",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if l := s.Cases[0].Limits; l.Stack != 8*resource.MiB || l.OpenFiles != 100 || l.FileSize != resource.MiB {
		t.Errorf("limits %+v", l)
	}
	if !s.Cases[3].Compare.Presentation {
		t.Error("presentation is not asked for")
	}
}

func number(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

func TestLoadTools(t *testing.T) {
	s := load(t, `version: 1
name: x
checker: check.py
groups:
  talks: {interactor: {program: talk, language: python3, protocol: kattis}}
  plain: {compare: lines}
cases:
  - {name: checked, input: "1\n"}
  - files: open/*.in
  - {name: own, checker: {program: talk, protocol: exit, args: [-x, 1], limits: {cpu: 20s, memory: 1GiB}}}
  - {name: talks, group: talks, limits: {wall: 50s}}
  - {name: plain, group: plain, answer: x}
  - {name: again, group: plain, compare: checker}
  - {name: waits, interactor: {program: check.py, args: [a], limits: {wall: 5s}}}
  - {name: both, interactor: talk, checker: {program: talk, protocol: exit, args: [-x, 1], limits: {cpu: 20s, memory: 1GiB}}}
  - {name: pattern, compare: regex, answer: "[a-z]+\n"}
`)
	in := func(name string) string { return filepath.Join(s.Dir, name) }
	limits := toolLimits
	check := &grader.Tool{Path: in("check.py"), Protocol: grader.Testlib, Limits: limits}
	limits.CPU, limits.Wall, limits.Memory = 20*time.Second, time.Minute, resource.GiB
	own := &grader.Tool{Path: in("talk"), Protocol: grader.Exit, Args: []string{"-x", "1"}, Limits: limits}
	limits = toolLimits
	limits.Wall = time.Minute // the case's and ten seconds
	talks := &grader.Tool{Path: in("talk"), Language: "python3", Protocol: grader.Kattis, Limits: limits}
	limits.Wall = 5 * time.Second
	waits := &grader.Tool{Path: in("check.py"), Protocol: grader.Testlib, Args: []string{"a"}, Limits: limits}

	limits = toolLimits
	both := &grader.Tool{Path: in("talk"), Protocol: grader.Testlib, Limits: limits}

	byChecker := func(tool *grader.Tool) grader.Compare { return grader.Compare{Mode: grader.Checked, Checker: tool} }
	for i, want := range []struct {
		name       string
		compare    grader.Compare
		interactor *grader.Tool
		answer     grader.Text
	}{
		{"checked", byChecker(check), nil, grader.Text{}},
		{"1", byChecker(check), nil, grader.Text{}},
		{"2", byChecker(check), nil, grader.Text{Path: in("open/2.ans")}},
		{"own", byChecker(own), nil, grader.Text{}},
		{"talks", grader.Compare{Mode: grader.Lines}, talks, grader.Text{}},
		{"plain", grader.Compare{Mode: grader.Lines}, nil, grader.Text{Inline: "x"}},
		{"again", byChecker(check), nil, grader.Text{}},
		{"waits", grader.Compare{Mode: grader.Lines}, waits, grader.Text{}},
		{"both", byChecker(own), both, grader.Text{}},
		{"pattern", grader.Compare{Mode: grader.Regex}, nil, grader.Text{Inline: "[a-z]+\n"}},
	} {
		c := s.Cases[i]
		if c.Name != want.name || !reflect.DeepEqual(c.Compare, want.compare) || !reflect.DeepEqual(c.Interactor, want.interactor) || c.Answer != want.answer {
			t.Errorf("got  %s %+v %+v %+v %+v\nwant %s %+v %+v %+v", c.Name, c.Compare, c.Compare.Checker, c.Interactor, c.Answer,
				want.name, want.compare, want.interactor, want.answer)
		}
	}
}

// TestLoadHidesPrograms: what knows the answer cannot be read in a mounted folder.
func TestLoadHidesPrograms(t *testing.T) {
	for head, want := range map[string]string{
		"checker: check.py\n":        "check.py suite.yaml",
		"interactor: talk\n":         "suite.yaml talk/main.py talk/more.py",
		"submissions: data\n":        "data/answers/one.ans data/text.txt suite.yaml",
		"checker: {program: talk}\n": "suite.yaml talk/main.py talk/more.py",
	} {
		s := load(t, "version: 1\nname: x\n"+head+"cases: [{answer: x, volume: {.: /all}}]\n")
		if got := strings.Join(s.Cases[0].Volumes[0].Masks, " "); got != want {
			t.Errorf("with %q masked are %s, want %s", head, got, want)
		}
	}
}

func TestLoadSubmissions(t *testing.T) {
	dir := folder(t, "version: 1\nname: x\ncases: [{answer: x}]\n")
	write(t, dir, "submissions/accepted/a.py", "")
	for text, want := range map[string]string{"": "submissions", "submissions: data\n": "data"} {
		write(t, dir, File, "version: 1\nname: x\ncases: [{answer: x}]\n"+text)
		s, err := Load(dir, nil)
		if err != nil || s.Submissions != filepath.Join(dir, want) {
			t.Errorf("%v, %v; want %s", s, err, want)
		}
	}
}
