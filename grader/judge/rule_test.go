package judge

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pocket/grader"
	"pocket/runtime/resource"
)

func TestRule(t *testing.T) {
	limits := resource.Limits{CPU: time.Second, Wall: 5 * time.Second, Memory: 64 * resource.MiB, Output: resource.KiB}
	code := func(n int, stderr string) grader.Outcome {
		return grader.Outcome{ExitCode: n, Stderr: []byte(stderr)}
	}
	files := func(n int, pairs ...string) grader.Outcome {
		out := grader.Outcome{ExitCode: n, Collected: map[string][]byte{}}
		for i := 0; i < len(pairs); i += 2 {
			out.Collected[pairs[i]] = []byte(pairs[i+1])
		}
		return out
	}
	for name, test := range map[string]struct {
		protocol grader.Protocol
		out      grader.Outcome
		want     grader.Verdict
		share    float64
		detail   string // a part of it
	}{
		"testlib accepts":              {grader.Testlib, code(0, "ok 3 numbers\n"), grader.AC, 1, ""},
		"testlib rejects":              {grader.Testlib, code(1, "wrong answer 2nd numbers differ\nmore\n"), grader.WA, 0, "wrong answer 2nd numbers differ"},
		"testlib, presentation":        {grader.Testlib, code(2, "wrong output format Expected integer"), grader.PE, 0, "wrong output format"},
		"testlib fails":                {grader.Testlib, code(3, "FAIL the answer is worse\n"), grader.JE, 0, "the checker gave up: FAIL the answer is worse"},
		"testlib, dirt":                {grader.Testlib, code(4, ""), grader.PE, 0, "the checker does not accept it"},
		"testlib, end of file":         {grader.Testlib, code(8, "unexpected eof"), grader.WA, 0, "unexpected eof"},
		"testlib, half":                {grader.Testlib, code(7, "points 0.5 not the shortest"), grader.WA, 0.5, "2 of 4 points: points 0.5 not the shortest"},
		"testlib, all":                 {grader.Testlib, code(7, "points 1"), grader.AC, 1, ""},
		"testlib, rounded":             {grader.Testlib, code(7, "points 0.99999"), grader.AC, 1, ""},
		"testlib, none":                {grader.Testlib, code(7, "points 0"), grader.WA, 0, "points 0"},
		"testlib, too many":            {grader.Testlib, code(7, "points 37"), grader.JE, 0, `gave "37", which is no share`},
		"testlib, negative":            {grader.Testlib, code(7, "points -0.1"), grader.JE, 0, `"-0.1"`},
		"testlib, nan":                 {grader.Testlib, code(7, "points nan"), grader.JE, 0, `"nan"`},
		"testlib, no number":           {grader.Testlib, code(7, "points many"), grader.JE, 0, `"many"`},
		"testlib, not said":            {grader.Testlib, code(7, "half"), grader.JE, 0, "did not say how many"},
		"points with another code":     {grader.Testlib, code(0, "points 0.5"), grader.AC, 1, ""},
		"testlib, unknown":             {grader.Testlib, code(9, ""), grader.JE, 0, "exit code 9, which protocol testlib does not have"},
		"kattis' code in testlib":      {grader.Testlib, code(42, ""), grader.JE, 0, "exit code 42"},
		"kattis accepts":               {grader.Kattis, files(42), grader.AC, 1, ""},
		"kattis rejects":               {grader.Kattis, files(43, "judgemessage.txt", "secret", "teammessage.txt", "too low\n"), grader.WA, 0, "too low"},
		"kattis rejects, says nothing": {grader.Kattis, files(43, "judgemessage.txt", "secret"), grader.WA, 0, "the checker does not accept it"},
		"kattis, score":                {grader.Kattis, files(42, "score.txt", "0.25\n"), grader.WA, 0.25, "1 of 4 points"},
		"kattis, multiplier":           {grader.Kattis, files(42, "score_multiplier.txt", "1.0", "score.txt", "7"), grader.AC, 1, ""},
		"kattis, score when rejecting": {grader.Kattis, files(43, "score.txt", "1"), grader.WA, 0, "does not accept"},
		"kattis, empty score":          {grader.Kattis, files(42, "score.txt", ""), grader.JE, 0, `gave ""`},
		"kattis, zero":                 {grader.Kattis, code(0, ""), grader.JE, 0, "exit code 0, which protocol kattis"},
		"kattis, one":                  {grader.Kattis, code(1, "Traceback (most recent call last):\n"), grader.JE, 0, "exit code 1"},
		"exit accepts":                 {grader.Exit, code(0, ""), grader.AC, 1, ""},
		"exit rejects":                 {grader.Exit, grader.Outcome{ExitCode: 1, Stdout: []byte("no\r\n")}, grader.WA, 0, "no"},
		"exit, two":                    {grader.Exit, code(2, ""), grader.JE, 0, "exit code 2, which protocol exit"},
		"signal":                       {grader.Exit, grader.Outcome{Signal: "SIGSEGV"}, grader.JE, 0, "the checker was ended by SIGSEGV"},
		"hangs":                        {grader.Exit, grader.Outcome{Limit: grader.WallLimit, Signal: "SIGKILL"}, grader.JE, 0, "the checker went over its wall limit 5s"},
		"floods":                       {grader.Exit, grader.Outcome{Limit: grader.OutputLimit, OutputBytes: 5000}, grader.JE, 0, "the checker went over its output limit 1KiB"},
		"errors counted":               {grader.Exit, grader.Outcome{ErrorBytes: 5000}, grader.JE, 0, "5000 bytes written to standard error"},
		"memory":                       {grader.Exit, grader.Outcome{Limit: grader.MemoryLimit}, grader.JE, 0, "memory limit"},
		"not found":                    {grader.Exit, grader.Outcome{NotFound: true, Err: errors.New("exec: no")}, grader.JE, 0, "install the Debian package python3"},
		"our own fault":                {grader.Exit, grader.Outcome{Err: errors.New("mount: no")}, grader.JE, 0, "mount: no"},
		"refused":                      {grader.Exit, grader.Outcome{Refused: "too long"}, grader.JE, 0, "too long"},
		"Python's exception":           {grader.Exit, code(1, "Traceback (most recent call last):\n  File\nValueError: x\n"), grader.JE, 0, "died of an exception, with exit code 1"},
		"Python's syntax error":        {grader.Exit, code(1, "  File \"/submission/main.py\", line 1\n    x = (\n        ^\nSyntaxError: '(' was never closed\n"), grader.JE, 0, "died of an exception"},
		"Ruby's syntax error":          {grader.Exit, code(1, "/submission/main.rb:2: syntax error, unexpected end-of-input\n"), grader.JE, 0, "died of an exception"},
		"Lua's syntax error":           {grader.Exit, code(1, "lua5.4: /submission/main.lua:1: unexpected symbol near '('\n"), grader.JE, 0, "died of an exception"},
		"dash's syntax error":          {grader.Testlib, code(2, "/submission/main.sh: 1: Syntax error: end of file unexpected\n"), grader.JE, 0, "died of an exception"},
		"bash's syntax error":          {grader.Testlib, code(2, "/submission/main.sh: line 2: syntax error: unexpected end of file\n"), grader.JE, 0, "died of an exception"},
		"C#'s exception":               {grader.Exit, code(1, "\nUnhandled Exception:\nSystem.Exception: x\n"), grader.JE, 0, "died of an exception"},
		"D's exception":                {grader.Exit, code(1, "object.Exception@/submission/main.d(3): x\n"), grader.JE, 0, "died of an exception"},
		"Fortran's error":              {grader.Testlib, code(2, "At line 3 of file /submission/main.f90\nFortran runtime error: End of file\n"), grader.JE, 0, "died of an exception"},
		"Perl's end":                   {grader.Testlib, code(2, "No such file or directory at /submission/main.pl line 2.\n"), grader.JE, 0, "died of an exception"},
		"Perl's warning":               {grader.Testlib, code(1, "Use of uninitialized value at /submission/main.pl line 2.\n"), grader.WA, 0, ""},
		"Java's exception":             {grader.Testlib, code(1, "warning\nException in thread \"main\" java.lang.X\n"), grader.JE, 0, "died of an exception"},
		"Go's panic":                   {grader.Testlib, code(2, "panic: runtime error\n"), grader.JE, 0, "died of an exception"},
		"exceptions within a comment":  {grader.Testlib, code(1, "found 'Traceback (most recent call last):'\n"), grader.WA, 0, "found"},
		"an exception that was caught": {grader.Exit, code(0, "Traceback (most recent call last):\n"), grader.AC, 1, ""},
		"no protocol":                  {"", code(0, ""), grader.JE, 0, "exit code 0"},
	} {
		r := rule("checker", &grader.Tool{Protocol: test.protocol}, Program{Package: "python3"}, grader.Case{Points: 4}, limits, test.out, nil)
		if r.verdict != test.want || r.share != test.share || !strings.Contains(r.detail, test.detail) || strings.ContainsAny(r.detail, "\n\r") {
			t.Errorf("%s: %s %v %q, want %s %v …%q…", name, r.verdict, r.share, r.detail, test.want, test.share, test.detail)
		}
		if (r.verdict == grader.AC) != (r.detail == "") {
			t.Errorf("%s: %s with detail %q", name, r.verdict, r.detail)
		}
		if strings.Contains(r.detail+r.feedback, "secret") {
			t.Errorf("%s: what is for the instructor is told: %q %q", name, r.detail, r.feedback)
		}
	}
}

// A checker that quotes what a submission wrote has not died of it.
func TestAQuotedExceptionIsNone(t *testing.T) {
	const python = "Traceback (most recent call last):\n  File \"check.py\"\nMemoryError\n"
	for name, test := range map[string]struct {
		stderr, wrote string
		want          grader.Verdict
	}{
		"it died":                         {python, "42\n", grader.JE},
		"it quotes":                       {"wrong: \n" + python, "42\n" + python, grader.WA},
		"it quotes and dies of something": {python + "panic: no\n", python, grader.JE},
		"it quotes the words":             {"Traceback (most recent call last): END\n", "Traceback\t(most\u00a0recent  call last):\nEND", grader.WA},
		"it quotes in other case":         {"Exception in thread \"main\"\n", "EXCEPTION IN THREAD \"MAIN\"", grader.WA},
		"it quotes the last line":         {"panic: no\n", "1\r\npanic: no", grader.WA},
	} {
		for _, p := range []grader.Protocol{grader.Testlib, grader.Exit} {
			out := grader.Outcome{ExitCode: 1, Stderr: []byte(test.stderr)}
			if r := rule("checker", &grader.Tool{Protocol: p}, Program{Package: "python3"}, grader.Case{}, resource.Limits{}, out, []byte(test.wrote)); r.verdict != test.want {
				t.Errorf("%s, %s: %s, want %s", p, name, r.verdict, test.want)
			}
		}
	}
}

// TestWhatAToolSaysIsText: as much as anybody can read, and nothing that cannot be stored.
func TestWhatAToolSaysIsText(t *testing.T) {
	flood := []byte(strings.Repeat("\x00\xff\x1b[31m", 100_000))
	for _, out := range []grader.Outcome{
		{ExitCode: 1, Stderr: flood}, {ExitCode: 1, Stdout: flood}, {Signal: "SIGSEGV", Stderr: flood},
		{ExitCode: 43, Collected: map[string][]byte{"teammessage.txt": flood, "judgemessage.txt": flood}},
	} {
		for _, p := range []grader.Protocol{grader.Testlib, grader.Kattis} {
			r := rule("checker", &grader.Tool{Protocol: p}, Program{}, grader.Case{}, resource.Limits{}, out, nil)
			if len(r.detail) > 300 || len(r.feedback) > int(maxFeedback)*3 || len(r.judge) > int(maxStderr)*3 || strings.Contains(r.detail+r.feedback+r.judge, "\x00") {
				t.Errorf("detail of %d bytes, feedback %d, judge %d", len(r.detail), len(r.feedback), len(r.judge))
			}
		}
	}
}

func TestClassifyTalk(t *testing.T) {
	c := grader.Case{Name: "one", Points: 2, Interactor: &grader.Tool{Protocol: grader.Kattis}}
	limits := resource.Limits{CPU: time.Second, Wall: time.Second, Output: resource.MiB}
	accepts, rejects := grader.Outcome{ExitCode: 42}, grader.Outcome{ExitCode: 43}
	fine, crashes := grader.Outcome{}, grader.Outcome{ExitCode: 1}
	killed := grader.Outcome{Signal: "SIGKILL"}
	late := grader.Outcome{Limit: grader.WallLimit, Signal: "SIGKILL"}
	for name, test := range map[string]struct {
		submission, interactor grader.Outcome
		first                  bool
		want                   grader.Verdict
	}{
		"right":                                     {fine, accepts, true, grader.AC},
		"right, the submission ends first":          {fine, accepts, false, grader.AC},
		"wrong":                                     {fine, rejects, false, grader.WA},
		"wrong, and dies of the silence":            {crashes, rejects, true, grader.WA},
		"wrong, and was killed for it":              {killed, rejects, true, grader.WA},
		"wrong, and SIGPIPE":                        {grader.Outcome{Signal: "SIGPIPE"}, rejects, true, grader.WA},
		"closes its output, and goes on":            {killed, rejects, false, grader.WA},
		"dies, and the interactor rejects that":     {crashes, rejects, false, grader.RTE},
		"right, but dies":                           {crashes, accepts, true, grader.RTE},
		"right, but never ends":                     {late, accepts, true, grader.TLE},
		"both wait":                                 {late, rejects, false, grader.TLE},
		"floods":                                    {grader.Outcome{Limit: grader.OutputLimit}, rejects, false, grader.OLE},
		"memory":                                    {grader.Outcome{Limit: grader.MemoryLimit}, rejects, false, grader.MLE},
		"dies, and the interactor of that":          {crashes, grader.Outcome{Signal: "SIGSEGV"}, false, grader.RTE},
		"the interactor dies":                       {killed, grader.Outcome{Signal: "SIGSEGV"}, true, grader.JE},
		"the interactor dies of the end":            {fine, grader.Outcome{ExitCode: 1}, false, grader.JE},
		"the interactor hangs":                      {late, late, false, grader.JE},
		"the interactor hangs, the submission ends": {fine, late, false, grader.JE},
		"the interactor floods":                     {killed, grader.Outcome{Limit: grader.OutputLimit, Signal: "SIGKILL"}, true, grader.JE},
		"floods, and the interactor bears no more":  {grader.Outcome{Signal: "SIGKILL", OutputBytes: 1 << 20}, grader.Outcome{Limit: grader.OutputLimit, Signal: "SIGKILL"}, true, grader.OLE},
		"floods, ends, and it bears no more":        {grader.Outcome{OutputBytes: 1 << 20}, grader.Outcome{Limit: grader.OutputLimit, Signal: "SIGKILL"}, false, grader.OLE},
		"floods, dies, and it bears no more":        {grader.Outcome{OutputBytes: 1 << 20, ExitCode: 1}, grader.Outcome{Limit: grader.OutputLimit, Signal: "SIGKILL"}, false, grader.RTE},
		"the interactor cannot be started":          {grader.Outcome{}, grader.Outcome{NotFound: true, Err: errors.New("no")}, false, grader.JE},
		"the submission cannot be started":          {grader.Outcome{Err: errors.New("no")}, grader.Outcome{}, false, grader.JE},
		"the submission is no program":              {grader.Outcome{Refused: "too many files"}, accepts, false, grader.CE},
	} {
		both := grader.Interaction{Submission: grader.Job{Limits: limits}, Interactor: grader.Job{Limits: limits}}
		r := classifyTalk(c, Program{Run: interpreted}, Program{}, both, grader.Exchange{
			Submission: test.submission, Interactor: test.interactor, First: test.first,
			Killed: test.submission.Signal == "SIGKILL" && test.submission.Limit == "", Text: "< 1\n"})
		if r.Verdict != test.want || (r.Detail == "") != (test.want == grader.AC) || r.Case != "one" || r.Points != 2 {
			t.Errorf("%s: %+v, want %s", name, r, test.want)
		}
		if want := map[bool]float64{true: 2}[r.Verdict == grader.AC]; r.Score != want {
			t.Errorf("%s: score %v", name, r.Score)
		}
		if r.Verdict == grader.WA && r.Signal != "" {
			t.Errorf("%s: WA with %s", name, r.Signal)
		}
	}
}
