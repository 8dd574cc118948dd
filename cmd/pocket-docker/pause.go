package main

import "pocket/runtime/container"

const pauseUsage = `pocket-docker pause CONTAINER…

Stops all processes of running containers where they are, until unpause, by the control group's freezer
or, where there is none, by SIGSTOP to each. The names are shown.

Example:
  pocket-docker pause web

EXIT STATUS
  0, 125 when a container does not run or is paused already (the others are paused) and for a wrong use.
`

const unpauseUsage = `pocket-docker unpause CONTAINER…

Lets all processes of paused containers go on. The names are shown.

Example:
  pocket-docker unpause web

EXIT STATUS
  0, 125 when a container is not paused (the others go on) and for a wrong use.
`

func cmdPause(c *call) error { return c.cmdFreeze((*container.Engine).Pause) }

func cmdUnpause(c *call) error { return c.cmdFreeze((*container.Engine).Unpause) }

func (c *call) cmdFreeze(do func(e *container.Engine, name string) error) error {
	flags := c.flagSet()
	if err := c.parse(flags, 1, -1, "CONTAINER"); err != nil {
		return err
	}
	return c.eachContainer(flags.Args(), do)
}
