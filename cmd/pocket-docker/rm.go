package main

import (
	"context"
	"errors"

	"pocket/runtime/container"
	"pocket/runtime/state"
)

const rmUsage = `pocket-docker rm [flags] CONTAINER…

Removes containers with their logs and all that they wrote. Each is named by its name, its id or the
beginning of one; the names of those removed are shown.

  -f, --force     end a running container first; one that does not exist is no error
  -v, --volumes   remove the volumes too that were made for it alone; those with a name stay

Example:
  pocket-docker rm -f web 4f1c

EXIT STATUS
  0, 125 when a container could not be removed (the others are) and for a wrong use.
`

func cmdRm(c *call) error {
	var force, volumes bool
	flags := c.flagSet()
	flags.BoolVarP(&force, "force", "f", false, "")
	flags.BoolVarP(&volumes, "volumes", "v", false, "")
	if err := c.parse(flags, 1, -1, "CONTAINER"); err != nil {
		return err
	}
	return c.eachContainer(flags.Args(), func(e *container.Engine, name string) error {
		err := e.Remove(context.Background(), name, force, volumes)
		if force && errors.Is(err, state.ErrNotFound) {
			return errSilent
		}
		return err
	})
}
