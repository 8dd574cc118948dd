package main

import (
	"context"
	"fmt"
)

const bootUsage = `pocket-docker boot

Starts the containers that are to run whenever the machine does: those made with --restart always, and
with unless-stopped but for those that were stopped by hand. What runs already is left alone. It is meant
to be run once when the machine has started; pocket-docker doctor --install-boot shows how to have that
done. The names of the containers that were started are shown.

Example:
  pocket-docker boot

EXIT STATUS
  0, 125 when a container could not be started (the others are) and for a wrong use.
`

func cmdBoot(c *call) error {
	flags := c.flagSet()
	if err := c.parse(flags, 0, 0, ""); err != nil {
		return err
	}
	e, err := open()
	if err != nil {
		return err
	}
	defer e.DB.Close()
	started, err := e.Boot(context.Background())
	for _, container := range started {
		fmt.Fprintln(c.stdout, container.Name)
	}
	return err
}
