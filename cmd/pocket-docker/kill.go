package main

import "pocket/runtime/container"

const killUsage = `pocket-docker kill [flags] CONTAINER…

Sends a signal to the program of each running container; SIGKILL goes to everything in it. After SIGKILL,
or its stop signal, a restart policy does not start it again. The names are shown.

  -s, --signal SIGNAL   KILL by default; a name with or without SIG, a number, or RTMIN+3

Example:
  pocket-docker kill -s HUP web

EXIT STATUS
  0, 125 when a container does not run or is not there (the others got the signal) and for a wrong use.
`

func cmdKill(c *call) error {
	signal, _ := parseSignal("KILL")
	flags := c.flagSet()
	flags.VarP(signalFlag(&signal), "signal", "s", "")
	if err := c.parse(flags, 1, -1, "CONTAINER"); err != nil {
		return err
	}
	return c.eachContainer(flags.Args(), func(e *container.Engine, name string) error { return e.Kill(name, signal) })
}
