package container

import (
	"context"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// patience is how many times the user may ask a program to end before it is killed.
const patience = 3

// Interrupted says that a signal came before the program had started: nothing was run.
type Interrupted struct{ Signal unix.Signal }

func (e *Interrupted) Error() string {
	return fmt.Sprintf("interrupted by %s before the program had started", unix.SignalName(e.Signal))
}

// receiver is what signals are passed on to: a sandbox's process.
type receiver interface {
	Signal(unix.Signal) error
	Kill()
}

// relay takes the signals that the monitor gets for the length of a run. Before the program has
// started, one that asks to end cancels; afterwards all are passed on.
type relay struct {
	cancel context.CancelCauseFunc
	mu     sync.Mutex
	to     receiver
	asked  int
	pipe   bool // the caller's end of the output broke before there was a program to tell
	stop   chan struct{}
	ended  sync.WaitGroup
}

// newRelay starts to take signals; the context ends when one comes too early. Close ends it.
func newRelay(ctx context.Context, signals <-chan os.Signal) (*relay, context.Context) {
	ctx, cancel := context.WithCancelCause(ctx)
	r := &relay{cancel: cancel, stop: make(chan struct{})}
	r.ended.Go(func() {
		for {
			select {
			case s := <-signals:
				if number, ok := s.(unix.Signal); ok {
					r.take(number)
				}
			case <-r.stop:
				return
			}
		}
	})
	return r, ctx
}

// start names the program that signals go to from now on.
func (r *relay) start(to receiver) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.to = to
	if r.pipe && to != nil {
		_ = to.Signal(unix.SIGPIPE)
	}
}

// broken tells the program that nobody reads what it writes, as the kernel would without us: else
// "run … yes | head -1" would never end.
func (r *relay) broken() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.to == nil {
		r.pipe = true
		return
	}
	_ = r.to.Signal(unix.SIGPIPE)
}

func (r *relay) close() {
	close(r.stop)
	r.ended.Wait()
	r.cancel(nil)
}

func (r *relay) take(s unix.Signal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch s {
	case unix.SIGCHLD, unix.SIGURG, unix.SIGPIPE, unix.SIGWINCH:
		// Of our own making: the sandbox's end, Go's preemption, our own broken pipe, our terminal.
		return
	}
	ends := s == unix.SIGINT || s == unix.SIGTERM || s == unix.SIGHUP || s == unix.SIGQUIT
	if r.to == nil {
		if ends {
			r.cancel(&Interrupted{s})
		}
		return
	}
	if ends {
		r.asked++
	}
	if r.asked >= patience {
		r.to.Kill()
		return
	}
	// The program may have ended just now, and then the signal has nowhere to go.
	_ = r.to.Signal(s)
}
