package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"
)

const stopUsage = `pocket-docker stop [flags] CONTAINER…

Asks each container's program to end (SIGTERM), waits, and kills it if it has not. A container that has
already ended is no error. The names are shown.

  -t, --time SECONDS   how long to wait before killing (10); 0 kills at once

Example:
  pocket-docker stop --time 3 web

EXIT STATUS
  0, 1 when a container could not be stopped (the others are), 125 for a wrong use.
`

func cmdStop(c *call) error {
	patience := 10 * time.Second
	flags := c.flagSet()
	flags.VarP(secondsFlag(&patience), "time", "t", "")
	if err := c.parse(flags, 1, -1, "CONTAINER"); err != nil {
		return err
	}
	e, err := open()
	if err != nil {
		return err
	}
	defer e.DB.Close()
	var all []error
	for _, name := range flags.Args() {
		if err := e.Stop(context.Background(), name, patience); err != nil {
			all = append(all, err)
			continue
		}
		fmt.Fprintln(c.stdout, name)
	}
	return errors.Join(all...)
}

func secondsFlag(to *time.Duration) *value {
	return &value{text: "10", kind: "seconds", set: func(s string) error {
		n, err := strconv.ParseUint(s, 10, 31)
		if err != nil {
			return fmt.Errorf("%q is not a number of seconds", s)
		}
		*to = time.Duration(n) * time.Second
		return nil
	}}
}
