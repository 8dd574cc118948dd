package main

import (
	"fmt"

	"pocket/runtime/container"
)

const waitUsage = `pocket-docker wait CONTAINER…

Waits for each container, in turn, until it does not run, and shows its exit status on a line. For one that
has ended already that is the last one's, for one that was never started 0.

Example:
  pocket-docker wait $(pocket-docker run -d host sleep 5)

EXIT STATUS
  0, 125 when there is no such container (the others are waited for) and for a wrong use.
`

func cmdWait(c *call) error {
	flags := c.flagSet()
	if err := c.parse(flags, 1, -1, "CONTAINER"); err != nil {
		return err
	}
	return c.eachContainer(flags.Args(), func(e *container.Engine, name string) error {
		status, err := e.Wait(name)
		if err != nil {
			return err
		}
		fmt.Fprintln(c.stdout, status)
		return errSilent
	})
}
