package main

import (
	"context"

	"pocket/runtime/container"
)

const restartUsage = `pocket-docker restart [flags] CONTAINER…

Stops each container that runs, as stop does, and starts it again; one that does not run is started. It
keeps what it wrote to its root filesystem. The names are shown.

  -t, --time, --timeout SECONDS   how long to wait before killing (what the container was made with, or 10);
                                  0 kills at once, -1 waits for ever
  -s, --signal SIGNAL             in place of the container's stop signal

Example:
  pocket-docker restart -t 1 web

EXIT STATUS
  0, 125 when a container could not be started again (the others are) and for a wrong use.
`

func cmdRestart(c *call) error {
	var o container.StopOptions
	flags := c.flagSet()
	stopFlags(flags, &o)
	if err := c.parse(flags, 1, -1, "CONTAINER"); err != nil {
		return err
	}
	return c.eachContainer(flags.Args(), func(e *container.Engine, name string) error {
		warnings, err := e.Restart(context.Background(), name, o)
		for _, w := range warnings {
			c.warn("%s", w)
		}
		return err
	})
}
