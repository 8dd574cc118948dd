package judge

import (
	"bytes"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"pocket/grader"
	"pocket/runtime/resource"
)

// How much of what a tool says is kept.
const (
	maxFeedback = 4 * resource.KiB
	maxDetail   = 200 // bytes, of its first line
)

// ruling is what a checker or an interactor says of a submission; JE says that it failed itself.
type ruling struct {
	verdict  grader.Verdict
	share    float64 // of the case's points
	detail   string
	feedback string // for the student
	judge    string // for the instructor alone
}

// rule says what a tool's end means. The order is the specification: it could not be run, went over a limit
// of its own, was ended by a signal, died of an exception, or ended with a code that its protocol does not
// have: all that is JE and never the submission's doing. Only then its exit code counts. wrote is what the
// submission wrote: a tool that quotes it did not die of it.
func rule(noun string, t *grader.Tool, p Program, c grader.Case, limits resource.Limits, out grader.Outcome, wrote []byte) ruling {
	stderr := tail(out.Stderr, maxStderr)
	broken := func(format string, args ...any) ruling {
		return ruling{verdict: grader.JE, detail: "the " + noun + " " + fmt.Sprintf(format, args...), judge: stderr}
	}
	limit, heap := overrun(p, limits, out), outOfHeap(p, out)
	switch {
	case out.NotFound:
		return broken("cannot be started: %s", missing(p, "its program", out.Err))
	case out.Refused != "":
		return broken("cannot be used: %s", out.Refused)
	case out.Err != nil:
		return broken("cannot be run: %s", oneLine(out.Err))
	case limit != grader.NoLimit:
		return broken("went over its %s", overLimit(limit, limits, out))
	case out.Signal != "":
		return broken("was ended by %s", out.Signal)
	// Not without a crash: a checker may quote the submission's output, which may be such a text.
	case heap != "" && died(out, wrote):
		return broken("went over its memory limit %s: %s", limits.Memory.Human(), heap)
	case t.Protocol != grader.Kattis && out.ExitCode != 0 && died(out, wrote):
		return broken("died of an exception, with exit code %d", out.ExitCode)
	}
	protocol := protocols[t.Protocol]
	verdict, known := protocol.codes[out.ExitCode]
	if !known {
		return broken("ended with exit code %d, which protocol %s does not have", out.ExitCode, t.Protocol)
	}
	if verdict == grader.JE {
		return broken("gave up: %s", firstLine(stderr, "it does not say why"))
	}
	r := protocol.said(out)
	share, given := "", false
	if r.verdict, r.share = verdict, 0; verdict == grader.AC || verdict == partial {
		share, given = protocol.share(out)
	}
	switch {
	case given:
		if r.verdict, r.share = shared(share); r.verdict == grader.JE {
			return broken("gave %s, which is no share of the points between 0 and 1", strconv.Quote(firstLine(share, "")))
		}
	case verdict == partial:
		return broken("gave points and did not say how many (points SHARE, on standard error)")
	case verdict == grader.AC:
		r.share = 1
	}
	return r.described(noun, c)
}

// protocols says what each protocol's exit codes mean, where its words are, and its share of the points. That
// is a share, from 0 to 1, also where others have points: a verdict does not depend on what a case is worth.
var protocols = map[grader.Protocol]struct {
	codes map[int]grader.Verdict
	said  func(out grader.Outcome) ruling
	share func(out grader.Outcome) (text string, given bool)
}{
	// testlib.h, enum TResult and the *_EXIT_CODE macros: 4 is "dirt" (more output than is wanted), 7 points,
	// 8 an unexpected end of the output.
	grader.Testlib: {map[int]grader.Verdict{0: grader.AC, 1: grader.WA, 2: grader.PE, 3: grader.JE, 4: grader.PE, 7: partial, 8: grader.WA}, comment, testlibShare},
	// Kattis problem package format, "Output Validators".
	grader.Kattis: {map[int]grader.Verdict{42: grader.AC, 43: grader.WA}, messages, kattisShare},
	grader.Exit:   {map[int]grader.Verdict{0: grader.AC, 1: grader.WA}, comment, noShare},
}

// partial stands for a verdict that the share makes.
const partial grader.Verdict = "points"

// comment is what testlib's checkers say. It may tell what was expected, so it is for the instructor; its
// first line becomes the detail, as other differences do.
func comment(out grader.Outcome) ruling {
	said := strings.TrimSpace(string(out.Stderr))
	if said == "" {
		said = strings.TrimSpace(string(out.Stdout))
	}
	return ruling{judge: head(said, maxStderr), detail: firstLine(storable(said), "")}
}

// messages is what a Kattis validator leaves in its feedback folder.
func messages(out grader.Outcome) ruling {
	said := func(name string) string { return strings.TrimSpace(string(out.Collected[name])) }
	r := ruling{feedback: head(said("teammessage.txt"), maxFeedback), judge: head(said("judgemessage.txt"), maxStderr)}
	if r.judge == "" {
		r.judge = tail(out.Stderr, maxStderr)
	}
	r.detail = firstLine(r.feedback, "")
	return r
}

func noShare(grader.Outcome) (string, bool) { return "", false }

func testlibShare(out grader.Outcome) (string, bool) {
	words := strings.Fields(string(out.Stderr))
	if out.ExitCode != 7 || len(words) < 2 || words[0] != "points" {
		return "", false
	}
	return words[1], true
}

func kattisShare(out grader.Outcome) (string, bool) {
	for _, name := range []string{"score_multiplier.txt", "score.txt"} {
		if text, ok := out.Collected[name]; ok {
			return strings.TrimSpace(string(text)), true
		}
	}
	return "", false
}

// shared is the verdict that a share of the points makes: all of them AC, less WA, anything else JE.
func shared(text string) (grader.Verdict, float64) {
	share, err := strconv.ParseFloat(text, 64)
	const rounding = 1e-5 // testlib writes points with five digits
	switch {
	case err != nil || math.IsNaN(share) || share < 0 || share > 1+rounding:
		return grader.JE, 0
	case share >= 1-rounding:
		return grader.AC, 1
	}
	return grader.WA, share
}

// described completes the one line that reports show.
func (r ruling) described(noun string, c grader.Case) ruling {
	switch {
	case r.verdict == grader.AC:
		r.detail = ""
	case r.share > 0:
		got := strconv.FormatFloat(r.share*c.Points, 'g', 6, 64)
		r.detail = strings.TrimSuffix(fmt.Sprintf("%s of %v points: %s", got, c.Points, r.detail), ": ")
	case r.detail == "":
		r.detail = "the " + noun + " does not accept it"
	}
	return r
}

// into writes a ruling into a case's result.
func (r ruling) into(result *grader.Result) {
	result.Verdict, result.Score, result.Detail = r.verdict, r.share*result.Points, r.detail
	result.Feedback, result.Judge = r.feedback, r.judge
}

// firstLine is the first line of a text, not too long, or the other text where there is none.
func firstLine(text, otherwise string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	if line = strings.TrimSpace(strings.ReplaceAll(line, "\r", " ")); line == "" {
		return otherwise
	}
	if len(line) > maxDetail {
		line = strings.ToValidUTF8(line[:maxDetail], "") + "…"
	}
	return line
}

// died says whether a tool's standard error tells of an exception, in a line that is not the submission's: a
// checker may quote that, and a submission could so turn each of its WAs into a fault of the checker. Who quotes may
// put other white space in, leave signs out and change the case of letters.
func died(out grader.Outcome, wrote []byte) bool {
	found := crash.FindAll(out.Stderr, -1)
	if out.ExitCode > 1 {
		found = append(found, perlDied.FindAll(out.Stderr, -1)...)
	}
	if len(found) == 0 {
		return false
	}
	wrote = letters(wrote)
	return slices.ContainsFunc(found, func(line []byte) bool { return !bytes.Contains(wrote, letters(line)) })
}

// letters are those of a text, and its digits, in lower case.
func letters(text []byte) []byte {
	return bytes.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, text)
}

// crash matches what languages write when a program ends by an exception that nobody caught. The exit code
// is then 1 or 2, which two of the protocols take for a verdict.
var crash = regexp.MustCompile(`(?m)^(Traceback \(most recent call last\):` + // Python
	`|Exception in thread "` + // Java, Kotlin
	`|panic: |fatal error: ` + // Go
	`|Node\.js v[0-9]` + // JavaScript: the last line
	`|stack traceback:` + // Lua
	`|\S+\.rb:[0-9]+:in ` + // Ruby
	`|Fatal error: exception ` + // OCaml
	`|CallStack \(from HasCallStack\):` + // Haskell
	`|Unhandled Exception:` + // C#
	`|\S+@\S+\([0-9]+\): ` + // D
	`|Fortran runtime error: ` +
	// What is no program at all for its interpreter: Python, Ruby, Lua, the shells.
	`|(?:SyntaxError|IndentationError|TabError): |\S+\.rb:[0-9]+: syntax error|lua[0-9.]*: |\S+: (?:line )?[0-9]+: [Ss]yntax error)`)

// perlDied matches what Perl writes when a program dies, and also when it only warns: with an exit code that is an
// error number (die in perlfunc(1)), which two of the protocols take for a verdict, it has died.
var perlDied = regexp.MustCompile(`(?m)^.+ at \S+\.p[lm] line [0-9]+\.$`)
