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
	Files   []File   // read-only files that are made for the job
	Build   string   // a host folder with compiled files, seen read-only at /build; "" for none
	Save    string   // a host folder into which the regular files that the program left in /work/out are copied; "" for none
	Limits  resource.Limits
	Compile bool // a compiler, not a submission: it may write more and gets a wider system call profile
}

// File is a file that a job sees, read-only.
type File struct {
	Target string // absolute, inside the sandbox; its folder exists there
	Text   Text
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
