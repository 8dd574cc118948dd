package main

import (
	"context"

	"pocket/runtime/container"
)

const startUsage = `pocket-docker start [flags] CONTAINER…

Starts containers that do not run, each under a monitor of its own. What such a container wrote to its root
filesystem is still there. One that runs is no error. The names are shown.

  -a, --attach        stay connected to the output of the one container, and pass signals on
  -i, --interactive   pass standard input on, too; the container must have been made with -i
      --sig-proxy=false   do not pass signals on: Ctrl-C leaves it running and returns
      --detach-keys KEYS  which keys, typed at a terminal, leave it running and return (ctrl-p,ctrl-q)

Example:
  pocket-docker start -a web

EXIT STATUS
  0, 125 when one could not be started (the others are) and for a wrong use. With -a or -i the program's:
  128 + n when signal n ended it, 126 when it cannot be executed, 127 when it does not exist.
`

func cmdStart(c *call) error {
	var attach, interactive, sigProxy bool
	flags := c.flagSet()
	flags.BoolVarP(&attach, "attach", "a", false, "")
	flags.BoolVarP(&interactive, "interactive", "i", false, "")
	keys, _ := parseDetachKeys(defaultDetachKeys)
	flags.BoolVar(&sigProxy, "sig-proxy", true, "")
	flags.Var(detachKeysFlag(&keys), "detach-keys", "")
	if err := c.parse(flags, 1, -1, "CONTAINER"); err != nil {
		return err
	}
	if !attach && !interactive {
		return c.eachContainer(flags.Args(), func(e *container.Engine, name string) error {
			warnings, err := e.Start(context.Background(), name)
			c.showWarnings(false, warnings)
			return err
		})
	}
	if flags.NArg() > 1 {
		return usagef("start: only one container can be attached to")
	}
	e, err := open()
	if err != nil {
		return err
	}
	defer e.DB.Close()
	if err := c.checkTyping(e, flags.Arg(0), interactive, "leave -i out"); err != nil {
		return err
	}
	options := container.AttachOptions{Stdin: interactive, Stdout: true, Stderr: true}
	return c.startAttached(e, flags.Arg(0), options, followOptions{sigProxy: sigProxy, keys: keys}, false)
}
