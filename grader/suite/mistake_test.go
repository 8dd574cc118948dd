package suite

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// valid is a suite to which the tests add lines, from line 4 on.
const valid = "version: 1\nname: x\ncases: [{answer: x}]\n"

const many = `version: 2
name: a/b
languages: [python3, pyton3]
limits:
  memory: 64MiBs
  cpu: 5
compare: linse
limts: {}
groups:
  secret: {}
cases:
  - name: one
    input: "5\n"
    input-file: cases/1.in
    answer-file: cases/1.anw
  - name: one
    answer: "25\n"
    points: -1
  - files: nowhere/*.in
`

func TestManyMistakes(t *testing.T) {
	want := `suite.yaml:1: version: "2" is not a version of the format that is known (write 1)
suite.yaml:2: name: "a/b" contains a slash
suite.yaml:3: languages[1]: "pyton3" is not a known language (did you mean python3?)
suite.yaml:5: limits.memory: "64MiBs" is not a size (did you mean 64MiB?)
suite.yaml:6: limits.cpu: "5" needs a unit (did you mean 5s?)
suite.yaml:7: compare: "linse" is not a mode (did you mean lines?)
suite.yaml:8: limts: unknown key (did you mean limits?)
suite.yaml:10: groups.secret: no case is in this group
suite.yaml:14: cases[0].input-file: cannot stand beside input
suite.yaml:15: cases[0].answer-file: "cases/1.anw" does not exist (did you mean cases/1.ans?)
suite.yaml:16: cases[1].name: "one" is already the name of the case in line 12
suite.yaml:18: cases[1].points: "-1" is negative
suite.yaml:19: cases[2].files: "nowhere/*.in" matches no file`
	if got := mistakes(t, many); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// mistakes loads a suite that has some, and returns them with the folder's name taken out.
func mistakes(t *testing.T, text string) string {
	t.Helper()
	return mistakesIn(t, folder(t, text), text)
}

func mistakesIn(t *testing.T, dir, text string) string {
	t.Helper()
	write(t, dir, File, text)
	s, err := Load(dir, languages)
	var all Errors
	if !errors.As(err, &all) {
		t.Fatalf("loading\n%s\ngives %+v, %v; want mistakes", text, s, err)
	}
	for i := range all {
		if all[i].File != filepath.Join(dir, File) {
			t.Errorf("mistake in %s, want %s", all[i].File, filepath.Join(dir, File))
		}
		all[i].File = File
	}
	return all.Error()
}

// one is a case for the tests that are about one.
func one(fields string) string { return "version: 1\nname: x\ncases:\n- answer: x\n  " + fields + "\n" }

// grouped is a case in group a for the tests that are about groups; more is further keys of the case.
func grouped(groups string, more ...string) string {
	return "version: 1\nname: x\ngroups:\n  {" + groups + "}\ncases: [{answer: x, group: a" + strings.Join(append([]string{""}, more...), ", ") + "}]\n"
}

func TestMistakes(t *testing.T) {
	dir := folder(t, "")
	for _, c := range []struct{ text, want string }{
		// the document
		{"", "1: empty"},
		{"# nothing\n", "1: empty"},
		{"---", "1: empty"},
		{"- 1\n", "1: must be a mapping (KEY: VALUE), not a list"},
		{"text", `1: must be a mapping (KEY: VALUE), not "text"`},
		{"~", `1: must be a mapping (KEY: VALUE), not nothing`},
		{valid + "---\n" + valid, "4: a second document: a suite is a single one"},
		{valid + "limits: [1, 2\n", "4: not YAML: did not find expected ',' or ']'"},
		{"version: 1\nname: a: b\n", "2: not YAML: mapping values are not allowed in this context"},
		{valid + "limits: {\n", "4: not YAML: did not find expected node content"},
		{"version: 1\n\tname: x\n", "2: not YAML: found a tab character that violates indentation"},
		{"version: 1\nname: \"x\n", `2: not YAML: found unexpected end of stream`},
		{valid + "limits: *small\n", "4: not YAML: the alias *small stands for no anchor &small before it"},
		{"version: 1\nname: \xff\n", `2: the byte \xff is not UTF-8 (save the file as UTF-8)`},
		{"version: 1\nname: \x1b\n", `2: the control character \x1b (write it as an escape in double quotes)`},
		{"\xff\xfev\x00", "1: written in UTF-16 (save it as UTF-8)"},
		{"version: &a [*a]\n", "1: aliases expand to more than 500000 values, or contain themselves"},
		{bomb(), "1: aliases expand to more than 500000 values, or contain themselves"},
		// keys
		{"version: 1\nname: x\ncases: [{answer: x}]\nname: y\n", "4: name: written twice: the first stands in line 2"},
		{"version: 1\nname: x\ncases: [{answer: x, answer: y}]\n", "3: cases[0].answer: written twice: the first stands in line 3"},
		{valid + "[1]: 2\n", "4: a key must be text, not a list"},
		{valid + "colour: blue\n", "4: colour: unknown key (known: version, name, description, rootfs, languages, language-file, limits, compare, checker, interactor, volume, args, env, points, visibility, stop-early, submissions, groups, cases)"},
		{valid + "\"a\\nb\":\n  - 1\n", "4: a\ufffdb: unknown key (known: version, name, description, rootfs, languages, language-file, limits, compare, checker, interactor, volume, args, env, points, visibility, stop-early, submissions, groups, cases)"},
		{valid + "score: all\n", "4: score: does not belong here but to a group: groups: {NAME: {score: all}}"},
		{one("anwser: y"), "5: cases[0].anwser: unknown key (did you mean answer?)"},
		{"version: 1\nname: x\ncases: [{anwser: y}]\n", "3: cases[0].anwser: unknown key (did you mean answer?)"},
		{one("inputFile: y"), "5: cases[0].inputFile: unknown key (did you mean input-file?)"},
		{one("requires: [a]"), "5: cases[0].requires: does not belong here but to a group: groups: {NAME: {requires: [sample]}}"},
		{one("<<: {args: []}"), "5: cases[0].<<: merge keys are not supported (write the keys out)"},
		// version and name
		{"name: x\ncases: [{answer: x}]\n", `1: version: missing (write "version: 1")`},
		{"version:\nname: x\ncases: [{answer: x}]\n", `1: version: nothing is not a version of the format that is known (write 1)`},
		{"version: 1\ncases: [{answer: x}]\n", `1: name: missing`},
		{"version: 1\nnam: x\ncases: [{answer: x}]\n", `2: nam: unknown key (did you mean name?)`},
		{"version: 1\nname:\ncases: [{answer: x}]\n", `2: name: must be text, not nothing`},
		{"version: 1\nname: 5\ncases: [{answer: x}]\n", `2: name: must be text, but YAML takes "5" for something else (put it in quotes)`},
		{"version: 1\nname: [x]\ncases: [{answer: x}]\n", `2: name: must be text, not a list`},
		{"version: 1\nname: !x y\ncases: [{answer: x}]\n", `2: name: the tag !x is not supported`},
		{"version: 1\nname: ''\ncases: [{answer: x}]\n", `2: name: "" is empty`},
		{"version: 1\nname: ' x'\ncases: [{answer: x}]\n", `2: name: " x" begins or ends with white space`},
		{"version: 1\nname: \"x\\e\"\ncases: [{answer: x}]\n", `2: name: "x\x1b" contains a character that cannot be printed`},
		{"version: 1\nname: ..\ncases: [{answer: x}]\n", `2: name: ".." is not a name`},
		{"version: 1\nname: " + strings.Repeat("x", 101) + "\ncases: [{answer: x}]\n",
			`2: name: "` + strings.Repeat("x", 60) + `"… is longer than 100 characters`},
		// rootfs and languages
		{valid + "rootfs: ../none.tar\n", `4: rootfs: "../none.tar" does not exist`},
		{valid + "rootfs: none.tar.gz\n", `4: rootfs: "none.tar.gz" does not exist`},
		{valid + "rootfs: ''\n", `4: rootfs: "" is not a root file system (host, an image, an archive or a folder)`},
		{valid + "languages: python3\n", `4: languages: must be a list, not "python3"`},
		{valid + "languages: []\n", `4: languages: empty: nothing could be handed in (leave it out for every known language)`},
		{valid + "languages: [c, c]\n", `4: languages[1]: "c" is listed twice`},
		{valid + "languages:\n- c\n- fortran\n", `6: languages[1]: "fortran" is not a known language (known: python3, c, cpp, java, go, shell)`},
		// limits
		{valid + "limits:\n", `4: limits: must be a mapping (KEY: VALUE), not nothing`},
		{valid + "limits: {cpus: 2}\n", `4: limits.cpus: unknown key (did you mean cpu?)`},
		{valid + "limits: {wal: 2s}\n", `4: limits.wal: unknown key (did you mean wall?)`},
		{valid + "limits: {cpu: 1.5}\n", `4: limits.cpu: "1.5" needs a unit (did you mean 1.5s?)`},
		{valid + "limits: {cpu: 2 sec}\n", `4: limits.cpu: "2 sec" is not a duration (did you mean 2s?)`},
		{valid + "limits: {cpu: soon}\n", `4: limits.cpu: "soon" is not a duration (write for example 500ms, 1s or 2m)`},
		{valid + "limits: {cpu: 0s}\n", `4: limits.cpu: "0s" is not more than zero`},
		{valid + "limits: {cpu: -1s}\n", `4: limits.cpu: "-1s" is not more than zero`},
		{valid + "limits: {wall: 25h}\n", `4: limits.wall: "25h" is longer than a day`},
		{valid + "limits: {wall: [1s]}\n", `4: limits.wall: must be text, not a list`},
		{valid + "limits: {memory: 1.5Mb1}\n", `4: limits.memory: "1.5Mb1" is not a size (did you mean 1.5MB?)`},
		{valid + "limits: {memory: lots}\n", `4: limits.memory: "lots" is not a size (write for example 64MiB, 512k or 1g)`},
		{valid + "limits: {memory: -5m}\n", `4: limits.memory: "-5m" is negative`},
		{valid + "limits: {memory: 64}\n", `4: limits.memory: 64 bytes are too little for any program (did you mean 64MiB?)`},
		{valid + "limits: {memory: 64k}\n", `4: limits.memory: "64k" is too little for any program`},
		{valid + "limits: {output: 0}\n", `4: limits.output: "0" is not more than zero`},
		{valid + "limits: {files: 9999999t}\n", `4: limits.files: "9999999t" is too large`},
		{valid + "limits: {processes: 1.5}\n", `4: limits.processes: "1.5" is not a whole number from 1 to 4194304`},
		{valid + "limits: {processes: 0}\n", `4: limits.processes: "0" is not a whole number from 1 to 4194304`},
		{valid + "limits: {processes: 1e300}\n", `4: limits.processes: "1e300" is not a whole number from 1 to 4194304`},
		{valid + "limits: {processes: many}\n", `4: limits.processes: must be a number, not "many"`},
		{one("limits: {cpu: 5}"), `5: cases[0].limits.cpu: "5" needs a unit (did you mean 5s?)`},
		// compare
		{valid + "compare: fuzzy\n", `4: compare: "fuzzy" is not a mode (known: exact, lines, tokens, numbers, unordered, regex, contains, checker)`},
		{valid + "compare: [lines]\n", `4: compare: must be text, not a list`},
		{valid + "compare: {mode: number}\n", `4: compare.mode: "number" is not a mode (did you mean numbers?)`},
		{valid + "compare: {absolute: 1e-6}\n", `4: compare.absolute: means nothing in mode lines (add mode: numbers)`},
		{valid + "compare: {mode: numbers, absolute: -1}\n", `4: compare.absolute: "-1" is negative`},
		{valid + "compare: {mode: numbers, relative: .inf}\n", `4: compare.relative: ".inf" is not a decimal number`},
		{valid + "compare: {mode: numbers, relative: x}\n", `4: compare.relative: must be a number, not "x"`},
		{valid + "compare: {mode: tokens, case: fold}\n", `4: compare.case: "fold" is not known (only: ignore)`},
		{one("compare: {case: ignore}"), `5: cases[0].compare.case: means nothing in mode lines (add mode: tokens)`},
		// cases
		{"version: 1\nname: x\n", "1: cases: missing: a suite has at least one case"},
		{"version: 1\nname: x\ncases: []\n", "3: cases: empty: a suite has at least one case"},
		{"version: 1\nname: x\ncases:\n", "3: cases: must be a list, not nothing"},
		{"version: 1\nname: x\ncases: [a]\n", `3: cases[0]: must be a mapping (KEY: VALUE), not "a"`},
		{"version: 1\nname: x\ncases:\n\n- name: a\n", "5: cases[0]: neither answer nor answer-file"},
		{one("answer-file: cases/1.ans"), "5: cases[0].answer-file: cannot stand beside answer"},
		{one("input: 5"), `5: cases[0].input: must be text, but YAML takes "5" for something else (put it in quotes)`},
		{one("input-file: cases/none.in"), `5: cases[0].input-file: "cases/none.in" does not exist`},
		{one("input-file: cases/1.inn"), `5: cases[0].input-file: "cases/1.inn" does not exist (did you mean cases/1.in?)`},
		{one("input-file: cases/1.in/x"), `5: cases[0].input-file: "cases/1.in/x" does not exist`},
		{one("input-file: cases"), `5: cases[0].input-file: "cases" is a folder`},
		{one("input-file: cases/../../x"), `5: cases[0].input-file: "cases/../../x" may not lead out of the suite's folder (..)`},
		{one("input-file: /etc/passwd"), `5: cases[0].input-file: "/etc/passwd" must be relative to the suite's folder`},
		{one("input-file: ''"), `5: cases[0].input-file: "" is empty`},
		{one("input-file: \"a\\0\""), `5: cases[0].input-file: "a\x00" contains a NUL character`},
		{one("args: --fast"), `5: cases[0].args: must be a list, not "--fast"`},
		{one("args: [\"a\\0\"]"), `5: cases[0].args[0]: contains a NUL character, which no argument of a program can`},
		{one("args: [[]]"), `5: cases[0].args[0]: must be text, not a list`},
		{one("env: [A]"), `5: cases[0].env[0]: "A" is not NAME=value`},
		{one("env: [=x]"), `5: cases[0].env[0]: "=x" is not NAME=value`},
		{one("env: [A=1, A=2]"), `5: cases[0].env[1]: "A" is set twice`},
		{one("points: -0.5"), `5: cases[0].points: "-0.5" is negative`},
		{one("points: .nan"), `5: cases[0].points: ".nan" is not a decimal number`},
		{one("points: ten"), `5: cases[0].points: must be a number, not "ten"`},
		{one("name: a\n- name: a\n  answer: x"), `6: cases[1].name: "a" is already the name of the case in line 4`},
		// files
		{one("files: cases/*.in"), "4: cases[0].answer: cannot stand beside files"},
		{"version: 1\nname: x\ncases: [{files: 'cases/*.none'}]\n", `3: cases[0].files: "cases/*.none" matches no file`},
		{"version: 1\nname: x\ncases: [{files: 'cases/R*'}]\n", `3: cases[0].files: "cases/R*" matches no input: of 1 files none is called NAME.in, in.txt or in-N.txt`},
		{"version: 1\nname: x\ncases: [{files: 'lone/*'}]\n", `3: cases[0].files: "lone/1.in" has no answer: no file lone/1.ans or lone/1.out`},
		{"version: 1\nname: x\ncases: [{files: 'both/*'}]\n", `3: cases[0].files: "both/1.in" has two answers: both/1.ans and both/1.out`},
		{"version: 1\nname: x\ncases: [{files: '[z'}]\n", `3: cases[0].files: "[z" is not a pattern (write for example cases/*.in)`},
		{"version: 1\nname: x\ncases: [{files: '../*'}]\n", `3: cases[0].files: "../*" may not lead out of the suite's folder (..)`},
		{"version: 1\nname: x\ncases: [{files: '**/*.in'}]\n", `3: cases[0].files: "**/*.in": ** is not supported (* matches within one folder)`},
		{"version: 1\nname: x\ncases:\n- files: 'cases/1.in'\n- files: 'cases/*.in'\n", `5: cases[1].files: "cases/1" is already the name of the case in line 4`},
		// what is for all cases
		{valid + "description: 5\n", `4: description: must be text, but YAML takes "5" for something else (put it in quotes)`},
		{valid + "stop-early: yes\n", `4: stop-early: must be true or false, not "yes"`},
		{valid + "stop-early: [true]\n", `4: stop-early: must be true or false, not a list`},
		{valid + "submissions: data/text.txt\n", `4: submissions: "data/text.txt" is not a folder`},
		{valid + "submissions: refs\n", `4: submissions: "refs" does not exist`},
		{valid + "visibility: secret\n", `4: visibility: "secret" is not a visibility (known: sample, visible, hidden)`},
		{one("visibility: hiden"), `5: cases[0].visibility: "hiden" is not a visibility (did you mean hidden?)`},
		{valid + "points: -1\n", `4: points: "-1" is negative`},
		{valid + "args: --fast\n", `4: args: must be a list, not "--fast"`},
		{valid + "env: [A]\n", `4: env[0]: "A" is not NAME=value`},
		{valid + "volume: {dat: /mnt}\n", `4: volume.dat: "dat" does not exist (did you mean data?)`},
		{one("volume: {cases: /mnt}\nvolume: {data: /mnt/data}"), `5: cases[0].volume.cases: "/mnt" clashes with the volume at /mnt/data`},
		{valid + "limits: {stack: 0}\n", `4: limits.stack: "0" is not more than zero`},
		{valid + "limits: {open-files: 0.5}\n", `4: limits.open-files: "0.5" is not a whole number from 1 to 4194304`},
		{valid + "limits: {file-size: big}\n", `4: limits.file-size: "big" is not a size (write for example 64MiB, 512k or 1g)`},
		// checkers and interactors
		{valid + "compare: checker\n", `4: compare: mode checker needs the program: checker: PROGRAM`},
		{valid + "compare: {mode: checker, absolute: 1}\nchecker: check.py\n", `4: compare.absolute: means nothing in mode checker (add mode: numbers)`},
		{valid + "compare: {checker: check.py}\n", `4: compare.checker: does not belong here but beside compare: checker: PROGRAM`},
		{valid + "compare: {mode: exact, presentation: true}\n", `4: compare.presentation: means nothing in mode exact (add mode: lines)`},
		{valid + "compare: {presentation: 1}\n", `4: compare.presentation: must be true or false, not "1"`},
		{valid + "compare: lines\nchecker: check.py\n", `5: checker: means nothing in mode lines (write compare: checker, or leave compare out)`},
		{valid + "checker:\n", `4: checker: must be text, not nothing`},
		{valid + "checker: check.pi\n", `4: checker: "check.pi" does not exist (did you mean check.py?)`},
		{valid + "checker: /bin/true\n", `4: checker: "/bin/true" must be relative to the suite's folder`},
		{valid + "checker: {}\n", `4: checker.program: missing: the source file, or a folder of them`},
		{valid + "checker: {programm: check.py}\n", `4: checker.programm: unknown key (did you mean program?)`},
		{valid + "checker: {program: check.py, protocol: polygon}\n", `4: checker.protocol: "polygon" is not a protocol here (known: testlib, kattis, exit)`},
		{valid + "checker: {program: check.py, language: python}\n", `4: checker.language: "python" is not a known language (did you mean python3?)`},
		{valid + "checker: {program: check.py, limits: {cpu: 5}}\n", `4: checker.limits.cpu: "5" needs a unit (did you mean 5s?)`},
		{valid + "interactor: {program: talk, protocol: exit}\n", `4: interactor.protocol: "exit" is not a protocol here (known: testlib, kattis)`},
		{valid + "interactor: talk\ncompare: lines\n", `5: compare: means nothing beside the interactor, which decides`},
		{valid + "interactor: {program: talk, protocol: kattis}\nchecker: check.py\n", `5: checker: an interactor of protocol kattis decides alone (one of protocol testlib leaves its output to a checker)`},
		{one("compare: exact\ninteractor: talk"), `5: cases[0].compare: means nothing beside the interactor, which decides`},
		{one("volume: {check.py: /x}\n  checker: check.py"), `5: cases[0].volume: "check.py" is an answer, the suite itself, its results, or a program that knows the answer`},
		// regular expressions
		{"version: 1\nname: x\ncompare: regex\ncases:\n- answer: 'a(b'\n", `5: cases[0].answer: "a(b" is not a regular expression: missing closing ): "a(b"`},
		{"version: 1\nname: x\ncompare: {mode: regex, each-line: true}\ncases:\n- answer: \"a\\n(b\\nc)\\n\"\n", `5: cases[0].answer: line 2 of the answer is not a regular expression: missing closing ): "(b"`},
		{valid + "compare: {mode: lines, each-line: true}\n", `4: compare.each-line: means nothing in mode lines (add mode: regex)`},
		{valid + "compare: {mode: regex, case: ignore}\n", `4: compare.case: means nothing in mode regex (add mode: tokens)`},
		{valid + "compare: {mode: regex, each-line: 1}\n", `4: compare.each-line: must be true or false, not "1"`},
		{"version: 1\nname: x\ncompare: regex\ncases:\n- answer-file: bad.regex\n", `5: cases[0].answer-file: "bad.regex" is not a regular expression: missing argument to repetition operator: "*"`},
		{"version: 1\nname: x\ncompare: regex\ncases:\n- files: 'bad/*'\n", `5: cases[0].files: "bad/1.ans" is not a regular expression: invalid escape sequence: "\\y"`},
		// groups
		{valid + "groups: [a]\n", `4: groups: must be a mapping (NAME: {points: 10}), not a list`},
		{valid + "groups: {a: }\n", `4: groups.a: must be a mapping (KEY: VALUE), not nothing` + "\n" + `4: groups.a: no case is in this group`},
		{grouped("a: {scores: all}"), `4: groups.a.scores: unknown key (did you mean score?)`},
		{grouped("a: {score: mean}"), `4: groups.a.score: "mean" is not a way to score (known: sum, min, all)`},
		{grouped("a: {points: -1}"), `4: groups.a.points: "-1" is negative`},
		{grouped("a: {points: .nan}"), `4: groups.a.points: ".nan" is not a decimal number`},
		{grouped("a: {points: many}"), `4: groups.a.points: must be a number, not "many"`},
		{grouped("a: {cases: [x]}"), `4: groups.a.cases: does not belong here but to the cases: each names its group`},
		{grouped("a: {}, 'b ': {}"), `4: groups.b : "b " begins or ends with white space` + "\n" + `4: groups.b : no case is in this group`},
		{grouped("a: {requires: b}"), `4: groups.a.requires: must be a list, not "b"`},
		{grouped("a: {requires: [b]}"), `4: groups.a.requires[0]: "b" is not a group (did you mean a?)`},
		{grouped("a: {requires: [sample]}"), `4: groups.a.requires[0]: no case has visibility: sample, and no group is called so`},
		{grouped("a: {requires: [a]}"), `4: groups.a: requires itself: a → a`},
		{grouped("a: {requires: [sample], visibility: sample}"), `4: groups.a: requires itself: a → a`},
		{grouped("a: {points: 10, requires: [sample]}", "visibility: sample"), `4: groups.a: requires itself: a → a`},
		{"version: 1\nname: x\ngroups:\n  a: {requires: [c]}\n  b: {requires: [a, a]}\n  c: {requires: [b]}\n" +
			"cases: [{answer: x, group: a}, {answer: x, group: b}, {answer: x, group: c}]\n",
			`4: groups.a: requires itself: a → c → b → a` + "\n" + `5: groups.b.requires[1]: "a" is listed twice`},
		{grouped("a: {points: 0}", "points: 2"), `5: cases[0].points: the group "a" is worth 0 points, and so are its cases`},
		{grouped("a: {points: 10}", "points: 0"), `4: groups.a.points: nobody could get them: each case of the group has 0 points`},
		{grouped("a: {}", "points: [1]"), `5: cases[0].points: must be a number, not a list`},
		{valid + "groups: {a: {}}\n", `4: groups.a: no case is in this group`},
		{one("group: a"), `5: cases[0].group: the suite has no groups (add groups: {a: {}})`},
		{one("group: secrt\ngroups: {secret: {}}"), `5: cases[0].group: "secrt" is not a group (did you mean secret?)` + "\n" + `6: groups.secret: no case is in this group`},
		{one("group: 1\ngroups: {'1': {}}"), `5: cases[0].group: must be text, but YAML takes "1" for something else (put it in quotes)` + "\n" + `6: groups.1: no case is in this group`},
		// volumes
		{one("volume: data"), `5: cases[0].volume: must be a mapping (FOLDER: /TARGET), not "data"`},
		{one("volume: {dat: /mnt}"), `5: cases[0].volume.dat: "dat" does not exist (did you mean data?)`},
		{one("volume: {../data: /mnt}"), `5: cases[0].volume.../data: "../data" may not lead out of the suite's folder (..)`},
		{one("volume: {/etc: /mnt}"), `5: cases[0].volume./etc: "/etc" must be relative to the suite's folder`},
		{one("volume: {data: mnt}"), `5: cases[0].volume.data: "mnt" is not absolute (did you mean /mnt?)`},
		{one("volume: {data: /mnt/../etc}"), `5: cases[0].volume.data: "/mnt/../etc" contains ..`},
		{one("volume: {data: //}"), `5: cases[0].volume.data: "//" is the root itself`},
		{one("volume: {data: /work}"), `5: cases[0].volume.data: "/work" clashes with the sandbox's own /work`},
		{one("volume: {data: /proc/./self/}"), `5: cases[0].volume.data: "/proc/./self/" clashes with the sandbox's own /proc`},
		{one("volume: {data: /mnt, cases: /mnt/}"), `5: cases[0].volume.cases: "/mnt" clashes with the volume at /mnt`},
		{one("volume: {data: /mnt, cases: /mnt/cases}"), `5: cases[0].volume.cases: "/mnt/cases" clashes with the volume at /mnt`},
		{one("volume: [data]"), `5: cases[0].volume[0]: "data" is not HOST:TARGET`},
		{one("volume: ['data:/mnt:rw']"), `5: cases[0].volume[0]: "data:/mnt:rw" is not read-only, as every volume is (leave out :rw)`},
		{one("volume: {suite.yaml: /x}"), `5: cases[0].volume: "suite.yaml" is an answer, the suite itself, its results, or a program that knows the answer`},
	} {
		want := ""
		for line := range strings.SplitSeq(c.want, "\n") {
			want += "\n" + File + ":" + line
		}
		if got := mistakesIn(t, dir, c.text); "\n"+got != want {
			t.Errorf("%.300q\n got %s\nwant %s", c.text, got, want[1:])
		}
		if isShape(c.want) && invalid(t, c.text) == "" {
			t.Errorf("%.300q\nthe schema accepts what is wrong: %s", c.text, c.want)
		}
	}
}

// bomb is a text whose aliases expand to 10^9 values.
func bomb() string {
	var b strings.Builder
	b.WriteString("a0: &a0 [x]\n")
	for i := '1'; i <= '9'; i++ {
		last := "*a" + string(i-1)
		b.WriteString("a" + string(i) + ": &a" + string(i) + " [" + strings.Repeat(last+", ", 9) + last + "]\n")
	}
	return b.String()
}

func TestMistakesThroughAliasesCountOnce(t *testing.T) {
	got := mistakes(t, "version: 1\nname: x\nlimits: &l {cpu: 5}\ncases:\n- {answer: x, limits: *l}\n- {answer: x, limits: *l}\n")
	if want := `suite.yaml:3: limits.cpu: "5" needs a unit (did you mean 5s?)`; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestMistakesAreBounded(t *testing.T) {
	text := valid + "languages:\n" + strings.Repeat("- x\n", 50_000)
	if n := strings.Count(mistakes(t, text), "\n"); n != most-1 {
		t.Errorf("%d lines, want %d", n+1, most)
	}
}

type panicking struct{}

func (panicking) Read([]byte) (int, error) { panic("unknown event") }

func TestDecoderThatPanics(t *testing.T) {
	var node yaml.Node
	err := guarded(yaml.NewDecoder(panicking{}), &node)
	if err == nil || err.Error() != "yaml: not understood: unknown event" {
		t.Errorf("got %v", err)
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "abc", 0}, {"linse", "lines", 1}, {"pyton3", "python3", 1}, {"kitten", "sitting", 3}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
