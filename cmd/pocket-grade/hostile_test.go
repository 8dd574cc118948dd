package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pocket/fixtures/hostile"
	"pocket/grader"
	"pocket/runtime/cgroup"
	"pocket/runtime/resource"
	"pocket/runtime/stray"
)

// attacked is where hostile programs are graded: a suite, a home and a folder for temporary files, in all of
// which lies what no program may find.
type attacked struct {
	fixed     []string // of the environment
	folders   []string
	groups    bool // control groups are there as on the host
	canGroups bool // a memory controller is among them
}

// TestHostile grades each program of fixtures/hostile/attacks.txt, and looks at the host meanwhile: whatever the
// program tries, it gets its verdict, the host's memory stays bounded, the grader small, and nothing is left. As
// root it does so also where there is no control group.
func TestHostile(t *testing.T) {
	attacks, err := hostile.Attacks("../../fixtures")
	if err != nil {
		t.Fatal(err)
	}
	settings := hostileSettings(t)
	cache, err := os.UserCacheDir() // so that what compilers do only once, they do
	if err != nil {
		t.Fatal(err)
	}
	adopt(t)
	listen(t)
	for _, name := range settings {
		groups := name == "host"
		if !groups && os.Geteuid() != 0 && cgroup.Detect().Memory.Version == 0 {
			continue // which it was already
		}
		t.Run(name, func(t *testing.T) {
			if !groups && os.Geteuid() != 0 {
				t.Skip("only root can hide the control groups that it has")
			}
			where := makeAttacked(t, cache, groups)
			for _, a := range attacks {
				if groups || dependsOnGroups[a.Row] {
					t.Run(a.Name(), func(t *testing.T) { where.see(t, a) })
				}
			}
		})
	}
}

// hostileSettings are those that POCKET_TEST_HOSTILE names: with the host's control groups, and with none.
func hostileSettings(t *testing.T) []string {
	t.Helper()
	settings := strings.Fields(os.Getenv("POCKET_TEST_HOSTILE"))
	if len(settings) == 0 {
		t.Skip(`it takes minutes: set POCKET_TEST_HOSTILE to "host none" or one of them, as .ci/run hostile does`)
	}
	for _, name := range settings {
		if name != "host" && name != "none" {
			t.Fatalf("POCKET_TEST_HOSTILE: no setting is called %q", name)
		}
	}
	return settings
}

// dependsOnGroups are the rows of attacks against what control groups hold.
var dependsOnGroups = map[int]bool{1: true, 2: true, 3: true, 6: true, 9: true, 11: true}

// adopt lets orphans become children of this process, so that one that is left is found.
func adopt(t *testing.T) {
	t.Helper()
	if err := stray.Adopt(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0) })
}

// listen offers an abstract socket that no sandbox may reach.
func listen(t *testing.T) {
	t.Helper()
	l, err := net.Listen("unix", "@pocket-hostile")
	if errors.Is(err, unix.EADDRINUSE) {
		return // by the same test of the other program
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
}

func makeAttacked(t *testing.T, cache string, groups bool) attacked {
	t.Helper()
	base := filepath.Join(t.TempDir(), "pocket-canary")
	where := attacked{groups: groups, canGroups: groups && cgroup.Detect().Memory.Version != 0}
	// Where submissions are copied to is seen inside, in mountinfo(5).
	for _, dir := range []string{filepath.Join(base, "home"), filepath.Join(t.TempDir(), "tmp"), filepath.Join(base, "state")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		where.folders = append(where.folders, dir)
	}
	secret := filepath.Join(base, "home", "pocket-canary.txt")
	if err := os.WriteFile(secret, []byte("pocket-canary\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	where.fixed = []string{"POCKET_CANARY=pocket-canary", "XDG_CACHE_HOME=" + cache, "XDG_STATE_HOME=" + t.TempDir(), "HOME=" + where.folders[0], "TMPDIR=" + where.folders[1], "POCKET_ROOT=" + where.folders[2]}
	return where
}

// limited is a copy of a suite, in a folder whose name must not be seen, with little time where the row is about
// time on the clock, and much else.
func limited(t *testing.T, a hostile.Attack) string {
	t.Helper()
	name, _, _ := strings.Cut(a.Program, "/")
	dir := suiteOf(t, name)
	slow, clock := os.Getenv("POCKET_TEST_VM") != "", a.Row == 10 || a.Row == 26
	switch {
	case !slices.Contains(a.Graded, "TLE"):
		dir = patient(t, dir)
	case slow && clock:
		dir = suiteWith(t, dir, "limits: {cpu: 20s, wall: 8s,")
	case slow:
		dir = suiteWith(t, dir, "limits: {cpu: 4s, wall: 100s,")
	case clock:
		dir = suiteWith(t, dir, "limits: {cpu: 1s, wall: 1500ms,")
	default:
		dir = suiteWith(t, dir, "limits: {cpu: 500ms, wall: 20s,")
	}
	copied := filepath.Join(t.TempDir(), "pocket-canary")
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return copied
}

// more is what the host may lose of its memory beside a case's limit, by the attacks of the first rows. Other tests
// run at the same time, so that more than this counts when it is seen every time.
const (
	more         = 64 << 20
	rowsOfMemory = 7
	tries        = 5
)

func (where attacked) see(t *testing.T, a hostile.Attack) {
	files, err := hostile.Files(where.folders...)
	if err != nil {
		t.Fatal(err)
	}
	var report grader.Report
	var seen hostile.Seen
	for range tries {
		report, seen = where.grade(t, a)
		if a.Row > rowsOfMemory || seen.Drop <= where.bound(a, report) {
			break
		}
	}
	skipWithout(t, report, grader.AC)
	if !slices.Contains(a.Graded, string(report.Verdict)) {
		t.Fatalf("%s, want %s\n%s", report.Verdict, a.Graded, explain(report))
	}
	said := ""
	for _, r := range report.Results {
		said += " " + strings.ReplaceAll(strings.TrimSpace(r.Stderr), "\n", "; ")
		endedInTime(t, r)
	}
	t.Logf("%s; the host lost %s, the grader had %s, %v%.200s", report.Verdict, resource.Size(seen.Drop).Human(), resource.Size(seen.Own).Human(), seen.Took.Round(time.Millisecond), said)
	if bound := where.bound(a, report); a.Row <= rowsOfMemory && seen.Drop > bound {
		t.Errorf("the host lost %s of memory, more than %s", resource.Size(seen.Drop).Human(), resource.Size(bound).Human())
	}
	if seen.Own >= 64<<20 {
		t.Errorf("the grader itself had %s", resource.Size(seen.Own).Human())
	}
	if len(seen.Left) > 0 {
		t.Errorf("left: %q", seen.Left)
	}
	if now, err := hostile.Files(where.folders...); err != nil || len(stray.Beyond(files, now)) > 0 {
		t.Errorf("files are left: %q %v", stray.Beyond(files, now), err)
	}
	where.particular(t, a, report)
}

// grade grades one program by a command of its own.
func (where attacked) grade(t *testing.T, a hostile.Attack) (grader.Report, hostile.Seen) {
	t.Helper()
	args := []string{"run", "--json", "--reveal", "-j", "1", "--db", filepath.Join(t.TempDir(), "grade.db")}
	switch {
	case a.Case == "*":
		args = append(args, "--case", "five", "--case", "again")
	case a.Case != "":
		args = append(args, "--case", a.Case)
	}
	cmd := pocketGrade(t, append(args, limited(t, a), filepath.Join("../../fixtures", a.Program))...)
	cmd.Env = append(cmd.Env, where.fixed...)
	if !where.groups {
		hostile.WithoutGroups(cmd)
	}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	seen, err := hostile.Run(cmd)
	var answer struct{ Reports []grader.Report }
	if decodeErr := json.Unmarshal(out.Bytes(), &answer); decodeErr != nil || len(answer.Reports) != 1 {
		t.Fatalf("%v, %v\n%s%s", err, decodeErr, out.String(), errs.String())
	}
	return answer.Reports[0], seen
}

// bound is what the host may lose of its memory: where nothing counts what sockets and pipes buffer, the number of
// processes times that of open files bounds it, 208 KiB a socket.
func (where attacked) bound(a hostile.Attack, r grader.Report) int64 {
	var limit int64
	for _, c := range r.Results {
		for _, e := range c.Enforcement {
			if size, err := resource.ParseSize(e.Requested); e.Limit == "memory" && err == nil {
				limit = int64(size)
			}
		}
	}
	if r.Verdict == grader.CE {
		limit = 1 << 30 // the compiler's
	}
	if strings.HasSuffix(a.Program, "/sockets.c") && !where.canGroups {
		limit += 33 * 64 * 213 << 10
	}
	return limit + more
}
