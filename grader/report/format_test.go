package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pocket/grader"
	"pocket/runtime/resource"
)

var update = flag.Bool("update", false, "write the golden files anew")

var began = time.Date(2025, 3, 1, 10, 20, 30, 987654321, time.UTC)

// hostile has everything that means something to some reader of a report.
const hostile = "=cmd|'/c calc'!A1 </script><img src=x onerror=alert(1)> ]]>&#0; \x1b[31m\u202e\x00\xff #todo \\ \"q\"\r\nnot ok 9\n\tend"

func usageOf(ms int) resource.Usage {
	return resource.Usage{CPU: time.Duration(ms) * time.Millisecond, Wall: time.Duration(2*ms) * time.Millisecond, Memory: 3 * resource.MiB, CPUSource: "cpu.stat"}
}

// class is a small run in which every kind of submission stands once.
func class() []grader.Report {
	cases := func(verdicts ...grader.Verdict) []grader.Result {
		all := []grader.Result{
			{Case: "one", Group: "easy", Points: 1, Visibility: grader.Sample},
			{Case: "two", Group: "easy", Points: 1.5, Visibility: grader.Visible},
			{Case: "secret/3", Group: "hard", Points: 2, Visibility: grader.Hidden},
		}
		for i, v := range verdicts {
			c := &all[i]
			c.Verdict = v
			switch v {
			case grader.AC:
				c.Score, c.Usage = c.Points, usageOf(10+i)
			case grader.WA:
				c.Detail, c.Usage, c.OutputBytes = `line 1, column 1: expected "4", got "5"`, usageOf(20), 3
				c.Difference = "--- expected\n+++ got\n@@ -1 +1 @@\n-4 of " + c.Case + "\n+5\n"
				c.WouldPass, c.Judge = "with an absolute tolerance of 1", "judge only"
			case grader.RTE:
				c.Detail, c.Signal, c.Usage, c.Stderr = "SIGSEGV", "SIGSEGV", usageOf(5), "input was 3\n"
			case grader.SKIP:
				c.Detail = "not compiled"
			case grader.JE:
				c.Detail = "checker /srv/check.py: exit code 3"
			}
		}
		return all
	}
	report := func(name string, v grader.Verdict, score float64, results []grader.Result) grader.Report {
		return grader.Report{Suite: "squares", Submission: name, Path: "/srv/in/" + name, Language: "python3", Verdict: v, Results: results,
			Points: 4.5, Score: score, Started: began, Finished: began.Add(1500 * time.Millisecond),
			Groups: []grader.GroupResult{{Group: "easy", Verdict: grader.AC, Points: 2.5, Score: min(score, 2.5)}, {Group: "hard", Verdict: v, Points: 2, Score: max(0, score-2.5)}}}
	}
	ada := report("ada.py", grader.AC, 4.5, cases(grader.AC, grader.AC, grader.AC))
	ada.Student = grader.Student{ID: "007", Name: "Ada Lovelace", Email: "ada@example.org"}
	bob := report("bob.py", grader.WA, 2.5, cases(grader.AC, grader.WA, grader.RTE))
	bob.Detail = `two: line 1, column 1: expected "4", got "5"`
	eve := report(hostile, grader.WA, 2.5, cases(grader.AC, grader.AC, grader.WA))
	eve.Detail = `secret/3: line 1, column 1: expected "4", got "5"`
	eve.Student = grader.Student{ID: "-1+1", Name: hostile}
	eve.Results[2].Feedback, eve.Results[2].Stderr, eve.Results[0].Detail = hostile, hostile, hostile
	carl := report("carl.c", grader.CE, 0, cases(grader.SKIP, grader.SKIP, grader.SKIP))
	carl.Detail, carl.Language = "gcc: exit code 1", "c"
	carl.Compile = &grader.Result{Case: "compile", Verdict: grader.CE, Detail: "gcc: exit code 1", Stderr: "carl.c:1: error: x\n", Usage: usageOf(30)}
	dora := report("dora.py", grader.JE, 1, cases(grader.AC, grader.JE, grader.AC))
	dora.Detail = "two: checker /srv/check.py: exit code 3"
	return []grader.Report{ada, bob, eve, carl, dora,
		{Suite: "squares", Submission: "fay.rs", Verdict: grader.JE, Detail: "rustc is not installed", Points: 4.5, Started: began, Finished: began},
		{Suite: "squares", Student: grader.Student{ID: "9", Name: "Gus", Section: "B"}, Missing: true, Verdict: grader.SKIP, Points: 4.5,
			Results: cases(grader.SKIP, grader.SKIP, grader.SKIP)}}
}

func each(list ...grader.Report) Reports {
	return func(yield func(grader.Report, error) bool) {
		for _, r := range list {
			if !yield(r, nil) {
				return
			}
		}
	}
}

var testRun = Run{ID: 7, Suite: "squares", Started: began, Finished: began.Add(time.Minute)}

func written(t testing.TB, name string, list ...grader.Report) string {
	t.Helper()
	format, ok := FormatNamed(name)
	if !ok {
		t.Fatalf("no format %s", name)
	}
	var b bytes.Buffer
	if err := format.Write(&b, testRun, each(list...)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || got != string(want) {
		t.Errorf("%s differs (-update writes it anew): %v\n%s", path, err, got)
	}
}

func TestFormatsAreAsTheGoldenFiles(t *testing.T) {
	for _, f := range formats {
		if f.Name != "html" { // which a browser judges
			golden(t, f.Name+".golden", written(t, f.Name, class()...))
		}
	}
	var b strings.Builder
	for _, r := range class() {
		if err := Gradescope(&b, r, GradescopeAfterPublished, true); err != nil {
			t.Fatal(err)
		}
	}
	golden(t, "gradescope.golden", b.String())
}

func TestAnEmptyRunIsWritten(t *testing.T) {
	for name, want := range map[string]string{"csv": strings.Join(fixedTitles, ",") + "\n", "jsonl": "", "tap": "TAP version 14\n1..0\n",
		"junit": xml.Header + "<testsuites>\n\n</testsuites>\n"} {
		if got := written(t, name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	for _, f := range formats {
		if got := written(t, f.Name, grader.Report{}); f.Name != "csv" && got == "" {
			t.Errorf("%s of an empty report is empty", f.Name)
		}
	}
}

// What is read from the store may end early, and the writer may be full: neither is passed over.
func TestErrorsEndAReport(t *testing.T) {
	broken := errors.New("broken")
	for _, f := range formats {
		reading := func(yield func(grader.Report, error) bool) { yield(grader.Report{}, broken) }
		if err := f.Write(io.Discard, testRun, reading); !errors.Is(err, broken) {
			t.Errorf("%s: reading: %v", f.Name, err)
		}
		if err := f.Write(full{broken}, testRun, each(class()...)); !errors.Is(err, broken) {
			t.Errorf("%s: writing: %v", f.Name, err)
		}
	}
}

type full struct{ err error }

func (f full) Write([]byte) (int, error) { return 0, f.err }

// No format acts on a terminal, and none shows a student anything of a hidden case.
func TestEveryFormatIsHarmless(t *testing.T) {
	var students []grader.Report
	for _, r := range class() {
		students = append(students, ForStudents(r))
	}
	for _, f := range formats {
		for i, c := range written(t, f.Name, class()...) {
			if c != '\n' && (c < ' ' || c >= 0x7f && c < 0xa0 || c == '\u202e') && !(f.Name == "html" && c == '\t') {
				t.Errorf("%s: %U at %d", f.Name, c, i)
				break
			}
		}
		got := written(t, f.Name, students...)
		for _, secret := range []string{"of secret/3", "input was 3", "judge only", "/srv/in"} {
			if strings.Contains(got, secret) {
				t.Errorf("%s tells students %q", f.Name, secret)
			}
		}
	}
}

// TestNoTotalTellsOfHiddenCases wants of two runs that differ in nothing but how long a hidden case took the same reports
// for students, and none of the hidden case's figures in what Gradescope shows.
func TestNoTotalTellsOfHiddenCases(t *testing.T) {
	quick, slow := class()[1], class()[1]
	slow.Results[2].Usage = usageOf(7919)
	slow.Started, slow.Finished = began.Add(time.Hour), began.Add(time.Hour+7919*time.Second)
	later := testRun
	later.Finished = began.Add(5 * time.Hour)
	for _, f := range formats {
		texts := [2]strings.Builder{}
		for i, r := range []grader.Report{quick, slow} {
			run := []Run{testRun, later}[i]
			run.Untimed = true
			if err := f.Write(&texts[i], run, each(ForStudents(r))); err != nil {
				t.Fatal(err)
			}
		}
		if texts[0].String() != texts[1].String() {
			t.Errorf("%s tells students how long a hidden case took:\n%s\n%s", f.Name, &texts[0], &texts[1])
		}
	}
	for _, visibility := range []string{GradescopeVisible, GradescopeAfterDueDate, GradescopeAfterPublished} {
		texts := [2]strings.Builder{}
		if err := errors.Join(Gradescope(&texts[0], quick, visibility, false), Gradescope(&texts[1], slow, visibility, false)); err != nil {
			t.Fatal(err)
		}
		if texts[0].String() != texts[1].String() || strings.Contains(texts[0].String(), "input was 3") {
			t.Errorf("gradescope, %s, tells of a hidden case:\n%s\n%s", visibility, &texts[0], &texts[1])
		}
	}
	if got, want := took(ForStudents(slow)), slow.Results[0].Usage.Wall+slow.Results[1].Usage.Wall; got != want || want == 0 {
		t.Errorf("took %s, want %s", got, want)
	}
	if took(slow) != 7919*time.Second {
		t.Error("the instructor is told how long all took")
	}
}

func TestForStudents(t *testing.T) {
	before := class()
	bob := ForStudents(before[1])
	want := grader.Result{Case: "secret/3", Group: "hard", Verdict: grader.RTE, Points: 2, Visibility: grader.Hidden}
	if !reflect.DeepEqual(bob.Results[2], want) || !strings.HasPrefix(bob.Detail, "two: line 1") || bob.Results[1].Difference == "" || bob.Results[1].Judge != "" {
		t.Errorf("got %+v", bob)
	}
	if eve := ForStudents(before[2]); eve.Detail != "secret/3" {
		t.Errorf("detail %q", eve.Detail)
	}
	if carl := ForStudents(before[3]); carl.Detail != "gcc: exit code 1" || carl.Compile.Stderr == "" {
		t.Errorf("got %+v", carl)
	}
	if !reflect.DeepEqual(before, class()) {
		t.Error("the instructor's report was changed")
	}
}

func TestCSVIsForSpreadsheets(t *testing.T) {
	for text, want := range map[string]string{
		"=1": "'=1", "+1": "'+1", "-1": "'-1", "@x": "'@x", " =1": "' =1", "＝1": "'＝1", "\t=1": `\t=1`, "\r=1": `\x0d=1`, "\n=1": `\n=1`,
		"a=1": "a=1", "": "", "0": "0", "’": "’",
	} {
		if got := cell(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	records, err := csv.NewReader(strings.NewReader(written(t, "csv", class()...))).ReadAll()
	if err != nil || len(records) != 8 {
		t.Fatalf("%d records, %v", len(records), err)
	}
	score := slices.Index(records[0], "score")
	two := slices.Index(records[0], "case:two:score")
	for i, want := range [][2]string{{"4.5", "1.5"}, {"2.5", "0"}, {"2.5", "1.5"}, {"0", "0"}, {"", ""}, {"", ""}, {"", ""}} {
		if got := [2]string{records[i+1][score], records[i+1][two]}; got != want {
			t.Errorf("%s: %q, want %q", records[i+1][4], got, want)
		}
	}
}

func TestJUnitSatisfiesTheSchema(t *testing.T) {
	path, err := exec.LookPath("xmllint")
	if err != nil {
		if os.Getenv("POCKET_TEST_REQUIRE") != "" {
			t.Fatal("xmllint is not installed")
		}
		t.Skip("xmllint is not installed")
	}
	for name, list := range map[string][]grader.Report{"class": class(), "none": nil, "zero": {{}}} {
		cmd := exec.Command(path, "--nonet", "--noout", "--schema", "testdata/junit.xsd", "-")
		cmd.Stdin = strings.NewReader(written(t, "junit", list...))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", name, err, out)
		}
	}
}

func TestJUnitCounts(t *testing.T) {
	var got struct {
		Suites []junitSuite `xml:"testsuite"`
	}
	if err := xml.Unmarshal([]byte(written(t, "junit", class()...)), &got); err != nil {
		t.Fatal(err)
	}
	for i, want := range [][4]int{{3, 0, 0, 0}, {3, 2, 0, 0}, {3, 1, 0, 0}, {4, 1, 0, 3}, {3, 0, 1, 0}, {1, 0, 1, 0}, {3, 0, 0, 3}} {
		s := got.Suites[i]
		if counts := [4]int{s.Tests, s.Failures, s.Errors, s.Skipped}; counts != want || len(s.Cases) != s.Tests {
			t.Errorf("%s: %v of %d, want %v", s.Name, counts, len(s.Cases), want)
		}
	}
}

func TestDocumentsComeBack(t *testing.T) {
	class := slices.DeleteFunc(class(), func(r grader.Report) bool { return r.Submission == hostile }) // JSON has no bytes that are not UTF-8
	var document struct {
		Run         Run
		Submissions []grader.Report
	}
	if err := json.Unmarshal([]byte(written(t, "json", class...)), &document); err != nil || !reflect.DeepEqual(document.Submissions, class) || !reflect.DeepEqual(document.Run, testRun) {
		t.Errorf("got %+v, %v", document, err)
	}
	n := 0
	for l := range strings.Lines(written(t, "jsonl", class...)) {
		var r grader.Report
		if err := json.Unmarshal([]byte(l), &r); err != nil || !reflect.DeepEqual(r, class[n]) {
			t.Errorf("line %d: %+v, %v", n+1, r, err)
		}
		n++
	}
	if n != len(class) {
		t.Errorf("%d lines", n)
	}
}

func TestGradescopeHidesAndNeverGivesAZeroForJE(t *testing.T) {
	for _, r := range class() {
		var b strings.Builder
		var got gradescope
		if err := errors.Join(Gradescope(&b, r, GradescopeHidden, false), json.Unmarshal([]byte(b.String()), &got)); err != nil {
			t.Fatal(err)
		}
		if (got.Score == nil) != doubtful(r) || strings.Contains(got.Output, "expected") && !strings.Contains(got.Output, "two: ") {
			t.Errorf("%s: %s", r.Submission, b.String())
		}
		for _, c := range got.Tests {
			if (c.Visibility == GradescopeHidden) != (c.Name == "secret/3") || strings.Contains(c.Output, "/srv") || strings.Contains(c.Output, "judge only") {
				t.Errorf("%s: %+v", r.Submission, c)
			}
		}
	}
}

func FuzzFormats(f *testing.F) {
	f.Add(hostile, hostile)
	f.Add("a", "\ufffe\uffff]]>")
	f.Fuzz(func(t *testing.T, name, text string) {
		r := grader.Report{Submission: name, Suite: text, Language: name, Verdict: grader.WA, Detail: text, Student: grader.Student{ID: text, Name: name},
			Results: []grader.Result{{Case: name, Group: text, Verdict: grader.WA, Detail: text, Difference: text, Stderr: name}, {Case: text, Verdict: grader.SKIP, Detail: text}}}
		for l := range strings.Lines(written(t, "csv-long", r)) {
			record, err := csv.NewReader(strings.NewReader(l)).Read()
			if err != nil || len(record) != len(longTitles) || slices.ContainsFunc(record, formula) {
				t.Fatalf("csv: %q, %v", l, err)
			}
		}
		var parsed struct {
			Suites []junitSuite `xml:"testsuite"`
		}
		if err := xml.Unmarshal([]byte(written(t, "junit", r)), &parsed); err != nil || len(parsed.Suites) != 1 || len(parsed.Suites[0].Cases) != 2 {
			t.Fatalf("junit: %+v, %v", parsed, err)
		}
		points := 0
		for l := range strings.Lines(written(t, "tap", r)) {
			if l = strings.TrimLeft(l, " "); strings.HasPrefix(l, "ok ") || strings.HasPrefix(l, "not ok ") {
				points++
			}
		}
		if points != 3 {
			t.Fatalf("tap: %d tests: %s", points, written(t, "tap", r))
		}
	})
}

func formula(cell string) bool { return cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) }

// TestJUnitClasses: submissions whose names differ in dots alone are not one class.
func TestJUnitClasses(t *testing.T) {
	var b strings.Builder
	err := JUnit(&b, Run{}, func(yield func(grader.Report, error) bool) {
		for _, name := range []string{"a.py", "a_py", "a_py_2", "b"} {
			if !yield(grader.Report{Suite: "s", Submission: name, Results: []grader.Result{{Case: "one"}, {Case: "two"}}}, nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, class := range []string{"s.a_py", "s.a_py_2", "s.a_py_2_2", "s.b"} {
		if n := strings.Count(b.String(), `classname="`+class+`"`); n != 2 {
			t.Errorf("%d cases of %s in %s", n, class, b.String())
		}
	}
}
