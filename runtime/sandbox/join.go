package sandbox

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/boot"
	"pocket/runtime/cgroup"
	"pocket/runtime/hint"
	"pocket/runtime/internal/linux"
	"pocket/runtime/seccomp"
)

// ErrEnded says that a sandbox cannot be joined because it has ended.
var ErrEnded = boot.ErrEnded

// ErrDirectory says that a program that joins cannot have its working directory.
var ErrDirectory = boot.ErrDirectory

// JoinSpec is a program to be run in a sandbox that runs already.
type JoinSpec struct {
	Init  int      // the sandbox's first process, in our PID namespace
	Pidfd *os.File // a pidfd of it, by which the caller knows that it is the right one

	Args     []string // the program and its arguments; Args[0] without a slash is looked up in Env's PATH inside
	Env      []string // "NAME=value"; nothing is added
	Dir      string   // working directory inside, which must exist; "" means "/"
	UID, GID int      // inside; both must be mapped
	// Supplementary are further groups, as in Spec.
	Supplementary []int

	Capabilities []int           // capabilities kept, as numbers of capabilities(7); nil: none at all
	Seccomp      *seccomp.Filter // nil: unconfined

	Stdin    *os.File // nil: /dev/null
	Stdout   Output   // past a Limit the program is killed
	Stderr   Output
	Terminal bool // the program gets a terminal of the sandbox's own as 0, 1 and 2; its other end is Joined.Terminal
	Rows     uint16
	Cols     uint16
}

// Joined is a program that was started in a sandbox. It is a child of this process, but a member of the
// sandbox: when that ends, it is killed. When this process ends first, it goes on.
type Joined struct {
	// Terminal is the outer end of the program's terminal, when the JoinSpec asked for one: non-blocking, and
	// the caller's to close, which hangs the terminal up (SIGHUP to who has it, pty(7)).
	Terminal *os.File

	spec    JoinSpec
	pid     int
	pidfd   int
	result  *os.File
	streams []*stream
	over    chan Reason
	kill    chan struct{}
	once    sync.Once
	running chan struct{} // closed when it is known whether the program runs
	refused error         // why it does not, once running is closed: an *ExecError, or errStopped
	done    chan struct{}
	exit    Exit
	err     error
}

// Join starts a program in a sandbox: in its namespaces, its control groups, and with its resource limits
// and processors. An error names the step that failed, and then nothing was started; it is ErrEnded when there
// is no sandbox any more. Every Joined must be waited for.
//
// A sandbox must not be started at the same moment by this process with other packages than this one's (see
// boot.Join).
func Join(spec JoinSpec) (*Joined, error) {
	if len(spec.Args) == 0 || spec.Args[0] == "" {
		return nil, errors.New("no program to run")
	}
	j := &Joined{spec: spec, pidfd: -1, over: make(chan Reason, 2), kill: make(chan struct{}),
		running: make(chan struct{}), done: make(chan struct{})}
	files := &files{}
	defer files.close()
	if err := j.start(files); err != nil {
		return nil, errors.Join(err, j.abandon())
	}
	go j.report()
	go j.supervise()
	return j, nil
}

func (j *Joined) start(files *files) error {
	groups, err := cgroup.Of(j.spec.Init)
	if err != nil {
		return gone(err)
	}
	defer groups.Close()
	plan, err := j.plan(groups)
	if err != nil {
		return err
	}
	if err := j.connect(&plan.Plan, files); err != nil {
		return err
	}
	plan.Told = j.result
	if plan.Pidfd, err = files.lift(j.spec.Pidfd); err != nil {
		return err
	}
	j.exit.Started = time.Now()
	if j.pid, j.Terminal, err = boot.Join(plan); err != nil {
		return err
	}
	if j.pidfd, err = unix.PidfdOpen(j.pid, 0); err != nil {
		return fmt.Errorf("pidfd_open: %w", err)
	}
	return nil
}

func (j *Joined) plan(groups *cgroup.Membership) (boot.Joining, error) {
	s := j.spec
	plan := boot.Plan{
		Entries: groups.Entries(), Folder: groups.Folder(), UID: s.UID, GID: s.GID, Supplementary: s.Supplementary, Dir: s.Dir,
		Capabilities: s.Capabilities, Filter: s.Seccomp,
		Terminal: s.Terminal, Rows: s.Rows, Cols: s.Cols, Args: s.Args, Env: s.Env,
	}
	if plan.Dir == "" {
		plan.Dir = "/"
	}
	err := inherit(&plan, s.Init)
	return boot.Joining{Plan: plan, Init: s.Init}, err
}

// connect makes the pipes and puts the inner ends into the plan.
func (j *Joined) connect(plan *boot.Plan, files *files) (err error) {
	if j.result, err = files.result(plan); err == nil && !j.spec.Terminal {
		j.streams, err = files.stdio(plan, j.spec.Stdin, j.spec.Stdout, j.spec.Stderr, j.over)
	}
	return err
}

// errStopped says that what is inside keeps the program from being executed, as by stopping whatever comes.
var errStopped = hint.With(errors.New("the program could not be executed for 10 s: something inside the sandbox stops it"),
	"look at what runs there with pocket-docker top")

// report ends when the program runs or could not be started: only the process has the other end, and closes
// it by executing the program. It is not waited for for ever: who is inside may stop the process before.
func (j *Joined) report() {
	defer close(j.running)
	_ = j.result.SetReadDeadline(time.Now().Add(10 * time.Second))
	b, err := io.ReadAll(j.result)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		j.refused = errStopped
		j.Kill()
		return
	}
	if report, failed := linux.ParseStep(b); failed {
		j.refused = &ExecError{j.spec.Args[0], report.Errno}
	}
}

// supervise waits for the program, and kills it when that is asked for.
func (j *Joined) supervise() {
	defer close(j.done)
	var copying sync.WaitGroup
	for _, s := range j.streams {
		copying.Go(s.copy)
	}
	ended := make(chan unix.WaitStatus, 1)
	var usage unix.Rusage
	go func() { // ends with the program
		var status unix.WaitStatus
		for {
			if _, err := unix.Wait4(j.pid, &status, 0, &usage); err != unix.EINTR {
				break
			}
		}
		ended <- status
	}()
	status := j.watch(ended)
	j.exit.Finished = time.Now()
	for _, s := range j.streams { // what it left running may hold the pipes open for ever
		_ = s.from.SetReadDeadline(time.Now().Add(lastWords))
	}
	copying.Wait()
	_ = j.result.SetReadDeadline(time.Now().Add(lastWords))
	<-j.running
	j.finish(status, usage)
}

// lastWords is how long an ended program's output is read on while others have its pipes open.
const lastWords = 200 * time.Millisecond

func (j *Joined) watch(ended <-chan unix.WaitStatus) unix.WaitStatus {
	kill := (<-chan struct{})(j.kill)
	j.exit.Reason = Exited
	for {
		over := Reason("")
		select {
		case status := <-ended:
			return status
		case over = <-j.over:
		case <-kill:
			over, kill = Interrupted, nil
		}
		if j.exit.Reason == Exited {
			j.exit.Reason = over
		}
		_ = unix.PidfdSendSignal(j.pidfd, unix.SIGKILL, nil, 0) // gone already: the status comes
	}
}

func (j *Joined) finish(status unix.WaitStatus, usage unix.Rusage) {
	e := &j.exit
	e.OOM = OOMUnknown
	e.Usage.CPU, e.Usage.Wall = linux.CPU(usage), e.Finished.Sub(e.Started)
	for _, s := range j.streams {
		e.Written[s.index] = s.written
	}
	switch {
	case j.refused != nil:
		j.err = j.refused
	case status.Signaled():
		e.Signal = status.Signal()
	default:
		e.Code = status.ExitStatus()
	}
	j.err = errors.Join(j.err, j.result.Close(), unix.Close(j.pidfd))
}

// abandon undoes a start that failed half-way.
func (j *Joined) abandon() error {
	var failed error
	if j.pid > 0 {
		_ = unix.Kill(j.pid, unix.SIGKILL) // unreaped, so it is ours
		_, _ = wait(j.pid)
	}
	for _, s := range j.streams {
		failed = errors.Join(failed, s.from.Close())
	}
	for _, f := range []*os.File{j.result, j.Terminal} {
		if f != nil {
			failed = errors.Join(failed, f.Close())
		}
	}
	return failed
}

// Pid is the program as seen from outside.
func (j *Joined) Pid() int { return j.pid }

// Started waits until the program runs, which is at once, and returns the *ExecError if it cannot.
func (j *Joined) Started() error {
	<-j.running
	if j.refused != nil {
		return j.refused
	}
	return nil
}

// Signal sends a signal to the program.
func (j *Joined) Signal(s unix.Signal) error {
	select {
	case <-j.done:
		return os.ErrProcessDone
	default:
	}
	if err := unix.PidfdSendSignal(j.pidfd, s, nil, 0); err != nil {
		return fmt.Errorf("signal the program: %w", err)
	}
	return nil
}

// Kill ends the program, but not what it has started.
func (j *Joined) Kill() { j.once.Do(func() { close(j.kill) }) }

// Leave has the program's terminal held open, and what it shows forgotten, by a process that ends with the
// program and outlives this one. Without a terminal there is nothing to do for a program to be left.
func (j *Joined) Leave() error {
	if j.Terminal == nil {
		return nil
	}
	if err := boot.Hold(j.Terminal); err != nil {
		return fmt.Errorf("leave the terminal: %w", err)
	}
	return nil
}

// Resize tells the terminal its size.
func (j *Joined) Resize(rows, cols uint16) error { return resize(j.Terminal, rows, cols) }

// Wait waits for the program's end and returns how it ended: its code or signal, times, and CPU time. What it
// started may go on; of that one's output nothing more is read. The error is an *ExecError when the program
// could not be executed.
func (j *Joined) Wait() (Exit, error) {
	<-j.done
	return j.exit, j.err
}
