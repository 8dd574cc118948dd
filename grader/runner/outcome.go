package runner

import (
	"bytes"
	"errors"
	"slices"

	"golang.org/x/sys/unix"

	"pocket/grader"
	"pocket/runtime/hint"
	"pocket/runtime/sandbox"
)

// outcome translates a sandbox's end for the judge.
func outcome(e sandbox.Exit, err error) grader.Outcome {
	var exec *sandbox.ExecError
	if errors.As(err, &exec) {
		return grader.Outcome{Err: err, NotFound: true}
	}
	if errors.Is(err, unix.EAGAIN) {
		err = hint.With(err, "raise the limit on processes")
	}
	o := grader.Outcome{
		Err: err, ExitCode: e.Code, OutputBytes: e.Written[0], ErrorBytes: e.Written[1],
		Usage: e.Usage, Enforcement: e.Enforcement,
	}
	if e.Signal != 0 {
		o.Signal = unix.SignalName(e.Signal)
	}
	switch e.Reason {
	case sandbox.OverCPU:
		o.Limit = grader.CPULimit
	case sandbox.OverWall:
		o.Limit = grader.WallLimit
	case sandbox.OverMemory:
		o.Limit = grader.MemoryLimit
	case sandbox.OverOutput:
		o.Limit = grader.OutputLimit
	}
	if e.OOM == sandbox.OOMTrue {
		o.Limit = grader.MemoryLimit // also when only a child was killed for it and the program went on
	}
	return o
}

// notStarted is the outcome of a job whose sandbox could not be started.
func notStarted(job grader.Job, err error) grader.Outcome {
	if tooLong(job, err) {
		return grader.Outcome{Refused: "the command line is too long: too many files, or too long names"}
	}
	return grader.Outcome{Err: err}
}

// tooLong says whether the kernel found a job's command line too long. Other system calls have this errno
// too, so the line must also be one that can be: the kernel takes 128 KiB at least (execve(2)).
func tooLong(job grader.Job, err error) bool {
	total := 0
	for _, text := range slices.Concat(job.Args, job.Env) {
		total += len(text) + 1 + 8 // its end and the pointer to it
	}
	return total > 100<<10 && errors.Is(err, unix.E2BIG)
}

// capture keeps output in pieces: growing one slice would hold the old and the new one at once.
type capture struct{ pieces [][]byte }

const piece = 256 * 1024

func (c *capture) Write(b []byte) (int, error) {
	n := len(b)
	for len(b) > 0 {
		last := len(c.pieces) - 1
		if last < 0 || len(c.pieces[last]) == cap(c.pieces[last]) {
			size := 4096
			if last >= 0 {
				size = piece
			}
			c.pieces = append(c.pieces, make([]byte, 0, size))
			last++
		}
		room := min(cap(c.pieces[last])-len(c.pieces[last]), len(b))
		c.pieces[last] = append(c.pieces[last], b[:room]...)
		b = b[room:]
	}
	return n, nil
}

func (c *capture) bytes() []byte {
	if len(c.pieces) == 1 {
		return c.pieces[0]
	}
	return bytes.Join(c.pieces, nil)
}

// tail keeps the last 64 KiB.
type tail struct{ kept []byte }

const tailSize = 64 * 1024

func (t *tail) Write(b []byte) (int, error) {
	t.kept = append(t.kept, b...)
	if len(t.kept) > 2*tailSize {
		t.kept = append([]byte(nil), t.kept[len(t.kept)-tailSize:]...)
	}
	return len(b), nil
}

func (t *tail) bytes() []byte { return t.kept[max(0, len(t.kept)-tailSize):] }
