package grader

import (
	"time"

	"pocket/runtime/resource"
)

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

// Verdicts are all verdicts, the best first.
var Verdicts = []Verdict{AC, PE, WA, OLE, MLE, TLE, RTE, CE, JE, SKIP}

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

	Group      string      `json:"group,omitempty"`
	Visibility Visibility  `json:"visibility,omitempty"`
	Feedback   string      `json:"feedback,omitempty"`   // what the checker says to the student
	Judge      string      `json:"judge,omitempty"`      // what the checker says to the instructor alone
	Exchange   string      `json:"exchange,omitempty"`   // what an interactor and the submission said to each other: "< " before each line that the submission was told, "> " before each that it said
	WouldPass  string      `json:"would_pass,omitempty"` // what would have passed: "if trailing spaces were ignored"
	Samples    []Execution `json:"samples,omitempty"`    // every execution, when there was more than one; Usage is the one that counts
	Borderline bool        `json:"borderline,omitempty"` // a clock ended within 15 % of its limit
	Flaky      bool        `json:"flaky,omitempty"`      // executions came to different verdicts
	Cached     bool        `json:"cached,omitempty"`     // found by content, not run

	// What a case that failed was given: the beginning of its input, how long that is in all, its arguments.
	Input      string   `json:"input,omitempty"`
	InputBytes int64    `json:"input_bytes,omitempty"`
	Args       []string `json:"args,omitempty"`
}

// Execution is one of several executions of a case.
type Execution struct {
	Verdict Verdict        `json:"verdict"`
	Usage   resource.Usage `json:"usage"`
	Alone   bool           `json:"alone,omitempty"` // no other case ran meanwhile
}

// GroupResult is what a submission got for a group.
type GroupResult struct {
	Group   string  `json:"group"`
	Verdict Verdict `json:"verdict"` // the first of its cases' that is not AC, or AC
	Points  float64 `json:"points"`
	Score   float64 `json:"score"`
}

// LeftOut is what lay among the submissions of a class and was not taken for one.
type LeftOut struct {
	Name string `json:"name"`
	Why  string `json:"why"`
}

// Report is all results of one submission against one suite.
type Report struct {
	Suite      string        `json:"suite"`
	Submission string        `json:"submission"`
	Path       string        `json:"path"`
	Language   string        `json:"language"`
	Verdict    Verdict       `json:"verdict"` // the first verdict in suite order that is not AC, or AC; CE and JE of the whole submission
	Detail     string        `json:"detail,omitempty"`
	Compile    *Result       `json:"compile,omitempty"` // nil when nothing was compiled
	Results    []Result      `json:"results"`           // in suite order
	Groups     []GroupResult `json:"groups,omitempty"`  // of the groups that the suite names, in suite order
	Student    Student       `json:"student,omitzero"`
	Missing    bool          `json:"missing,omitempty"` // a student of the roster of whom nothing was handed in; the verdict is SKIP
	Points     float64       `json:"points"`
	Score      float64       `json:"score"`
	Started    time.Time     `json:"started,omitzero"` // with Finished: zero where how long hidden cases took is not to be told
	Finished   time.Time     `json:"finished,omitzero"`
}
