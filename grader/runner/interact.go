package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"pocket/grader"
	"pocket/runtime/sandbox"
)

// Interact runs two jobs that talk to each other. See grader.Runner.
//
// Everything that is said passes through us: neither program has a descriptor that the other one holds too,
// and neither is sent SIGPIPE because the other has ended. What is said to a dead program is dropped.
func (r *Runner) Interact(ctx context.Context, both grader.Interaction) grader.Exchange {
	if err := ctx.Err(); err != nil {
		return faulty(grader.Outcome{Err: err, Interrupted: true})
	}
	t := &talk{}
	defer t.close()
	interactor, o := r.seat(t, both.Interactor)
	if interactor == nil {
		return grader.Exchange{Interactor: o}
	}
	submission, o := r.seat(t, both.Submission)
	if submission == nil {
		interactor.process.Kill()
		interactor.wait()
		return grader.Exchange{Submission: o}
	}
	stop := context.AfterFunc(ctx, func() { submission.process.Kill(); interactor.process.Kill() })
	defer stop()
	t.interactor, t.submission = interactor, submission
	var relays, waiting sync.WaitGroup
	relays.Go(func() { t.relay(submission, interactor, "> ") })
	relays.Go(func() { t.relay(interactor, submission, "< ") })
	ended := make(chan struct{})
	waiting.Go(func() {
		interactor.wait()
		if interactor.err != nil || interactor.exit.Signal != 0 || interactor.exit.Code != both.Accept {
			t.ends(interactor) // it is dead, also where the relay has not seen it yet
			t.dismiss(submission, ended)
		}
	})
	waiting.Go(func() {
		defer close(ended)
		submission.wait()
	})
	waiting.Wait()
	// All who could write are dead, so the relays find the end; should a pipe be held elsewhere, not for ever.
	for _, s := range []*seat{interactor, submission} {
		_ = s.hears.SetReadDeadline(time.Now().Add(lingering))
	}
	relays.Wait()
	x := grader.Exchange{Submission: submission.outcome(), Interactor: interactor.outcome(), First: t.first == interactor, Text: t.said.String()}
	x.Killed = submission.exit.Reason == sandbox.Interrupted && x.Submission.Limit == grader.NoLimit
	if ctx.Err() != nil {
		return faulty(grader.Outcome{Err: context.Cause(ctx), Interrupted: true})
	}
	return x
}

// dismiss ends the submission: nothing that it could still say counts. One whose output has ended before the
// interactor did is probably ending itself, and how it does that counts: its pipes are closed before its exit
// is known.
func (t *talk) dismiss(submission *seat, ended <-chan struct{}) {
	if t.firstEnded() == submission {
		select {
		case <-ended:
		case <-time.After(lingering):
		}
	}
	submission.process.Kill()
}

// lingering is how long a pipe may stay open after all processes of the sandbox have ended, and a sandbox when
// its output has ended and it does not count any more.
const lingering = 2 * time.Second

// faulty is an exchange of which neither side means anything.
func faulty(o grader.Outcome) grader.Exchange {
	return grader.Exchange{Submission: o, Interactor: o}
}

// talk is two programs and what they say.
type talk struct {
	submission, interactor *seat
	files                  []*os.File // all ends of pipes, to be closed at the end

	mu    sync.Mutex
	first *seat // whose output ended first
	said  transcript
}

// seat is one of two programs that talk.
type seat struct {
	job     grader.Job
	process *sandbox.Process
	exit    sandbox.Exit
	err     error
	hears   *os.File // where we hear what it says
	tells   *os.File // where we tell it what the other said
	heard   int64    // bytes; when it is more than the limit on output, the program was ended for it
	tail    tail
}

// seat starts a job with pipes to us. Without a seat the outcome says why.
func (r *Runner) seat(t *talk, job grader.Job) (*seat, grader.Outcome) {
	spec, err := r.spec(job)
	if err != nil {
		return nil, grader.Outcome{Err: err}
	}
	s := &seat{job: job}
	stdin, tells, err := t.pipe()
	if err != nil {
		return nil, grader.Outcome{Err: err}
	}
	hears, stdout, err := t.pipe()
	if err != nil {
		return nil, grader.Outcome{Err: err}
	}
	s.hears, s.tells = hears, tells
	spec.Stdin, spec.Stdout = stdin, sandbox.Output{File: stdout}
	spec.Stderr = sandbox.Output{Writer: &s.tail, Limit: job.Limits.Output}
	if s.process, err = sandbox.Start(spec); err != nil {
		return nil, notStarted(job, err)
	}
	// Held open here, the pipes would never end.
	if err = errors.Join(stdin.Close(), stdout.Close()); err != nil {
		s.process.Kill()
		s.wait()
		return nil, grader.Outcome{Err: fmt.Errorf("close a pipe: %w", err)}
	}
	return s, grader.Outcome{}
}

func (t *talk) pipe() (r, w *os.File, err error) {
	if r, w, err = os.Pipe(); err != nil {
		return nil, nil, fmt.Errorf("make a pipe: %w", err)
	}
	t.files = append(t.files, r, w)
	return r, w, nil
}

func (t *talk) close() {
	for _, f := range t.files {
		_ = f.Close() // most are closed already
	}
}

func (s *seat) wait() { s.exit, s.err = s.process.Wait() }

// outcome is how the program ended, when its relay has ended too.
func (s *seat) outcome() grader.Outcome {
	o := left(s.process, s.job, s.exit, s.err)
	o.Stderr, o.OutputBytes = s.tail.bytes(), s.heard
	flooded := s.job.Limits.Output > 0 && s.heard > int64(s.job.Limits.Output)
	if flooded && (s.exit.Reason == sandbox.Interrupted || s.exit.Reason == sandbox.Exited) && o.Limit == grader.NoLimit {
		o.Limit = grader.OutputLimit
	}
	return o
}

// relay passes on what one program says until it says no more, and notes it before the other can answer.
func (t *talk) relay(from, to *seat, mark string) {
	buffer := make([]byte, 64<<10)
	deaf := false // the other listens no more
	for {
		n, err := from.hears.Read(buffer)
		from.heard += int64(n)
		t.note(mark, buffer[:n])
		if limit := int64(from.job.Limits.Output); limit > 0 && from.heard > limit {
			from.process.Kill()
			break
		}
		if n > 0 && !deaf {
			_, failed := to.tells.Write(buffer[:n])
			deaf = failed != nil
		}
		if err != nil {
			break
		}
	}
	t.ends(from)
	_ = to.tells.Close() // only now: what the other does at the end of its input comes after our note
}

func (t *talk) note(mark string, text []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.said.add(mark, text)
}

func (t *talk) firstEnded() *seat {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.first
}

func (t *talk) ends(s *seat) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.first == nil {
		t.first = s
	}
}
