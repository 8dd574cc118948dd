package report

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"pocket/grader"
	"pocket/runtime/resource"
)

func example() grader.Report {
	usage := resource.Usage{CPU: 12 * time.Millisecond, Wall: 15400 * time.Microsecond, Memory: 8*resource.MiB + 100*resource.KiB,
		CPUSource: "cpu.stat", MemorySource: "memory.peak"}
	return grader.Report{
		Suite: "squares", Submission: "alice.py", Path: "/s/alice.py", Language: "python3", Verdict: grader.WA,
		Detail: "big: line 1", Points: 4, Score: 1,
		Results: []grader.Result{
			{Case: "five", Verdict: grader.AC, Points: 1, Score: 1, Usage: usage},
			{Case: "big", Verdict: grader.WA, Points: 2, Usage: usage, OutputBytes: 3, Input: "5 big\n", InputBytes: 6,
				Detail: `line 1, column 1: expected "25", got "26"`, Stderr: "one\ntwo\x1b[31m\n",
				Difference:  "--- expected\n+++ got\n@@ -1 +1 @@\n-25\n+26\n",
				Enforcement: []resource.Enforcement{{Limit: "memory", Requested: "128MiB", Enforced: "134217728", By: resource.ByCgroup2}}},
			{Case: "three", Verdict: grader.SKIP, Points: 1},
		},
	}
}

func text(t *testing.T, r grader.Report, o Options) string {
	t.Helper()
	var b strings.Builder
	if err := Text(&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestText(t *testing.T) {
	got := text(t, example(), Options{})
	want := `alice.py (python3), suite squares

  CASE   VERDICT  SCORE   CPU  WALL  MEMORY  DETAIL
  five   AC         1/1  12ms  15ms  8.1MiB
  big    WA         0/2  12ms  15ms  8.1MiB  line 1, column 1: expected "25", got "26"
  three  SKIP       0/1

big: WA: line 1, column 1: expected "25", got "26"
  input:
    5 big
  difference:
    --- expected
    +++ got
    @@ -1 +1 @@
    -25
    +26
  standard error:
    one
    two\x1b[31m

alice.py: WA: 1 of 3 cases, 1 of 4 points, slowest 12ms cpu
`
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// What is to be known beside verdicts and clocks is there when there is something of it.
func TestTextTells(t *testing.T) {
	r := example()
	for i := range r.Results {
		r.Results[i].Points, r.Results[i].Score = 1, 0
	}
	r.Results[0].Score = 1
	if got := text(t, r, Options{}); strings.Contains(got, "SCORE") || strings.Contains(got, "NOTE") || strings.Contains(got, "GROUP") {
		t.Errorf("a column without anything:\n%s", got)
	}
	r.Results[0].Score = 0.5
	r.Results[0].Borderline, r.Results[0].Cached, r.Results[1].Flaky = true, true, true
	r.Results[1].Detail += "; AC if upper and lower case were the same"
	r.Results[1].WouldPass, r.Results[1].Args = "if upper and lower case were the same", []string{"--fast", "it's", ""}
	r.Results[1].InputBytes = 70000
	r.Groups = []grader.GroupResult{{Group: "basic", Verdict: grader.WA, Points: 10, Score: 2.5}}
	got := text(t, r, Options{})
	for _, want := range []string{
		"  five   AC       0.5/1  12ms  15ms  8.1MiB  borderline, cached\n",
		"  big    WA         0/1  12ms  15ms  8.1MiB  flaky               line 1, column 1: expected \"25\", got \"26\"\n",
		"\n\n  GROUP  VERDICT   SCORE\n  basic  WA       2.5/10\n\n",
		"\nbig: WA: line 1, column 1: expected \"25\", got \"26\"\n  arguments:\n    --fast 'it'\\''s' ''\n  input:\n    5 big\n    … (70000 bytes in all)\n",
		"    +26\n  it would be AC if upper and lower case were the same\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if got := noted(r.Results); got != " (1 borderline, 1 flaky, 1 cached)" {
		t.Errorf("in a table: %q", got)
	}
}

func TestTextAllAndBrief(t *testing.T) {
	r := example()
	r.Results = append(r.Results, grader.Result{Case: "four", Verdict: grader.RTE, Detail: "SIGSEGV"})
	if got := text(t, r, Options{}); strings.Contains(got, "four: RTE") {
		t.Errorf("the second failure is explained too:\n%s", got)
	}
	if got := text(t, r, Options{All: true}); !strings.Contains(got, "big: WA") || !strings.Contains(got, "four: RTE: SIGSEGV\n") {
		t.Errorf("not each failure is explained:\n%s", got)
	}
	if got := text(t, r, Options{Brief: true}); strings.Count(got, "\n") != 1 || !strings.HasPrefix(got, "alice.py: WA: 1 of 4 cases") {
		t.Errorf("brief:\n%s", got)
	}
}

func TestTextCompileError(t *testing.T) {
	r := grader.Report{Submission: "a.c", Verdict: grader.CE,
		Compile: &grader.Result{Case: "compile", Verdict: grader.CE, Detail: "gcc: exit code 1", Stderr: "a.c:1: error: \x07\n"},
		Results: []grader.Result{{Case: "five", Verdict: grader.SKIP, Detail: "not compiled"}}}
	got := text(t, r, Options{})
	if !strings.Contains(got, "compile: CE: gcc: exit code 1\n  messages:\n    a.c:1: error: \\x07\n") {
		t.Errorf("got:\n%s", got)
	}
}

func TestColor(t *testing.T) {
	r := example()
	r.Results[0].Case = "WA"
	if got := text(t, r, Options{}); strings.Contains(got, "\x1b") {
		t.Errorf("escape sequences without colour: %q", got)
	}
	got := text(t, r, Options{Color: true})
	if !strings.Contains(got, "  \x1b[32mAC\x1b[0m         1/1") || !strings.Contains(got, "\x1b[31mWA\x1b[0m") {
		t.Errorf("got %q", got)
	}
	if strings.Contains(got, "  \x1b[31mWA\x1b[0m     \x1b[32m") {
		t.Errorf("a case's name is coloured: %q", got)
	}
}

func TestDifferencesHaveColor(t *testing.T) {
	for diff, want := range map[string]string{
		"--- expected\n+++ got\n@@ -1 +1 @@\n-a\n+b\x1b\n same": "\x1b[2m--- expected\x1b[0m\n\x1b[2m+++ got\x1b[0m\n\x1b[2m@@ -1 +1 @@\x1b[0m\n\x1b[32m-a\x1b[0m\n\x1b[31m+b\\x1b\x1b[0m\n same",
		"-a": "\x1b[32m-a\x1b[0m", "": "",
	} {
		if got := painted(diff, true); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if got := painted(diff, false); got != Printable(diff) {
			t.Errorf("without colour: %q", got)
		}
	}
}

// What students write must not reach a terminal as it is, wherever it stands.
func TestNothingActsOnATerminal(t *testing.T) {
	const evil = "\x1b]0;x\x07\u009b31m\r\u202e\xff\nline"
	usage := resource.Usage{Wall: 1, CPUSource: evil}
	result := grader.Result{Case: evil, Verdict: grader.WA, Detail: evil, Difference: evil, Stderr: evil, Signal: evil, Usage: usage,
		Enforcement: []resource.Enforcement{{Limit: evil, Remark: evil}}}
	r := grader.Report{Suite: evil, Submission: evil, Language: evil, Verdict: grader.WA, Detail: evil, Results: []grader.Result{result}}
	result.Input, result.InputBytes, result.Args, result.WouldPass = evil, int64(len(evil)), []string{evil}, evil
	r.Results = []grader.Result{result}
	r.Groups = []grader.GroupResult{{Group: evil}}
	options := Options{All: true}
	var b strings.Builder
	table := NewTable(&b, []string{evil}, Options{})
	compileFailed := r
	compileFailed.Compile = &result
	if err := errors.Join(Text(&b, r, options), Text(&b, compileFailed, options), Detail(&b, result, options), JSON(&b, r),
		table.Add(r), table.Close()); err != nil {
		t.Fatal(err)
	}
	for i, c := range b.String() {
		if c != '\n' && (c < ' ' || c >= 0x7f && c < 0xa0 || c == '\u202e') {
			t.Fatalf("%U at %d: %q", c, i, b.String()[max(0, i-40):i+10])
		}
	}
}

func TestTable(t *testing.T) {
	var b strings.Builder
	table := NewTable(&b, []string{"alice.py", "bob-with-a-long-name.c"}, Options{})
	bob := grader.Report{Submission: "bob-with-a-long-name.c", Verdict: grader.AC, Points: 1.5, Score: 1.5,
		Results: []grader.Result{{Verdict: grader.AC, Usage: resource.Usage{CPU: 1002 * time.Millisecond}}}}
	if err := errors.Join(table.Add(example()), table.Add(bob), table.Close()); err != nil {
		t.Fatal(err)
	}
	want := `SUBMISSION              VERDICT     CASES      POINTS      CPU  DETAIL
alice.py                WA            1/3         1/4     12ms  big: line 1
bob-with-a-long-name.c  AC            1/1     1.5/1.5   1.002s

2 submissions: 1 AC, 1 WA
`
	if b.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", b.String(), want)
	}
}

func TestDetail(t *testing.T) {
	var b strings.Builder
	if err := Detail(&b, example().Results[1], Options{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"big: WA: line 1", "points     0 of 2\n", "cpu        12ms (cpu.stat)\n", "memory     8.1MiB (memory.peak)\n",
		"output     3 bytes\n", "  memory  128MiB  134217728  cgroup v2\n", "    -25\n    +26\n", "    one\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	b.Reset()
	if err := Detail(&b, example().Results[2], Options{}); err != nil || strings.Contains(b.String(), "exit code") {
		t.Errorf("a case that was not run has an exit code:\n%s%v", b.String(), err)
	}
}

func TestJSONKeepsEverything(t *testing.T) {
	want := example()
	want.Started, want.Finished = time.Unix(1, 2).UTC(), time.Unix(3, 4).UTC()
	want.Results[1].Stderr = "\x00\x7f\u009b\u202e\U000e0001 <&> é \t"
	var b strings.Builder
	if err := JSON(&b, want); err != nil {
		t.Fatal(err)
	}
	var got grader.Report
	if err := json.Unmarshal([]byte(b.String()), &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v (%v)", got, want, err)
	}
}

func TestShortenAndEnd(t *testing.T) {
	for _, test := range [][2]string{
		{shorten("a\nb\nc\nd\n", 2, 9), "a\nb\n… (2 more lines)\n"},
		{shorten("a\nb", 2, 9), "a\nb\n"},
		{shorten("", 2, 9), ""},
		{shorten("aéé", 2, 2), "a… (4 more bytes)\n"},
		{end("a\nb\nc\n", 2), "… (1 lines before)\nb\nc"},
		{end("a\n", 2), "a"},
		{clock(300), "<100µs"}, {clock(0), "0s"}, {clock(840 * time.Microsecond), "800µs"}, {clock(1002345 * time.Microsecond), "1.002s"},
	} {
		if test[0] != test[1] {
			t.Errorf("got %q, want %q", test[0], test[1])
		}
	}
}

func FuzzPrintable(f *testing.F) {
	f.Add("a\x1b[0m\u202e\xff\n\t")
	f.Fuzz(func(t *testing.T, s string) {
		for _, r := range line(s) {
			if r < ' ' || r >= 0x7f && r < 0xa0 {
				t.Fatalf("%q has %U", line(s), r)
			}
		}
		if again := Printable(Printable(s)); again != Printable(s) {
			t.Fatalf("%q is made printable twice: %q", Printable(s), again)
		}
	})
}
