package main

import (
	"bufio"
	"fmt"
	"strconv"
	"time"

	"pocket/runtime/container"
)

const logsUsage = `pocket-docker logs [flags] CONTAINER

Shows what a container's program wrote: its standard output on standard output, its standard error on
standard error. CONTAINER is a name, an id or the beginning of one. Of a long log the last 20 to 30 MiB
are kept; when the beginning is gone, a line on standard error says so.

  -n, --tail N       only the last N lines (all)
  -t, --timestamps   the time before each line
      --since TIME   only what is not older: 2026-01-02T15:04:05Z, or 10m for ten minutes ago
      --until TIME   only what is not newer

Example:
  pocket-docker logs --tail 20 -t web

EXIT STATUS
  0, 1 when there is no such container, 125 for a wrong use.
`

func cmdLogs(c *call) error {
	q := container.Query{Tail: -1}
	var times bool
	flags := c.flagSet()
	flags.VarP(tailFlag(&q.Tail), "tail", "n", "")
	flags.BoolVarP(&times, "timestamps", "t", false, "")
	flags.Var(timeFlag(&q.Since), "since", "")
	flags.Var(timeFlag(&q.Until), "until", "")
	if err := c.parse(flags, 1, 1, "CONTAINER"); err != nil {
		return err
	}
	e, err := open()
	if err != nil {
		return err
	}
	defer e.DB.Close()
	found, err := e.Find(flags.Arg(0))
	if err != nil {
		return err
	}
	return c.copyLog(e.Folder(found.ID), q, times)
}

func (c *call) copyLog(dir string, q container.Query, times bool) error {
	out, errs := bufio.NewWriter(c.stdout), bufio.NewWriter(c.stderr)
	inside := map[container.Stream]bool{}
	err := container.ReadLog(dir, q, func(r container.Record) error {
		to, other := out, errs
		if r.Stream != container.Stdout {
			to, other = errs, out
		}
		// Where both streams go to one terminal, their lines must come in order.
		if err := other.Flush(); err != nil {
			return err
		}
		if times && !inside[r.Stream] {
			to.WriteString(r.Time.UTC().Format("2006-01-02T15:04:05.000000000Z "))
		}
		if r.Stream == container.Notice {
			to.WriteString("pocket-docker: ")
		}
		inside[r.Stream] = !r.Whole
		_, err := to.Write(r.Text)
		if r.Whole {
			err = to.WriteByte('\n')
		}
		return err
	})
	for _, w := range []*bufio.Writer{out, errs} {
		if flushErr := w.Flush(); err == nil {
			err = flushErr
		}
	}
	return err
}

func tailFlag(to *int) *value {
	return &value{text: "all", kind: "number", set: func(s string) error {
		if s == "all" {
			*to = -1
			return nil
		}
		n, err := strconv.ParseUint(s, 10, 31)
		if err != nil {
			return fmt.Errorf("%q is not a number of lines", s)
		}
		*to = int(n)
		return nil
	}}
}

// timeFlag reads a time, or how long ago it was.
func timeFlag(to *time.Time) *value {
	return &value{kind: "time", set: func(s string) error {
		if ago, err := time.ParseDuration(s); err == nil {
			*to = time.Now().Add(-ago)
			return nil
		}
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02"} {
			if at, err := time.ParseInLocation(layout, s, time.Local); err == nil {
				*to = at
				return nil
			}
		}
		return fmt.Errorf("%q is not a time (write for example 2026-01-02T15:04:05Z, or 10m for ten minutes ago)", s)
	}}
}
