package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"pocket/runtime/container"
	"pocket/runtime/hint"
)

const logsUsage = `pocket-docker logs [flags] CONTAINER

Shows what a container's program wrote: its standard output on standard output, its standard error on
standard error, byte for byte. CONTAINER is a name, an id or the beginning of one. Of a long log the end
is kept, by default the last 20 to 30 MiB (run --log-opt); when the beginning is gone, a line on standard
error says so.

  -f, --follow       go on with what is written until the container has ended, restarts included
  -n, --tail N       only the last N lines (all)
  -t, --timestamps   the time before each line
      --since TIME   only what is not older: 2026-01-02T15:04:05Z, seconds since 1970, or 10m for ten
                     minutes ago
      --until TIME   only what is not newer
      --details      accepted, as docker has it; there are no further details to show

Example:
  pocket-docker logs -f --tail 20 -t web

EXIT STATUS
  0, 125 when there is no such container or it keeps no log (--log-driver none) and for a wrong use.
`

func cmdLogs(c *call) error {
	q := container.Query{Tail: -1}
	var times, follow bool
	flags := c.flagSet()
	flags.BoolVarP(&follow, "follow", "f", false, "")
	flags.VarP(tailFlag(&q.Tail), "tail", "n", "")
	flags.BoolVarP(&times, "timestamps", "t", false, "")
	flags.Var(timeFlag(&q.Since), "since", "")
	flags.Var(timeFlag(&q.Until), "until", "")
	flags.Bool("details", false, "")
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
	if cfg, err := container.ConfigOf(found); err == nil && cfg.Log.Driver == container.NoLog {
		return hint.With(fmt.Errorf("container %s keeps no log: it was made with --log-driver none", found.Name),
			"pocket-docker attach shows what it writes from now on")
	}
	p := &logPrinter{out: bufio.NewWriter(c.stdout), errs: bufio.NewWriter(c.stderr), times: times,
		inside: map[container.Stream]bool{}}
	if follow {
		err = e.FollowLog(context.Background(), found.ID, q, p.record, p.flush)
	} else {
		err = container.ReadLog(e.Folder(found.ID), q, p.record)
	}
	if flushErr := p.flush(); err == nil {
		err = flushErr
	}
	return err
}

// logPrinter writes records as the program wrote them.
type logPrinter struct {
	out, errs *bufio.Writer
	times     bool
	inside    map[container.Stream]bool // the stream's last record was a part of a line
}

func (p *logPrinter) record(r container.Record) error {
	to, other := p.out, p.errs
	if r.Stream != container.Stdout {
		to, other = p.errs, p.out
	}
	// Where both streams go to one terminal, their lines must come in order.
	if err := other.Flush(); err != nil {
		return err
	}
	if p.times && !p.inside[r.Stream] {
		to.WriteString(r.Time.UTC().Format("2006-01-02T15:04:05.000000000Z "))
	}
	if r.Stream == container.Notice {
		to.WriteString("pocket-docker: ")
	}
	p.inside[r.Stream] = !r.Whole
	_, err := to.Write(r.Text)
	if r.Whole {
		err = to.WriteByte('\n')
	}
	return err
}

func (p *logPrinter) flush() error { return cmp.Or(p.out.Flush(), p.errs.Flush()) }

func tailFlag(to *int) *value {
	return &value{text: "all", kind: "number", set: func(s string) error {
		if s == "all" {
			*to = -1
			return nil
		}
		n, err := strconv.ParseInt(s, 10, 32)
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
		if at, ok := unixTime(s); ok {
			*to = at
			return nil
		}
		if ago, err := time.ParseDuration(s); err == nil {
			*to = time.Now().Add(-ago)
			return nil
		}
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02"} {
			if at, err := time.ParseInLocation(layout, s, time.Local); err == nil {
				*to = at
				return nil
			}
		}
		return fmt.Errorf("%q is not a time (write for example 2026-01-02T15:04:05Z, or 10m for ten minutes ago)", s)
	}}
}

// unixTime reads seconds since 1970, with up to nine digits after a point.
func unixTime(s string) (time.Time, bool) {
	whole, part, _ := strings.Cut(s, ".")
	seconds, err := strconv.ParseUint(whole, 10, 33)
	if err != nil || len(part) > 9 {
		return time.Time{}, false
	}
	nanos, err := strconv.ParseUint((part + "000000000")[:9], 10, 32)
	return time.Unix(int64(seconds), int64(nanos)), err == nil
}
