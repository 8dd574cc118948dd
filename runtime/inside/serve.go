package inside

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"pocket/runtime/hint"
)

// Job is what the second process does. What it returns is stored in the result of Run.
type Job func(*Call) (any, error)

// Call is a job's arguments.
type Call struct {
	Files []*os.File // as given to Run; theirs is the job's to close
	args  json.RawMessage
}

// Args stores the arguments that Run was given.
func (c *Call) Args(into any) error { return json.Unmarshal(c.args, into) }

// The descriptors that Start gives, after 0 to 2.
const (
	requestFD = 3
	replyFD   = 4
	firstFD   = 5
)

// Serve does the job that this process was started for, and says whether it was started for one: then
// the program is to end with the status. It must be called before anything else.
func Serve(tables ...map[string]Job) (status int, served bool) {
	if len(os.Args) != 1 || os.Args[0] != program {
		return 0, false
	}
	out := os.NewFile(replyFD, "reply")
	r := answer(tables)
	if err := json.NewEncoder(out).Encode(r); err != nil || r.Error != nil {
		return 1, true
	}
	return 0, true
}

func answer(tables []map[string]Job) reply {
	result, err := do(tables)
	if err != nil {
		return reply{Error: newFailure(err)}
	}
	text, err := json.Marshal(result)
	if err != nil {
		return reply{Error: newFailure(err)}
	}
	return reply{Result: text}
}

func do(tables []map[string]Job) (any, error) {
	in := os.NewFile(requestFD, "request")
	text, err := io.ReadAll(io.NewSectionReader(in, 0, 1<<40))
	if err != nil {
		return nil, fmt.Errorf("read the job: %w", err)
	}
	var r request
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("read the job: %w", err)
	}
	c := &Call{args: r.Args}
	for i := range r.Files {
		fd := firstFD + i
		unix.CloseOnExec(fd)
		c.Files = append(c.Files, os.NewFile(uintptr(fd), fmt.Sprintf("descriptor %d", fd)))
	}
	for _, jobs := range tables {
		if job := jobs[r.Job]; job != nil {
			return job(c)
		}
	}
	return nil, fmt.Errorf("there is no job %q in this program", r.Job)
}

// reply is what the process writes last.
type reply struct {
	Result json.RawMessage `json:",omitempty"`
	Error  *failure        `json:",omitempty"`
}

// failure is an error on its way between two processes.
type failure struct {
	Text  string
	Hint  string     `json:",omitempty"`
	Errno unix.Errno `json:",omitempty"`
}

func newFailure(err error) *failure {
	f := &failure{Text: err.Error(), Hint: hint.Of(err)}
	if errno, ok := errors.AsType[unix.Errno](err); ok {
		f.Errno = errno
	}
	return f
}

func (f *failure) asError() error {
	if f.Hint != "" {
		return hint.With(f, "%s", f.Hint)
	}
	return f
}

// Error returns the job's error as it was there.
func (f *failure) Error() string { return f.Text }

// Unwrap returns the errno that was the cause, or nil.
func (f *failure) Unwrap() error {
	if f.Errno == 0 {
		return nil
	}
	return f.Errno
}
