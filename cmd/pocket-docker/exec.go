package main

import (
	"cmp"
	"errors"
	"os"
	"os/signal"

	"github.com/spf13/pflag"
	"golang.org/x/sys/unix"

	"pocket/runtime/container"
	"pocket/runtime/hint"
)

const execUsage = `pocket-docker exec [flags] CONTAINER COMMAND ARG…

Runs a further program in a running container, within its limits, and waits for it. User, environment,
working directory and rights are those of the container's own program, unless flags say otherwise.

  -i, --interactive        pass standard input on; without it the program reads an empty file
  -t, --tty                give it a terminal of its own, which has the size of ours
  -d, --detach             return as soon as it runs; what it writes is forgotten
  -e, --env NAME[=VALUE]   an environment variable; without a value, ours is passed on
      --env-file FILE      such variables, one a line
  -w, --workdir PATH       the working directory
  -u, --user USER[:GROUP]  who runs it inside, as names of the container's own files or as numbers
      --privileged         give it all capabilities inside; they mean nothing to this machine, and the
                           system call filter stays
      --detach-keys KEYS   what to type, with -i and -t, to leave it running (ctrl-p,ctrl-q): keys with commas
                           between, each a character, ctrl- and a character, or DEL; empty for none

Signals are passed on to the program, the third one to end it kills it. With -i and -t keys do that, such as
Ctrl-C, and a signal to pocket-docker ends only that: the program's terminal is hung up.

Example:
  pocket-docker exec -it web sh

EXIT STATUS
  The program's; 128 + n when signal n ended it. 125 when pocket-docker itself failed, as when the container
  does not run; 126 when the program cannot be executed, or not in that working directory; 127 when it does
  not exist. 125, in place of 0, also when its output could not all be written. 0 after -d and detaching.
`

// execOptions is the command line of exec. The flags that it shares with run are read as there.
type execOptions struct {
	container.Exec
	run    runOptions
	detach bool
	keys   []byte
}

func (o *execOptions) flags(flags *pflag.FlagSet) {
	flags.SetInterspersed(false)
	flags.BoolVarP(&o.Interactive, "interactive", "i", false, "")
	flags.BoolVarP(&o.Terminal, "tty", "t", false, "")
	flags.BoolVarP(&o.detach, "detach", "d", false, "")
	flags.VarP(o.run.each("NAME=value", o.run.setEnv), "env", "e", "")
	flags.Var(o.run.each("file", o.run.setEnvFile), "env-file", "")
	flags.StringVarP(&o.Dir, "workdir", "w", "", "")
	flags.StringVarP(&o.User, "user", "u", "", "")
	flags.BoolVar(&o.Privileged, "privileged", false, "")
	o.keys, _ = parseDetachKeys(defaultDetachKeys)
	flags.Var(detachKeysFlag(&o.keys), "detach-keys", "")
}

func cmdExec(c *call) error {
	var o execOptions
	flags := c.flagSet()
	o.flags(flags)
	if err := c.parse(flags, 1, -1, "CONTAINER"); err != nil {
		return err
	}
	if flags.NArg() == 1 || flags.Arg(1) == "" {
		return usagef("exec: no program is given: exec CONTAINER COMMAND…")
	}
	if o.Terminal && o.Interactive && !o.detach && !isTerminal(c.stdin) {
		return usageError{hint.With(errors.New("exec: standard input is not a terminal, which -i with -t needs"),
			"leave -t out when input comes from a file or a pipe")}
	}
	o.Args, o.Env = flags.Args()[1:], o.run.Env
	e, err := open()
	if err != nil {
		return err
	}
	defer e.DB.Close()
	if o.detach {
		return c.execDetached(e, flags.Arg(0), &o)
	}
	o.Stdin, o.Stdout, o.Stderr = c.stdin, c.stdout, c.stderr
	o.Rows, o.Cols = terminalSize(c.stdin)
	return c.execAttached(e, flags.Arg(0), &o)
}

// execDetached leaves the program as soon as it runs.
func (c *call) execDetached(e *container.Engine, name string, o *execOptions) error {
	o.Interactive = false
	run, err := e.Exec(name, o.Exec)
	if err != nil {
		return execFault(err)
	}
	if err := run.Started(); err != nil {
		return execFault(errors.Join(err, run.Close()))
	}
	return errors.Join(run.Leave(), run.Close())
}

// execAttached waits for the program. All signals are caught before it starts, but those by which the shell
// keeps a job in the background from our terminal.
func (c *call) execAttached(e *container.Engine, name string, o *execOptions) error {
	signals := make(chan os.Signal, 64)
	signal.Notify(signals)
	signal.Reset(unix.SIGTTIN, unix.SIGTTOU)
	defer signal.Stop(signals)
	run, err := e.Exec(name, o.Exec)
	if err != nil {
		return execFault(err)
	}
	a := &attended{call: c, run: run, keys: o.keys, raw: o.Terminal && o.Interactive}
	return errors.Join(a.attend(signals), run.Close())
}

// execFault gives an error the exit status that docker's users know.
func execFault(err error) error { return withStatus{err, container.Status(err)} }

// attended is a program of exec while we are connected to it.
type attended struct {
	*call
	run      *container.Execution
	keys     []byte
	raw      bool // our terminal's keys all go to the program
	keyboard *keyboard
	asked    int
}

// patience is how many times a program is asked to end before it is killed.
const patience = 3

// attend passes input and signals on until the program ends, the user detaches, or a signal ends us. The
// terminal is as it was when it returns.
func (a *attended) attend(signals <-chan os.Signal) error {
	detached, err := a.listen()
	if err != nil {
		return err
	}
	defer a.keyboard.close()
	if a.raw { // the size may have changed since we asked
		_ = a.run.Resize(terminalSize(a.stdin))
	}
	ended := make(chan error, 1)
	go func() { ended <- a.finish() }() // ends with the program
	for {
		select {
		case err := <-ended:
			return err
		case <-detached:
			return a.run.Leave()
		case s := <-signals:
			if number, ok := s.(unix.Signal); ok && a.take(number) {
				return exitStatus(128 + int(number))
			}
		}
	}
}

func (a *attended) listen() (detached <-chan struct{}, err error) {
	if a.run.Input == nil || a.run.Terminal != nil && !a.raw {
		return nil, nil
	}
	var keys []byte
	if a.raw {
		keys = a.keys
	}
	a.keyboard, err = newKeyboard(a.stdin, a.raw, keys, a.run.Input, func() { _ = a.run.Input.Close() })
	if err != nil {
		return nil, err
	}
	return a.keyboard.detached, nil
}

// take passes a signal on, or says that we are to end: with a raw terminal, keys are how the program is
// signalled.
func (a *attended) take(s unix.Signal) (end bool) {
	asksToEnd := s == unix.SIGINT || s == unix.SIGTERM || s == unix.SIGHUP || s == unix.SIGQUIT
	switch {
	case s == unix.SIGCHLD || s == unix.SIGURG || s == unix.SIGPIPE:
		return false // of our own making
	case s == unix.SIGWINCH && a.run.Terminal != nil:
		_ = a.run.Resize(terminalSize(a.stdin)) // the program may have ended just now
		return false
	case s == unix.SIGCONT && a.raw:
		_ = a.keyboard.seize()
		return false
	case a.raw:
		return asksToEnd
	}
	if asksToEnd {
		a.asked++
	}
	if a.asked >= patience {
		a.run.Kill()
		return false
	}
	_ = a.run.Signal(s) // the program may have ended just now
	return false
}

// finish waits for the program's end; the error is our exit status.
func (a *attended) finish() error {
	exit, err := a.run.Finish()
	if err != nil {
		return execFault(err)
	}
	status := exit.Status()
	if lost := a.run.LostOutput(); lost != nil {
		return withStatus{lost, cmp.Or(status, 125)}
	}
	if status != 0 {
		return exitStatus(status)
	}
	return nil
}
