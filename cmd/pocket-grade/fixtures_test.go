package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"pocket/grader"
)

// folders names the verdict that a fixtures folder's submissions must get.
var folders = map[string]grader.Verdict{
	"accepted": grader.AC, "wrong-answer": grader.WA, "presentation-error": grader.PE, "time-limit": grader.TLE,
	"memory-limit": grader.MLE, "output-limit": grader.OLE, "run-time-error": grader.RTE, "compile-error": grader.CE,
	"judge-error": grader.JE,
}

// TestFixtures grades every program below fixtures/ with the whole pocket-grade, the programs of a folder in one
// command: the folder's name is the verdict that each must get.
func TestFixtures(t *testing.T) {
	found, err := filepath.Glob("../../fixtures/*/*")
	if err != nil || len(found) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	for _, dir := range found {
		want, ok := folders[filepath.Base(dir)]
		if !ok {
			continue
		}
		name := filepath.Base(filepath.Dir(dir))
		if name == "hostile" {
			continue // TestHostile grades each by itself
		}
		t.Run(name+"/"+filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			suite := suiteOf(t, name)
			var flags []string
			if want == grader.TLE {
				flags = []string{"--stop-early"} // one case that takes its time is enough
			} else {
				suite = patient(t, suite)
			}
			programs, err := filepath.Glob(dir + "/*")
			if err != nil || len(programs) == 0 {
				t.Fatalf("no programs: %v", err)
			}
			if programs = ofChosenLanguages(programs); len(programs) == 0 {
				t.Skip("none of the languages of POCKET_TEST_LANGUAGES")
			}
			reports, _ := runGrade(t, suite, programs, flags...)
			for i, report := range reports {
				t.Run(filepath.Base(programs[i]), func(t *testing.T) {
					skipWithout(t, report, want)
					if report.Verdict != want {
						t.Errorf("%s (%s), want %s\n%s", report.Verdict, report.Detail, want, explain(report))
					}
				})
			}
		})
	}
}

// ofChosenLanguages are the folders, and the programs whose names end as POCKET_TEST_LANGUAGES says (".c .py"); all
// without it. The languages are the same for every user, so that one user's walk through all of them is enough.
func ofChosenLanguages(programs []string) []string {
	endings := strings.Fields(os.Getenv("POCKET_TEST_LANGUAGES"))
	if len(endings) == 0 {
		return programs
	}
	endings = append(endings, "")
	return slices.DeleteFunc(programs, func(path string) bool { return !slices.Contains(endings, filepath.Ext(path)) })
}

// skipWithout skips where the language's toolchain is not installed on this host, unless it must be.
func skipWithout(t *testing.T, r grader.Report, want grader.Verdict) {
	text := r.Detail
	for _, c := range r.Results {
		text += c.Detail
	}
	missing := r.Verdict == grader.JE && strings.Contains(text, "install the Debian package")
	if missing && want != grader.JE && os.Getenv("POCKET_TEST_REQUIRE") == "" {
		t.Skip(r.Detail)
	}
}

// suiteOf is the suite of a folder of fixtures: its own, or the one of that name.
func suiteOf(t *testing.T, name string) string {
	own := filepath.Join("../../fixtures", name)
	if _, err := os.Stat(filepath.Join(own, "suite.yaml")); err == nil {
		return own
	}
	shared := filepath.Join("../../suites", name)
	if _, err := os.Stat(shared); err != nil {
		t.Fatal(err)
	}
	return shared
}

// runGrade grades submissions with the given flags; the ended process tells what we used ourselves.
func runGrade(t *testing.T, suite string, paths []string, flags ...string) ([]grader.Report, *os.ProcessState) {
	t.Helper()
	args := append([]string{"run", "--json", "-j", "1", "--db", filepath.Join(t.TempDir(), "grade.db")}, flags...)
	cmd := pocketGrade(t, append(append(args, suite), paths...)...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var answer struct{ Reports []grader.Report }
	if decodeErr := json.Unmarshal(out.Bytes(), &answer); decodeErr != nil || len(answer.Reports) != len(paths) {
		t.Fatalf("%v, %v, %d reports of %d\n%s%s", err, decodeErr, len(answer.Reports), len(paths), out.String(), errs.String())
	}
	return answer.Reports, cmd.ProcessState
}

// pocketGrade is this very test binary as pocket-grade, a process of its own (see TestMain). When we are
// root it gets a mount namespace too, so that nothing a hostile program might do to mounts outlives it.
func pocketGrade(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Args[0] = "pocket-grade"
	cmd.Env = append(os.Environ(), "POCKET_ROOT="+t.TempDir(), asGrader+"=1")
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	}
	return cmd
}

func explain(r grader.Report) string {
	text := ""
	if r.Compile != nil {
		text += fmt.Sprintf("compile: %s %s\n%s\n", r.Compile.Verdict, r.Compile.Detail, r.Compile.Stderr)
	}
	for _, c := range r.Results {
		if c.Verdict != grader.AC {
			text += fmt.Sprintf("%s: %s %s, cpu %v, wall %v, memory %s (%s)\n%s\n%s\n", c.Case, c.Verdict, c.Detail,
				c.Usage.CPU, c.Usage.Wall, c.Usage.Memory.Human(), c.Usage.MemorySource, c.Difference, c.Stderr)
		}
	}
	return text
}
