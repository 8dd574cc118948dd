package grader

import (
	"context"

	"pocket/runtime/resource"
)

// Job is one program that the judge wants run: a compiler, or a submission on one case.
type Job struct {
	Args    []string // Args[0] is looked up in the sandbox's PATH
	Env     []string // "NAME=value"; nothing of the host's environment is added
	Stdin   Text
	Mounts  []Volume // read-only folders: the submission at /submission, the case's volumes, …
	Build   string   // a host folder with compiled files, seen read-only at /build; "" for none
	Save    string   // a host folder into which the regular files that the program left in /work/out are copied; "" for none
	Collect []string // names of files in /work/out that are read when the program has ended, however it did
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
	Collected   map[string][]byte // of the files that Job.Collect names, those that are there: the first 64 KiB of each
}

// Interaction is two programs that talk to each other: what one writes to its standard output, the other reads
// from its standard input. The Stdin of both jobs is not used. A limit on output holds for what each says.
type Interaction struct {
	Submission Job
	Interactor Job
	Accept     int // the interactor's exit code after which the submission may finish; after any other end it is killed
}

// Exchange is how two programs that talked to each other ended.
type Exchange struct {
	Submission Outcome
	Interactor Outcome
	// First says that the interactor ended, or closed its output, before the submission had done so: what the
	// submission did from then on cannot have been what the interactor's verdict is about.
	First bool
	// Killed says that the submission was ended for what the interactor said: it still ran.
	Killed bool
	// Text is what was said, in the order in which it was: a line that the submission was told begins with
	// "< ", one that it said with "> ". Of a long exchange it is the beginning and the end, 16 KiB of each.
	Text string
}

// Runner runs jobs. Its methods are safe for concurrent use; when one returns, every process of its jobs is
// dead and nothing of them is left.
type Runner interface {
	Run(ctx context.Context, job Job) Outcome
	// Interact runs two jobs at once. Where one of them could not be run, or the context was cancelled, the
	// Outcomes say so and nothing else in the Exchange means anything.
	Interact(ctx context.Context, both Interaction) Exchange
}
