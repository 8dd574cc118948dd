package container

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/hint"
	"pocket/runtime/idmap"
	"pocket/runtime/image"
	"pocket/runtime/sandbox"
	"pocket/runtime/state"
)

// Exec is a program to be run in a container that runs. What is not given is as the container's own program
// has it.
type Exec struct {
	Args       []string
	Env        []string // "NAME=value", added to the container's
	Dir        string   // working directory inside; it must exist
	User       string   // as image.LookupUser takes it, looked up in what the container's files are now; "": the container's
	Privileged bool     // all capabilities in the container's user namespace; the system call filter stays

	Terminal   bool // a terminal of the container's own
	Rows, Cols uint16

	// Stdin is handed in when it is a pipe. Otherwise, and with a terminal, Execution.Input takes what the
	// program is to read, if Interactive; without, there is nothing to read.
	Stdin          *os.File
	Interactive    bool
	Stdout, Stderr io.Writer // nil: /dev/null; not with a terminal
}

// Execution is a program that runs in a container.
type Execution struct {
	*sandbox.Joined
	// Input is what the program reads, for the caller to write and close; nil when it was handed in, or when
	// there is none. With a terminal closing it does nothing.
	Input   io.WriteCloser
	outlets []*outlet
	reading sync.WaitGroup // of the terminal
}

// Exec starts a program in the running container with this name, id or beginning of an id. It is this
// process's child and the container's: it ends with the container, goes on when this process ends, and counts
// in the container's limits. Close must be called.
//
// A program that cannot be executed is a *sandbox.ExecError.
func (e *Engine) Exec(ref string, x Exec) (*Execution, error) {
	c, err := e.Find(ref)
	if err != nil {
		return nil, err
	}
	if err := x.check(); err != nil {
		return nil, err
	}
	cfg, err := ConfigOf(c)
	if err != nil {
		return nil, err
	}
	pidfd, err := openInit(c)
	if err != nil {
		return nil, err
	}
	defer pidfd.Close()
	if err := e.asUser(&cfg, c.ID, x.User); err != nil {
		return nil, err
	}
	spec, err := x.spec(cfg, e.IDs)
	if err != nil {
		return nil, err
	}
	spec.Init, spec.Pidfd = c.Init.PID, pidfd
	run, err := x.start(spec)
	if errors.Is(err, sandbox.ErrEnded) {
		err = errNotRunning(c.Name)
	}
	return run, err
}

func (x *Exec) check() error {
	if len(x.Args) == 0 || x.Args[0] == "" {
		return errors.New("no program to run is given")
	}
	if x.Dir != "" && !path.IsAbs(x.Dir) {
		return fmt.Errorf("working directory %q is not an absolute path", x.Dir)
	}
	for _, s := range append(append([]string{x.Dir}, x.Args...), x.Env...) {
		if strings.IndexByte(s, 0) >= 0 {
			return fmt.Errorf("%q contains a zero byte", s)
		}
	}
	return nil
}

// openInit returns a pidfd of the container's first process. The pidfd comes before the look: the process that
// had this number then, and is the one meant now, is the same.
func openInit(c state.Container) (*os.File, error) {
	switch {
	case c.Status == state.Paused:
		return nil, hint.With(fmt.Errorf("container %s is paused", c.Name), "let it go on: pocket-docker unpause %s", c.Name)
	case c.Status == state.Restarting:
		return nil, hint.With(fmt.Errorf("container %s is restarting", c.Name), "wait until it runs; pocket-docker logs %s may tell why it ends", c.Name)
	case c.Status != state.Running || c.Init.PID == 0:
		return nil, errNotRunning(c.Name)
	}
	fd, err := unix.PidfdOpen(c.Init.PID, 0)
	if err == unix.ESRCH {
		return nil, errNotRunning(c.Name)
	}
	if err != nil {
		return nil, fmt.Errorf("open the first process of container %s: %w", c.Name, err)
	}
	file := os.NewFile(uintptr(fd), "pidfd")
	if !c.Init.Alive() {
		return nil, errors.Join(errNotRunning(c.Name), file.Close())
	}
	return file, nil
}

// asUser makes the config's user the one that is asked for, with its home, by what the container's files are now.
func (e *Engine) asUser(cfg *Config, id, user string) error {
	if user == "" {
		return nil
	}
	if strings.HasPrefix(user, ":") { // a group alone: nobody becomes root by leaving something out (CVE-2026-30892)
		user = strconv.Itoa(cfg.UID) + user
	}
	files := cfg.From
	switch own := e.copied(id); {
	case files.Kind == image.Host:
	case isThere(own):
		files.Layers = []string{own}
	default:
		files.Layers = append([]string{filepath.Join(e.Folder(id), "layer", "upper")}, files.Layers...)
	}
	return cfg.inheritUser(files, user)
}

// spec is the program with all that the container's config says of its programs.
func (x *Exec) spec(cfg Config, ids idmap.Map) (sandbox.JoinSpec, error) {
	ids = cfg.ids(ids)
	if idmap.Host(ids.UIDs, cfg.UID) < 0 || idmap.Host(ids.GIDs, cfg.GID) < 0 {
		return sandbox.JoinSpec{}, hint.With(
			fmt.Errorf("user %d:%d has no id on this host: %s", cfg.UID, cfg.GID, ids.Reason), "run it as user 0, who is you outside")
	}
	filter, err := cfg.Seccomp.filter(cfg.Capabilities, false)
	if err != nil {
		return sandbox.JoinSpec{}, err
	}
	if x.Privileged {
		cfg.Capabilities = AllCapabilities()
	}
	if x.Dir != "" {
		cfg.Dir = x.Dir
	}
	cfg.Terminal, cfg.Env = x.Terminal, append(append([]string{}, cfg.Env...), x.Env...)
	return sandbox.JoinSpec{
		Args: x.Args, Env: cfg.environment(), Dir: cfg.Dir, UID: cfg.UID, GID: cfg.GID, Supplementary: cfg.supplementary(ids),
		Capabilities: cfg.Capabilities, Seccomp: filter, Terminal: x.Terminal, Rows: x.Rows, Cols: x.Cols,
	}, nil
}

func (x *Exec) start(spec sandbox.JoinSpec) (*Execution, error) {
	run := &Execution{}
	started := make(chan struct{})
	broken := func() { // may be told of before Join has returned
		<-started
		if run.Joined != nil {
			_ = run.Signal(unix.SIGPIPE)
		}
	}
	outlet := func(to io.Writer) io.Writer {
		if to == nil {
			return nil
		}
		out := &outlet{to: to, broken: broken}
		run.outlets = append(run.outlets, out)
		return out
	}
	if !x.Terminal {
		spec.Stdout.Writer, spec.Stderr.Writer = outlet(x.Stdout), outlet(x.Stderr)
	}
	given, err := run.input(x, &spec)
	if err != nil {
		return nil, err
	}
	run.Joined, err = sandbox.Join(spec)
	close(started)
	if given != nil {
		_ = given.Close() // only then does the pipe break when the program ends
	}
	if err != nil {
		if run.Input != nil {
			err = errors.Join(err, run.Input.Close())
		}
		return nil, err
	}
	if x.Terminal {
		run.Input = keepOpen{run.Terminal}
		if x.Stdout != nil {
			run.show(outlet(x.Stdout))
		}
	}
	return run, nil
}

// input connects the program's standard input; given is the program's end of a pipe, ours to close.
func (run *Execution) input(x *Exec, spec *sandbox.JoinSpec) (given *os.File, err error) {
	if x.Terminal || !x.Interactive || x.Stdin == nil {
		return nil, nil
	}
	if isPipe(x.Stdin) {
		spec.Stdin = x.Stdin
		return nil, nil
	}
	var to *os.File
	if given, to, err = os.Pipe(); err != nil {
		return nil, err
	}
	spec.Stdin, run.Input = given, to
	return given, nil
}

// show copies what the terminal shows until nobody has it open any more, or Close.
func (run *Execution) show(to io.Writer) {
	run.reading.Go(func() { _, _ = io.Copy(to, onlyReader{run.Terminal}) })
}

// Finish waits for the program's end, and until all that it wrote has been passed on.
func (run *Execution) Finish() (sandbox.Exit, error) {
	exit, err := run.Wait()
	if run.Terminal != nil {
		// What it left running may have the terminal open for ever.
		_ = run.Terminal.SetReadDeadline(time.Now().Add(lastWords))
		run.reading.Wait()
	}
	return exit, err
}

// lastWords is how long an ended program's terminal is read on while others have it open.
const lastWords = 200 * time.Millisecond

// LostOutput is why the program's output could not all be written, nil when it could or its reader went away.
// It may be asked once Finish has returned.
func (run *Execution) LostOutput() error { return lostOf(run.outlets) }

// Close gives up what connects us with the program. One that still runs is hung up if it has a terminal that
// was not left (see sandbox.Joined.Leave).
func (run *Execution) Close() error {
	var all []error
	if run.Input != nil {
		if err := run.Input.Close(); !errors.Is(err, os.ErrClosed) {
			all = append(all, err)
		}
	}
	if run.Terminal != nil {
		all = append(all, run.Terminal.Close())
	}
	return errors.Join(all...)
}
