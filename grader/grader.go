// Package grader names what is graded and what comes out of it.
//
// The packages below it form a star: each knows these types and not its siblings. The one interface
// of the project, Runner, stands between the judge, which decides, and the sandboxes, which run.
package grader

import (
	"context"
	"time"

	"pocket/runtime/resource"
)

// Suite is the cases, limits and comparison of one exercise, as read from a folder with suite.yaml.
type Suite struct {
	Dir       string // the suite's folder, absolute
	File      string // its suite.yaml, absolute
	Name      string
	RootFS    string   // "host", an image's name, an archive or a directory; relative paths are made absolute
	Languages []string // what may be handed in; empty: every known language
	Limits    resource.Limits
	Cases     []Case
}

// Case is one input with its answer. Limits and Compare are complete: defaults are already merged in.
type Case struct {
	Name    string
	Line    int // where it stands in suite.yaml
	Input   Text
	Answer  Text
	Volumes []Volume
	Args    []string
	Env     []string // "NAME=value"
	Limits  resource.Limits
	Compare Compare
	Points  float64
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
	Masks  []string // files below Target, relative to it, that cannot be opened inside: answers that lie in the folder
}

// Mode is a way to compare output with answer.
type Mode string

// The comparison modes.
const (
	Exact   Mode = "exact"   // byte for byte
	Lines   Mode = "lines"   // CRLF, blanks at line ends and blank lines at the end do not count
	Tokens  Mode = "tokens"  // white space only separates
	Numbers Mode = "numbers" // like tokens, but tokens that are numbers may differ by a tolerance
)

// Compare says how output and answer are compared.
type Compare struct {
	Mode       Mode
	Absolute   float64 // numbers: tolerance |output-answer|; either tolerance suffices
	Relative   float64 // numbers: tolerance |output-answer| / |answer|
	IgnoreCase bool    // tokens and numbers: letters' case does not count
}

// Submission is what a student handed in: a file or a folder.
type Submission struct {
	Name     string   // for people: the file's or folder's base name
	Path     string   // absolute
	Files    []string // the source files below Path, relative and sorted; for a file, its base name
	Language string   // the language's name in the table
}

// Verdict is what became of a case or of a whole submission.
type Verdict string

// The verdicts, in the order in which the worst of several is chosen (last is worst).
const (
	SKIP Verdict = "SKIP" // not run
	AC   Verdict = "AC"   // output right
	PE   Verdict = "PE"   // right but for white space
	WA   Verdict = "WA"   // output wrong
	OLE  Verdict = "OLE"  // output limit
	MLE  Verdict = "MLE"  // memory limit
	TLE  Verdict = "TLE"  // CPU or wall limit
	RTE  Verdict = "RTE"  // signal or non-zero exit
	CE   Verdict = "CE"   // does not compile
	JE   Verdict = "JE"   // our own fault, or the suite's; never the student's
)

// Result is the verdict of one case with what it stands on.
type Result struct {
	Case        string                 `json:"case"`
	Verdict     Verdict                `json:"verdict"`
	Detail      string                 `json:"detail,omitempty"`     // one line: which clock, which signal, where it differs
	Difference  string                 `json:"difference,omitempty"` // a unified diff with invisible characters made visible
	Stderr      string                 `json:"stderr,omitempty"`     // the end of what the program wrote to standard error
	Points      float64                `json:"points"`               // what the case is worth
	Score       float64                `json:"score"`                // what the submission got for it
	ExitCode    int                    `json:"exit_code"`
	Signal      string                 `json:"signal,omitempty"` // "SIGSEGV", …
	OutputBytes int64                  `json:"output_bytes"`
	Usage       resource.Usage         `json:"usage"`
	Enforcement []resource.Enforcement `json:"enforcement,omitempty"`
}

// Report is all results of one submission against one suite.
type Report struct {
	Suite      string    `json:"suite"`
	Submission string    `json:"submission"`
	Path       string    `json:"path"`
	Language   string    `json:"language"`
	Verdict    Verdict   `json:"verdict"` // the first verdict in suite order that is not AC, or AC; CE and JE of the whole submission
	Detail     string    `json:"detail,omitempty"`
	Compile    *Result   `json:"compile,omitempty"` // nil when nothing was compiled
	Results    []Result  `json:"results"`           // in suite order
	Points     float64   `json:"points"`
	Score      float64   `json:"score"`
	Started    time.Time `json:"started"`
	Finished   time.Time `json:"finished"`
}

// Job is one program that the judge wants run: a compiler, or a submission on one case.
type Job struct {
	Args    []string // Args[0] is looked up in the sandbox's PATH
	Env     []string // "NAME=value"; nothing of the host's environment is added
	Stdin   Text
	Mounts  []Volume // read-only folders: the submission at /submission, the case's volumes, …
	Build   string   // a host folder with compiled files, seen read-only at /build; "" for none
	Save    string   // a host folder into which the regular files that the program left in /work/out are copied; "" for none
	Limits  resource.Limits
	Compile bool // a compiler, not a submission: it may write more and gets a wider system call profile
}

// Limit names the limit that ended a program.
type Limit string

// The limits that can end a program.
const (
	NoLimit     Limit = ""
	CPULimit    Limit = "cpu"
	WallLimit   Limit = "wall"
	MemoryLimit Limit = "memory"
	OutputLimit Limit = "output"
)

// Outcome is how a job ended. When Err is set, nothing else in it means anything: pocket or the host
// failed, not the program.
type Outcome struct {
	Err      error
	NotFound bool // Args[0] does not exist in the sandbox or cannot be executed; Err says which
	// Refused is what the job itself brought about before its program ran or after it ended: a command line
	// that the kernel finds too long, or compiled files that cannot be kept. "" when there is nothing.
	Refused     string
	Interrupted bool // the context was cancelled while it ran; Err is the context's error
	ExitCode    int
	Signal      string // "SIGSEGV"; "" when it exited by itself
	Limit       Limit  // what ended it, or would have; MemoryLimit comes from the kernel's count or the peak
	Stdout      []byte // at most Limits.Output bytes
	Stderr      []byte // the last 64 KiB
	OutputBytes int64  // all bytes written to standard output, as far as they were read
	ErrorBytes  int64  // the same of standard error
	Usage       resource.Usage
	Enforcement []resource.Enforcement
}

// Runner runs jobs. Run is safe for concurrent use; when it returns, every process of the job is dead
// and nothing of it is left.
type Runner interface {
	Run(ctx context.Context, job Job) Outcome
}
