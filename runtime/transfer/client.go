// Package transfer makes one HTTP request through a program of the host: curl, else wget.
//
// A TLS of our own would be half of the binary. The program only moves bytes: redirections, retries, byte
// ranges and the checking of what arrives are the caller's, so that one set of rules holds for both.
package transfer

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/hint"
)

// Idle is how long a server may be silent, unless a Client says otherwise.
const Idle = 60 * time.Second

// Client is a program of the host that makes requests. What may be secret, the URL with its user and
// query and the header fields, goes to its standard input or an unnamed file: arguments can be read by
// every user of the host (proc_pid_cmdline(5)).
type Client struct {
	// Resumes tells if it can ask for a byte range.
	Resumes bool
	// Idle is how long a server may be silent; 0 is the constant Idle. It counts in whole seconds.
	Idle time.Duration

	path    string
	command func(Request, time.Duration) invocation
	explain func(code int, message string) error
}

// Request is what is asked for.
type Request struct {
	URL       string   // http or https; see CheckURL
	Header    []string // fields as "Name: value", without control characters
	Form      string   // an application/x-www-form-urlencoded content to send with POST; "" is a GET
	Start     int64    // the first byte that is wanted
	Validator string   // of the content that the bytes before Start are of, "" when anything will do
	Insecure  bool     // accept any certificate
	Whole     bool     // the answer is short: the whole exchange may take no longer than 5 times Idle
}

// invocation is how a program is called. Its file, if not "", is its descriptor 3.
type invocation struct {
	args        []string
	input, file string
}

// Find looks for a program in $PATH.
func Find() (Client, error) {
	if path, err := exec.LookPath("curl"); err == nil {
		return Client{Resumes: true, path: path, command: curl, explain: explainCurl}, nil
	}
	if path, err := exec.LookPath("wget"); err == nil {
		return Client{path: path, command: wget, explain: explainWget}, nil
	}
	return Client{}, hint.With(errors.New("neither curl nor wget is installed"),
		"install curl, or fetch the archive by other means and give its path")
}

// Answer is what a server sent: a head, and the content to be read from Body.
type Answer struct {
	Head
	Body *bufio.Reader

	cmd     *exec.Cmd
	stop    context.CancelFunc
	stderr  *tail
	explain func(code int, message string) error
	ended   bool
}

// Ask makes the request and returns when the answer's head is there; the error is a *Failure where the
// transfer failed, and ctx's when ctx has ended. The caller calls Close on the answer.
func (c Client) Ask(ctx context.Context, r Request) (*Answer, error) {
	child, stop := context.WithCancel(ctx)
	a, err := c.start(child, r, stop)
	if err != nil {
		stop()
		return nil, err
	}
	a.Head, err = ReadHead(a.Body)
	if err == nil {
		return a, nil
	}
	if err == io.EOF {
		err = a.headFromComplaint()
	}
	if ctx.Err() != nil {
		err = ctx.Err() // and not that the client was killed for it
	}
	if err != nil {
		a.Close()
		return nil, err
	}
	return a, nil
}

func (c Client) start(ctx context.Context, r Request, stop context.CancelFunc) (*Answer, error) {
	idle := c.Idle
	if idle == 0 {
		idle = Idle
	}
	call := c.command(r, idle)
	cmd := exec.CommandContext(ctx, c.path, call.args...)
	cmd.Stdin = strings.NewReader(call.input)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	a := &Answer{cmd: cmd, stop: stop, stderr: &tail{}, explain: c.explain}
	cmd.Stderr = a.stderr
	if call.file != "" {
		f, err := unnamedFile(call.file)
		if err != nil {
			return nil, fmt.Errorf("start %s: %w", c.path, err)
		}
		defer f.Close()
		cmd.ExtraFiles = []*os.File{f}
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", c.path, err)
	}
	a.Body = bufio.NewReaderSize(out, 128<<10)
	return a, nil
}

// unnamedFile holds text in memory, for a program that wants a regular file.
func unnamedFile(text string) (*os.File, error) {
	fd, err := unix.MemfdCreate("request", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("memfd_create: %w", err)
	}
	f := os.NewFile(uintptr(fd), "request")
	if _, err := f.WriteString(text); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// headFromComplaint is for wget, which shows the head of a redirection and of a refusal only among its
// messages.
func (a *Answer) headFromComplaint() error {
	failed := a.Wait()
	head, err := a.stderr.head()
	if err == nil {
		a.Head = head
		a.Body.Reset(strings.NewReader(""))
		return nil
	}
	if failed == nil {
		failed = &Failure{errors.New("the server sent nothing"), Broken}
	}
	return failed
}

// Wait waits for the client's end, after Body was read to its end, and returns its complaint.
func (a *Answer) Wait() error {
	a.ended = true
	err := a.cmd.Wait()
	if err == nil {
		return nil
	}
	var status *exec.ExitError
	if !errors.As(err, &status) {
		return err
	}
	return a.explain(status.ExitCode(), a.stderr.lastLine())
}

// Close ends the client, if it has not ended, without waiting for the rest of the content.
func (a *Answer) Close() {
	a.stop()
	if !a.ended {
		a.ended = true
		a.cmd.Wait() // killed just now, or ended: nothing to learn
	}
}
