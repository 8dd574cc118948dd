package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"sync"

	"golang.org/x/sys/unix"

	"pocket/runtime/container"
	"pocket/runtime/hint"
)

const attachUsage = `pocket-docker attach [flags] CONTAINER

Connects to a running container: shows what its program writes from now on, and passes on standard input,
if the container was made with -i, and signals. It ends with the container. With -i and -t, standard input is
to be a terminal.

      --detach-keys KEYS  which keys, typed at a terminal, leave it running and return (ctrl-p,ctrl-q)
      --no-stdin          do not pass standard input on
      --sig-proxy=false   do not pass signals on: Ctrl-C leaves it running and returns

Example:
  pocket-docker attach web

EXIT STATUS
  The program's; 128 + n when signal n ended it. 125 when the container does not run, and for a wrong use.
`

func cmdAttach(c *call) error {
	var noStdin, sigProxy bool
	keys, _ := parseDetachKeys(defaultDetachKeys)
	flags := c.flagSet()
	flags.Var(detachKeysFlag(&keys), "detach-keys", "")
	flags.BoolVar(&noStdin, "no-stdin", false, "")
	flags.BoolVar(&sigProxy, "sig-proxy", true, "")
	if err := c.parse(flags, 1, 1, "CONTAINER"); err != nil {
		return err
	}
	e, err := open()
	if err != nil {
		return err
	}
	defer e.DB.Close()
	if err := c.checkTyping(e, flags.Arg(0), !noStdin, "leave input out: --no-stdin"); err != nil {
		return err
	}
	options := container.AttachOptions{Stdin: !noStdin, Stdout: true, Stderr: true}
	options.Rows, options.Cols = terminalSize(c.stdin)
	o := followOptions{stdin: options.Stdin, sigProxy: sigProxy, keys: keys}
	signals := o.catch()
	defer signal.Stop(signals)
	a, err := e.Attach(flags.Arg(0), options)
	if err != nil {
		return err
	}
	return c.follow(a, signals, o)
}

// checkTyping refuses input from elsewhere for a container whose terminal is typed at: the end of a file is no key,
// and the program would wait for ever for more.
func (c *call) checkTyping(e *container.Engine, name string, stdin bool, withoutInput string) error {
	if !stdin || isTerminal(c.stdin) {
		return nil
	}
	found, err := e.Find(name)
	if err != nil {
		return err
	}
	if cfg, err := container.ConfigOf(found); err != nil || !cfg.Terminal || !cfg.Interactive {
		return err
	}
	return usageError{hint.With(fmt.Errorf("%s: standard input is not a terminal, and container %s was made with -i and -t", c.name, found.Name),
		"%s", withoutInput)}
}

// followOptions says how one is connected to a container.
type followOptions struct {
	stdin, sigProxy bool
	keys            []byte // that detach
	quiet           bool   // no warnings
}

// catch takes signals from now on: before there is a program that they could be meant for.
func (o followOptions) catch() chan os.Signal {
	signals := make(chan os.Signal, 64)
	if o.sigProxy {
		signal.Notify(signals)
	} else {
		signal.Notify(signals, unix.SIGWINCH, unix.SIGCONT, unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT)
	}
	return signals
}

// attachOptions are the streams that run's flags ask for.
func (c *call) attachOptions(o *runOptions) container.AttachOptions {
	all := len(o.attach) == 0
	options := container.AttachOptions{Stdin: o.interactive,
		Stdout: all || slices.Contains(o.attach, "stdout"), Stderr: all || slices.Contains(o.attach, "stderr")}
	options.Rows, options.Cols = terminalSize(c.stdin)
	return options
}

// startAttached starts a container and follows it.
func (c *call) startAttached(e *container.Engine, name string, options container.AttachOptions, o followOptions, quiet bool) error {
	options.Rows, options.Cols = terminalSize(c.stdin)
	signals := o.catch()
	defer signal.Stop(signals)
	a, warnings, err := e.StartAttached(context.Background(), name, options)
	c.showWarnings(quiet, warnings)
	if err != nil {
		return withStatus{err, container.Status(err)}
	}
	o.stdin, o.quiet = options.Stdin, quiet
	return c.follow(a, signals, o)
}

// follow connects our streams with the container's until it ends; the error is its exit status.
func (c *call) follow(a *container.Attachment, signals chan os.Signal, o followOptions) error {
	var k *keyboard
	detached := make(chan struct{})
	if o.stdin {
		var err error
		raw := a.Terminal && isTerminal(c.stdin)
		if !raw {
			o.keys = nil
		}
		if k, err = newKeyboard(c.stdin, raw, o.keys, a, func() { _ = a.CloseInput() }); err != nil {
			return errors.Join(err, a.Close())
		}
		defer k.close()
		detached = k.detached
	}
	ended, left := make(chan struct{}), make(chan unix.Signal, 1)
	var beside sync.WaitGroup
	beside.Go(func() { // until the container ends or is left
		select {
		case <-detached:
			_ = a.Close()
		case <-ended:
		}
	})
	beside.Go(func() { c.passSignals(a, k, o.sigProxy, signals, ended, left) })
	result, err := a.Copy(c.stdout, c.stderr)
	close(ended)
	beside.Wait()
	c.showWarnings(o.quiet, result.Warnings)
	return c.followed(result, err, left)
}

// followed is what the end of following means.
func (c *call) followed(ended container.Ended, err error, left <-chan unix.Signal) error {
	switch {
	case errors.Is(err, container.ErrDetached):
		select {
		case s := <-left:
			return exitStatus(128 + int(s))
		default:
			return nil
		}
	case err != nil:
		return withStatus{err, 125}
	case ended.Err() != nil:
		return withStatus{ended.Err(), ended.Status}
	case ended.Status != 0:
		return exitStatus(ended.Status)
	}
	return nil
}

// passSignals passes signals on to the program, or with no proxy leaves it at the first that asks to end.
func (c *call) passSignals(a *container.Attachment, k *keyboard, proxy bool, signals <-chan os.Signal, ended <-chan struct{}, left chan<- unix.Signal) {
	for {
		select {
		case <-ended:
			return
		case s := <-signals:
			number, _ := s.(unix.Signal)
			switch {
			case number == unix.SIGCHLD || number == unix.SIGURG || number == unix.SIGPIPE:
			case number == unix.SIGWINCH:
				_ = a.Resize(terminalSize(c.stdin))
			case number == unix.SIGCONT && k != nil && k.seize() == nil && !proxy:
			case proxy:
				_ = a.Signal(number) // the program may have ended just now
			default:
				left <- number
				_ = a.Close()
				return
			}
		}
	}
}
