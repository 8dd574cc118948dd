package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pocket/fixtures/hostile"
	"pocket/grader"
	"pocket/runtime/resource"
)

// particular is what else must be seen of a row's programs.
func (where attacked) particular(t *testing.T, a hostile.Attack, r grader.Report) {
	if len(r.Results) == 0 {
		return
	}
	seen := r.Results[0]
	switch name := filepath.Base(a.Program); {
	case a.Row == 2 && r.Verdict == grader.MLE:
		memoryWasSeen(t, seen, 0)
	case a.Row == 2 && strings.HasPrefix(name, "reserved") && seen.Usage.Memory > 32*resource.MiB:
		t.Errorf("memory that was never touched is counted: %s", seen.Usage.Memory.Human())
	case a.Row == 9:
		if left := processesNamed("left-behind"); len(left) > 0 {
			t.Errorf("processes are left: %v", left)
		}
	case a.Row == 10:
		if !strings.Contains(seen.Detail, "wall limit") || seen.Usage.CPU > 400*time.Millisecond {
			t.Errorf("%s with %v of processor time", seen.Detail, seen.Usage.CPU)
		}
	case a.Row == 11:
		where.timeOfOthers(t, seen)
	case a.Row == 22 && len(r.Results) != 2:
		t.Errorf("what one case leaves is there for the next one, but there were %d", len(r.Results))
	case a.Row == 21 && r.Verdict == grader.RTE && (seen.Score != 0 || strings.Contains(seen.Detail, "limit")):
		t.Errorf("score %v, %q", seen.Score, seen.Detail)
	}
	where.named(t, seen)
}

// timeOfOthers: processor time of children and threads counts. Without a group what was used by children who
// were gone before they were seen, and whom nobody waited for, is missed; the source of the figure tells of it.
func (where attacked) timeOfOthers(t *testing.T, r grader.Result) {
	t.Helper()
	if where.canGroups && (r.Usage.CPU < 400*time.Millisecond || !strings.HasPrefix(r.Usage.CPUSource, "cpu")) {
		t.Errorf("%v of processor time were seen (%s)", r.Usage.CPU, r.Usage.CPUSource)
	}
	if !where.canGroups && r.Usage.CPUSource != "poll" && r.Usage.CPUSource != "rusage" && !strings.HasPrefix(r.Usage.CPUSource, "cpu") {
		t.Errorf("the source of the processor time is %q", r.Usage.CPUSource)
	}
}

// named: what no control group holds, the result says.
func (where attacked) named(t *testing.T, r grader.Result) {
	t.Helper()
	if where.canGroups {
		return
	}
	for _, e := range r.Enforcement {
		if e.Limit == "memory" && (e.By != resource.ByPoll || !strings.Contains(e.Remark, "not seen")) {
			t.Errorf("the result says of memory: by %s, %q", e.By, e.Remark)
		}
	}
}

// endedInTime: what meets the limit on the clock ends at most two seconds after it, a generous time on a busy
// machine. The judge lets a program run 15 % longer, which the figure has in it.
func endedInTime(t *testing.T, r grader.Result) {
	t.Helper()
	late := 2 * time.Second
	if os.Getenv("POCKET_TEST_VM") != "" {
		late = 10 * time.Second
	}
	for _, e := range r.Enforcement {
		if limit, err := time.ParseDuration(e.Enforced); e.Limit == "wall" && err == nil && r.Usage.Wall > limit+late {
			t.Errorf("ended after %v, limit %v", r.Usage.Wall, limit)
		}
	}
}

// What a program writes reaches a terminal, a spreadsheet and a browser as text.
func TestHostileOutputIsText(t *testing.T) {
	db := filepath.Join(t.TempDir(), "grade.db")
	suite := patient(t, "../../suites/hostile")
	program := "../../fixtures/hostile/wrong-answer/markup.py"
	for _, args := range [][]string{
		{"run", "-v", "--reveal", "--db", db, "--case", "five", suite, program},
		{"show", "--db", db, "1", "1"},
		{"results", "--db", db, "-v"},
		{"report", "--db", db, "--format", "html", "-o", filepath.Join(t.TempDir(), "page.html")},
		{"report", "--db", db, "--format", "csv"},
		{"report", "--db", db, "--format", "junit"},
	} {
		cmd := pocketGrade(t, args...)
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		_ = cmd.Run() // a wrong answer ends with 1
		text := out.String()
		if path := args[len(args)-1]; strings.HasSuffix(path, ".html") {
			page, err := os.ReadFile(path)
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			text += string(page)
		}
		if len(text) == 0 {
			t.Errorf("%s says nothing", args[0])
		}
		bad := []string{"\x1b", "\u009b", "\x07", "\u202e"}
		switch {
		case strings.HasSuffix(args[len(args)-1], ".html"), args[len(args)-1] == "junit":
			bad = append(bad, "<script>alert(1)", "\n]]>")
		case args[len(args)-1] == "csv":
			bad = append(bad, "\n=cmd", ",=cmd", "\"=cmd")
		}
		for _, bad := range bad {
			if strings.Contains(text, bad) {
				t.Errorf("%s lets %q through", args, bad)
			}
		}
	}
}
