package runner

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pocket/grader"
	"pocket/runtime/resource"
)

// talking is an interaction of two shell scripts; exit code 42 of the interactor accepts.
func talking(t *testing.T, interactor, submission string, change func(*grader.Interaction)) grader.Exchange {
	t.Helper()
	both := grader.Interaction{
		Interactor: grader.Job{Args: []string{"sh", "-c", interactor}, Limits: limits},
		Submission: grader.Job{Args: []string{"sh", "-c", submission}, Limits: limits},
		Accept:     42,
	}
	if change != nil {
		change(&both)
	}
	return newRunner(t).Interact(t.Context(), both)
}

func TestTwoProgramsTalk(t *testing.T) {
	x := talking(t, `echo 3; read a; echo "$a again"; read b; echo "heard $a $b" >&2; exit 42`,
		`read n; echo $((n * n)); read again; echo "told $again"`, nil)
	if x.Interactor.Err != nil || x.Submission.Err != nil || x.Interactor.ExitCode != 42 || x.Submission.ExitCode != 0 {
		t.Fatalf("%+v", x)
	}
	if want := "< 3\n> 9\n< 9 again\n> told 9 again\n"; x.Text != want {
		t.Errorf("%q, want %q", x.Text, want)
	}
	if string(x.Interactor.Stderr) != "heard 9 told 9 again\n" {
		t.Errorf("stderr %q", x.Interactor.Stderr)
	}
	if x.Submission.OutputBytes != int64(len("9\ntold 9 again\n")) {
		t.Errorf("%d bytes", x.Submission.OutputBytes)
	}
}

// TestWhoEndsFirst: what the one does because the other has ended never looks as if it came before.
func TestWhoEndsFirst(t *testing.T) {
	for name, c := range map[string]struct {
		interactor, submission string
		first                  bool
		check                  func(x grader.Exchange) bool
	}{
		"the submission": {`cat >&2; exit 43`, `echo x; exit 7`, false,
			func(x grader.Exchange) bool { return x.Submission.ExitCode == 7 && x.Interactor.ExitCode == 43 }},
		"the submission closes its output": {`cat >&2; exit 42`, `exec >&-; read x || exit 3`, false,
			func(x grader.Exchange) bool { return x.Submission.ExitCode == 3 && x.Interactor.ExitCode == 42 }},
		"the interactor, accepting": {`exit 42`, `read x || exit 5`, true,
			func(x grader.Exchange) bool { return x.Submission.ExitCode == 5 && x.Submission.Signal == "" }},
		"the interactor, rejecting": {`exit 43`, `sleep 1000`, true,
			func(x grader.Exchange) bool {
				return x.Submission.Signal == "SIGKILL" && x.Submission.Limit == "" && x.Killed
			}},
		"the submission goes on without output": {`cat >&2; exit 43`, `exec >&-; sleep 1000`, false,
			func(x grader.Exchange) bool { return x.Killed && x.Interactor.ExitCode == 43 }},
		"the interactor, killed": {`kill -SEGV $$`, `sleep 1000`, true,
			func(x grader.Exchange) bool {
				return x.Interactor.Signal == "SIGSEGV" && x.Submission.Signal == "SIGKILL"
			}},
		"the interactor, not listening": {`exec <&-; sleep 0.2; exit 42`, `for i in 1 2 3 4 5; do echo $i; sleep 0.1; done; read x; exit 0`, true,
			func(x grader.Exchange) bool { return x.Submission.Signal == "" && x.Submission.ExitCode == 0 }},
	} {
		x := talking(t, c.interactor, c.submission, nil)
		if x.Interactor.Err != nil || x.Submission.Err != nil || x.First != c.first || !c.check(x) {
			t.Errorf("%s: first %v, %+v", name, x.First, x)
		}
	}
}

// TestAnEndIsNotTakenForAKill: what the interactor does at the end of the submission's output comes before its
// exit is known; it is its own all the same.
func TestAnEndIsNotTakenForAKill(t *testing.T) {
	for range 20 {
		x := talking(t, `read x; exit 43`, `exec >&-; exit 7`, nil)
		if x.Killed || x.Submission.ExitCode != 7 || x.First {
			t.Fatalf("%+v", x)
		}
	}
}

func TestATalkIsLimited(t *testing.T) {
	x := talking(t, `cat >/dev/null; exit 42`, `yes`, nil)
	if x.Submission.Limit != grader.OutputLimit || x.Interactor.ExitCode != 42 || x.First || x.Killed || len(x.Text) > 3*keptTalk {
		t.Errorf("a flood of the submission's: %+v %d", x.Submission, len(x.Text))
	}
	x = talking(t, `yes`, `cat >/dev/null`, nil)
	if x.Interactor.Limit != grader.OutputLimit || !x.First {
		t.Errorf("a flood of the interactor's: %+v", x.Interactor)
	}
	x = talking(t, `read x; exit 43`, `read x`, func(both *grader.Interaction) { both.Submission.Limits.Wall = 300 * time.Millisecond })
	if x.Submission.Limit != grader.WallLimit || x.Interactor.ExitCode != 43 || x.Interactor.Limit != "" {
		t.Errorf("both wait: %+v", x)
	}
	x = talking(t, `sleep 1000`, `read x; exit 0`, func(both *grader.Interaction) { both.Interactor.Limits.Wall = 300 * time.Millisecond })
	if x.Interactor.Limit != grader.WallLimit {
		t.Errorf("the interactor hangs: %+v", x.Interactor)
	}
}

// TestNeitherReads: both write more than pipes hold and nobody reads; the limits end it.
func TestNeitherReads(t *testing.T) {
	flood := `head -c 900000 /dev/zero; exit 42`
	x := talking(t, flood, flood, func(both *grader.Interaction) {
		both.Submission.Limits.Wall, both.Interactor.Limits.Wall = 300*time.Millisecond, 2*time.Second
	})
	if x.Submission.Limit != grader.WallLimit || x.Interactor.Err != nil {
		t.Errorf("%+v", x)
	}
}

func TestMuchIsSaid(t *testing.T) {
	x := talking(t, `i=0; while [ $i -lt 20 ]; do head -c 40000 /dev/zero; head -c 40000 | wc -c | grep -qx 40000 || exit 1; i=$((i+1)); done; exit 42`,
		`i=0; while [ $i -lt 20 ]; do head -c 40000 | wc -c | grep -qx 40000 || exit 9; head -c 40000 /dev/zero; i=$((i+1)); done`, nil)
	if x.Interactor.ExitCode != 42 || x.Submission.ExitCode != 0 || x.Submission.OutputBytes != 800_000 || x.Interactor.OutputBytes != 800_000 {
		t.Errorf("%d %d: %+v %+v", x.Submission.OutputBytes, x.Interactor.OutputBytes, x.Interactor.ExitCode, x.Submission.ExitCode)
	}
}

func TestAPartnerThatCannotBeStarted(t *testing.T) {
	x := talking(t, "", "sleep 1000", func(both *grader.Interaction) { both.Interactor.Args = []string{"no-such-program"} })
	if !x.Interactor.NotFound {
		t.Errorf("%+v", x)
	}
	x = talking(t, "cat", "", func(both *grader.Interaction) {
		both.Submission.Mounts = []grader.Volume{{Host: "/no/such/folder", Target: "/mnt"}}
	})
	if x.Submission.Err == nil {
		t.Errorf("%+v", x)
	}
	x = talking(t, "cat", "", func(both *grader.Interaction) { both.Submission.Args = []string{"no-such-program"} })
	if !x.Submission.NotFound {
		t.Errorf("%+v", x)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	job := grader.Job{Args: []string{"cat"}, Limits: limits}
	if x := newRunner(t).Interact(ctx, grader.Interaction{Submission: job, Interactor: job}); !x.Submission.Interrupted || !errors.Is(x.Interactor.Err, context.DeadlineExceeded) {
		t.Errorf("%+v", x)
	}
}

// TestCollect: what a program wrote is there however it ended, and only the beginning of regular files.
func TestCollect(t *testing.T) {
	script := `cd /work/out; echo yes > a; head -c 100000 /dev/zero > long; ln -s /etc/passwd link; mkfifo pipe; mkdir dir; exit 43`
	o := newRunner(t).Run(t.Context(), grader.Job{Args: []string{"sh", "-c", script}, Limits: limits,
		Collect: []string{"a", "long", "link", "pipe", "dir", "none", "../../etc/passwd"}})
	if o.Err != nil || o.ExitCode != 43 || len(o.Collected) != 2 || string(o.Collected["a"]) != "yes\n" || len(o.Collected["long"]) != collected {
		t.Errorf("%v %d, %d files, %q", o.Err, o.ExitCode, len(o.Collected), o.Collected["a"])
	}
	o = newRunner(t).Run(t.Context(), grader.Job{Args: []string{"sh", "-c", `echo half > /work/out/a; kill -KILL $$`}, Limits: limits, Collect: []string{"a"}})
	if o.Signal != "SIGKILL" || string(o.Collected["a"]) != "half\n" {
		t.Errorf("%+v", o)
	}
}

func TestTranscript(t *testing.T) {
	say := func(parts ...string) string {
		var said transcript
		for _, p := range parts {
			said.add(p[:2], []byte(p[2:]))
		}
		return said.String()
	}
	for _, c := range []struct{ got, want string }{
		{say(), ""},
		{say("< 1\n2\n", "> 3\n"), "< 1\n< 2\n> 3\n"},
		{say("< 1", "< 2\n", "> a"), "< 12\n> a"},
		{say("< half", "> other\n", "< more\n"), "< half\n> other\n< more\n"},
		{say("> ", "< \n"), "< \n"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
	var said transcript
	total := 0
	for i := range 200_000 {
		line := fmt.Sprintln(i)
		total += len(line) + 2
		said.add("> ", []byte(line))
	}
	text := said.String()
	if len(text) > 2*keptTalk+100 || !strings.HasPrefix(text, "> 0\n> 1\n") || !strings.HasSuffix(text, "> 199999\n") {
		t.Errorf("%d bytes, %.20q … %q", len(text), text, text[len(text)-20:])
	}
	head, rest, found := strings.Cut(text, "\n… ")
	count, tail, _ := strings.Cut(rest, " bytes …\n")
	var dropped int
	if _, err := fmt.Sscan(count, &dropped); err != nil || !found || len(head)+dropped+len(tail) != total {
		t.Errorf("%d + %d + %d is not %d (%v)", len(head), dropped, len(tail), total, err)
	}
	if limits.Output < resource.Size(keptTalk) {
		t.Error("the limit of the other tests cuts the talk")
	}
}
