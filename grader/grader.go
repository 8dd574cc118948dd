// Package grader names what is graded and what comes out of it.
//
// The packages below it form a star: each knows these types and not its siblings. The one interface
// of the project, Runner, stands between the judge, which decides, and the sandboxes, which run.
package grader

import (
	"errors"

	"pocket/runtime/resource"
)

// ErrFull is wrapped by errors that say that the disk for temporary files has no room left. That is no matter of
// one submission: it ends a run, and nothing is recorded of what met it.
var ErrFull = errors.New("no room for temporary files")

// Suite is the cases, limits and comparison of one exercise, as read from a folder with suite.yaml.
type Suite struct {
	Dir          string // the suite's folder, absolute
	File         string // its suite.yaml, absolute
	Name         string
	RootFS       string   // "host", an image's name, an archive or a directory; relative paths are made absolute
	Languages    []string // what may be handed in; empty: every known language
	LanguageFile string   // defines languages beside those that are built in; absolute, "" for none
	Limits       resource.Limits
	Cases        []Case  // in suite order
	Groups       []Group // those that the suite names, in suite order; a case may be in none
	StopEarly    bool    // what follows a submission's first case that is not AC is not run

	Description string // for people; any text, often ""
	Submissions string // the folder with submissions whose verdicts are known, absolute; "" for none
}

// Group is cases that are scored together.
type Group struct {
	Name     string
	Line     int      // where it stands in suite.yaml
	Points   float64  // what the group is worth; 0: what its cases are worth together
	Score    Scoring  // how its cases' scores become the group's
	Requires []string // what must be AC before a case of this one is run: groups, or RequireSamples
}

// RequireSamples in Group.Requires, where no group has that name, stands for all cases of visibility Sample.
const RequireSamples = "sample"

// Scoring is how the scores of a group's cases become the group's.
type Scoring string

// The ways to score a group. A case's fraction is its score divided by its points.
const (
	ScoreSum Scoring = "sum" // the group's points times the mean of the fractions, weighted by the cases' points
	ScoreMin Scoring = "min" // the group's points times the least fraction
	ScoreAll Scoring = "all" // the group's points when every case is AC, else none
)

// Visibility is what a student is shown of a case.
type Visibility string

// The visibilities.
const (
	Visible Visibility = "visible" // all: input, answer, output; the default
	Sample  Visibility = "sample"  // the same; also part of the exercise's text
	Hidden  Visibility = "hidden"  // the verdict and the name, never any data
)

// Case is one input with its answer. All is complete: what the suite and its group say for all their cases
// is already merged in. The cases of a group that is worth 0 points have 0 points.
type Case struct {
	Name    string
	Line    int // where it stands in suite.yaml
	Input   Text
	Answer  Text
	Digest  *AnswerDigest // when set, there is no Answer, and outputs are compared with its digest
	Volumes []Volume
	Args    []string
	Env     []string // "NAME=value"
	Limits  resource.Limits
	Compare Compare
	Points  float64

	Group      string // the name of its group; "" for none
	Visibility Visibility
	Interactor *Tool // when set, it and the submission talk to each other, and it decides
}

// Text is bytes that are written in the suite itself or lie in a file beside it.
type Text struct {
	Inline string
	Path   string // absolute; when set, Inline is not used
}

// Volume is a folder or file of the host that a case sees read-only at Target.
type Volume struct {
	Host   string   // absolute
	Target string   // absolute, inside the sandbox
	Masks  []string // files below Target, relative to it, that are kept from the program: answers that lie in the folder
}

// Mode is a way to compare output with answer.
type Mode string

// The comparison modes.
const (
	Unordered Mode = "unordered" // like lines, in any order; blank lines do not count
	Regex     Mode = "regex"     // the answer is a regular expression (RE2) that the whole output must match
	Contains  Mode = "contains"  // the output contains the answer
	Checked   Mode = "checker"   // a program of the suite's decides
	Exact     Mode = "exact"     // byte for byte
	Lines     Mode = "lines"     // CRLF, blanks at line ends and blank lines at the end do not count
	Tokens    Mode = "tokens"    // white space only separates
	Numbers   Mode = "numbers"   // like tokens, but tokens that are numbers may differ by a tolerance
)

// Compare says how output and answer are compared.
type Compare struct {
	Mode       Mode
	Absolute   float64 // numbers: tolerance |output-answer|; either tolerance suffices
	Relative   float64 // numbers: tolerance |output-answer| / |answer|
	IgnoreCase bool    // tokens, numbers, unordered, contains: letters' case does not count
	EachLine   bool    // regex: each line of the answer is a regular expression for the same line of the output

	Presentation bool  // what is right but for white space is PE where the mode would say AC or WA
	Checker      *Tool // mode checker: the program that decides
}

// Tool is a program of the suite's that takes part in grading: a checker or an interactor.
type Tool struct {
	Path     string          // a source file, or a folder of them; absolute
	Language string          // its language's name; "" to be found by its extension
	Protocol Protocol        // how it is called and how it answers
	Args     []string        // given after those of the protocol
	Limits   resource.Limits // of one execution, complete
}

// Protocol is how a tool is called and how it answers.
type Protocol string

// The protocols. Any other exit code, an end by a signal or over a limit is JE.
const (
	Testlib Protocol = "testlib" // arguments input, output, answer; exits 0 AC, 1 and 8 WA, 2 and 4 PE, 3 JE, 7 a share of the points
	Kattis  Protocol = "kattis"  // arguments input, answer, feedback folder, output on stdin; exits 42 AC, 43 WA
	Exit    Protocol = "exit"    // arguments input, output, answer; exits 0 AC, 1 WA
)

// Submission is what a student handed in: a file or a folder.
type Submission struct {
	Name     string   // for people: the file's or folder's base name
	Path     string   // absolute
	At       string   // where the files lie when that is not Path: what was handed in had to be unpacked; absolute
	Files    []string // the source files below Path, relative and sorted; for a file, its base name
	Language string   // the language's name in the table
	Student  Student  // who handed it in, as far as is known
}

// Student is who handed a submission in, from a roster or from the layout of what was handed in.
type Student struct {
	ID    string `json:"id,omitempty"`
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty"`

	Section string `json:"section,omitempty"` // the part of the class, as the roster has it
}
