package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/pflag"

	"pocket/runtime/container"
)

const stopUsage = `pocket-docker stop [flags] CONTAINER…

Asks each container's program to end, by its stop signal, waits, and kills it if it has not. A container
that has already ended is no error. A restart policy does not start it again. The names are shown.

  -t, --time, --timeout SECONDS   how long to wait before killing (what the container was made with, or 10);
                                  0 kills at once, -1 waits for ever
  -s, --signal SIGNAL             in place of the container's stop signal

Example:
  pocket-docker stop --time 3 web

EXIT STATUS
  0, 125 when a container could not be stopped (the others are) and for a wrong use.
`

func cmdStop(c *call) error {
	var o container.StopOptions
	flags := c.flagSet()
	stopFlags(flags, &o)
	if err := c.parse(flags, 1, -1, "CONTAINER"); err != nil {
		return err
	}
	return c.eachContainer(flags.Args(), func(e *container.Engine, name string) error {
		return e.Stop(context.Background(), name, o)
	})
}

// stopFlags are the flags of stop and restart.
func stopFlags(flags *pflag.FlagSet, o *container.StopOptions) {
	timeout := secondsFlag(&o.Timeout)
	flags.VarP(timeout, "time", "t", "")
	flags.Var(timeout, "timeout", "")
	flags.VarP(signalFlag(&o.Signal), "signal", "s", "")
}

// secondsFlag reads a number of seconds; -1 is for ever.
func secondsFlag(to **time.Duration) *value {
	return &value{kind: "seconds", set: func(s string) error {
		n, err := strconv.ParseInt(s, 10, 32)
		if err != nil || n < -1 {
			return fmt.Errorf("%q is not a number of seconds (0 or more, or -1 for no end)", s)
		}
		d := time.Duration(n) * time.Second
		*to = &d
		return nil
	}}
}
