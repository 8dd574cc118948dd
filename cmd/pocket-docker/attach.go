package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"slices"

	"golang.org/x/sys/unix"

	"pocket/runtime/container"
)

const attachUsage = `pocket-docker attach [flags] CONTAINER

Connects to a running container: shows what its program writes from now on, and passes on standard input,
if the container was made with -i, and signals. It ends with the container.

      --no-stdin          do not pass standard input on
      --sig-proxy=false   do not pass signals on: Ctrl-C leaves it running and returns

Example:
  pocket-docker attach web

EXIT STATUS
  The program's; 128 + n when signal n ended it. 1 when the container does not run, 125 for a wrong use.
`

func cmdAttach(c *call) error {
	var noStdin, sigProxy bool
	flags := c.flagSet()
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
	options := container.AttachOptions{Stdin: !noStdin, Stdout: true, Stderr: true}
	options.Rows, options.Cols = terminalSize(c.stdin)
	a, err := e.Attach(flags.Arg(0), options)
	if err != nil {
		return err
	}
	return c.follow(a, options.Stdin, sigProxy)
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
func (c *call) startAttached(e *container.Engine, name string, options container.AttachOptions, sigProxy, quiet bool) error {
	options.Rows, options.Cols = terminalSize(c.stdin)
	a, warnings, err := e.StartAttached(context.Background(), name, options)
	c.showWarnings(quiet, warnings)
	if err != nil {
		return withStatus{err, container.Status(err)}
	}
	return c.follow(a, options.Stdin, sigProxy)
}

// follow connects our streams with the container's until it ends; the error is its exit status.
func (c *call) follow(a *container.Attachment, stdin, sigProxy bool) error {
	if a.Terminal && stdin && isTerminal(c.stdin) {
		restore, err := makeRaw(c.stdin)
		if err != nil {
			return errors.Join(err, a.Close())
		}
		defer restore()
	}
	signals := make(chan os.Signal, 64)
	if sigProxy {
		signal.Notify(signals)
	} else {
		signal.Notify(signals, unix.SIGWINCH)
	}
	defer signal.Stop(signals)
	go c.passSignals(a, signals) // until the program ends
	if stdin {
		go func() { // until the input or the program ends
			if _, err := io.Copy(a, c.stdin); err == nil {
				_ = a.CloseInput()
			}
		}()
	}
	ended, err := a.Copy(c.stdout, c.stderr)
	switch {
	case err != nil:
		return withStatus{err, 125}
	case ended.Err() != nil:
		return withStatus{ended.Err(), ended.Status}
	case ended.Status != 0:
		return exitStatus(ended.Status)
	}
	return nil
}

func (c *call) passSignals(a *container.Attachment, signals <-chan os.Signal) {
	for s := range signals {
		switch number := s.(unix.Signal); number {
		case unix.SIGCHLD, unix.SIGURG, unix.SIGPIPE:
		case unix.SIGWINCH:
			_ = a.Resize(terminalSize(c.stdin))
		default:
			_ = a.Signal(number) // the program may have ended just now
		}
	}
}

// terminalSize is the size of the terminal f; 0, 0 when it is none.
func terminalSize(f *os.File) (rows, cols uint16) {
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0, 0
	}
	return size.Row, size.Col
}
