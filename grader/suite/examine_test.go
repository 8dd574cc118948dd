package suite

import (
	"strings"
	"testing"

	"pocket/runtime/resource"
)

func TestExamine(t *testing.T) {
	const head = "version: 1\nname: x\n"
	const masked = ": answers, the suite, its results, checkers and reference submissions are left out"
	for _, c := range []struct{ text, want string }{
		{head + "cases: [{answer: x}]\n", ""},
		{head + "groups: {a: {}}\ncases: [{answer: x, input: y, visibility: sample}, {answer: x, visibility: hidden, group: a}]\n", ""},
		{head + "cases:\n- {answer-file: data/answers/one.ans, volume: {data: /mnt}}\n",
			"4: in the volume data no program finds answers/one.ans" + masked},
		{head + "volume: {cases: /mnt}\ncases:\n- {files: 'cases/*.in'}\n- {answer: x}\n",
			"5: in the volume cases no program finds 1.ans, 10.ans, 2.out" + masked},
		{head + "checker: talk\nvolume: {.: /all}\nsubmissions: data\ncases:\n- input: x\n",
			"7: in the volume . no program finds data/answers/one.ans, data/text.txt, suite.yaml and 2 more" + masked},
		{head + "cases:\n- {answer: x, name: a, visibility: hidden}\n",
			"4: case a is hidden and in no group: a student sees a verdict that nothing explains (give it a group)"},
		{head + "cases:\n- {files: 'cases/*.in', visibility: hidden}\n",
			"4: case 1 is hidden and in no group: a student sees a verdict that nothing explains (give it a group) (so it is with 2 more of this line)"},
		{head + "cases:\n- {answer: x, visibility: sample}\n- {answer: x, visibility: sample, args: [1]}\n", "4: case 1 is a sample without input"},
		{head + "cases:\n- {answer: x, limits: {memory: 1025MiB}}\n", "4: case 1 may use 1025MiB of memory, more than the 1GiB of this machine"},
		{head + "cases:\n- {answer: x, limits: {cpu: 4s, wall: 3s}}\n", "4: case 1 has 3s on the clock and 4s of CPU time, which only several processes can reach"},
		{head + "cases:\n- {answer: x, limits: {stack: 64MiB, memory: 32MiB}}\n", "4: case 1 has a stack of 64MiB in 32MiB of memory"},
		{head + "compare: numbers\ncases:\n- {answer: x 1e999}\n- {answer: '1', compare: {absolute: 1e-3}}\n",
			"5: case 1 compares numbers without a tolerance: 0.1 + 0.2 is not 0.3 (add absolute or relative)"},
		{head + "compare: numbers\ncases:\n- {answer: inf x}\n- {answer: '2.5', compare: {absolute: 1e-3}}\n- {answer: a1, compare: tokens}\n",
			"5: case 1 compares numbers, and its answer has none: word for word it must be the same (compare: tokens says that)"},
		{head + "groups:\n  a: {points: 10}\n  b: {points: 10}\n  c: {points: 3}\ncases:\n- {answer: x, group: a, points: 3}\n- {answer: x, group: a, points: 4}\n" +
			"- {answer: x, group: b}\n- {answer: x, group: c, points: 1}\n- {answer: x, group: c, points: 2}\n",
			"4: the group a is worth 10 points, its cases 7 together: theirs only weigh one against the other"},
		{head + "cases:\n- {input-file: cases/1.in, answer-file: cases/1.ans}\n- {input-file: given/in.txt, answer-file: given/out.txt}\n",
			"4: in no case, as input or answer: cases/2.in, cases/2.out, cases/10.ans and 1 more\n" +
				"5: in no case, as input or answer: given/in-2.txt, given/out-2.txt"},
	} {
		s := load(t, c.text)
		var got []string
		for _, r := range Examine(s, resource.GiB) {
			if r.File != s.File {
				t.Errorf("remark about %s", r.File)
			}
			got = append(got, strings.TrimPrefix(r.String(), s.File+":"))
		}
		if all := strings.Join(got, "\n"); all != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.text, all, c.want)
		}
	}
	if got := Examine(load(t, head+"cases: [{answer: x, limits: {memory: 9999g}}]\n"), 0); len(got) > 0 {
		t.Errorf("of an unknown machine: %v", got)
	}
}
