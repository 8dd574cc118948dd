package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"pocket/runtime/container"
	"pocket/runtime/resource"
	"pocket/runtime/state"
)

const statsUsage = `pocket-docker stats [flags] [CONTAINER…]

Shows what running containers use, again every second; without CONTAINER, of all that run. Each monitor is
asked for the figures of its control groups; where there are none it reads those of the processes. What is
not known at all is shown as --.

  -a, --all             also those that do not run
      --no-stream       show it once
      --no-trunc        do not shorten ids
      --format FORMAT   table, json (an object a line), or fields: '{{.Name}} {{.CPUPerc}}'; fields are
                        Container ID Name CPUPerc MemUsage MemPerc NetIO BlockIO PIDs

CPU % is of one processor: 200% is two. MEM USAGE leaves out the page cache that is easily given up. NET
I/O is that of a network of its own, BLOCK I/O what reached block devices.

Example:
  pocket-docker stats --no-stream --format '{{.Name}} {{.MemUsage}}'

EXIT STATUS
  0, 125 when there is no such container and for a wrong use.
`

var statsColumns = []column{
	{"Container", "CONTAINER"}, {"ID", "CONTAINER ID"}, {"Name", "NAME"}, {"CPUPerc", "CPU %"},
	{"MemUsage", "MEM USAGE / LIMIT"}, {"MemPerc", "MEM %"}, {"NetIO", "NET I/O"}, {"BlockIO", "BLOCK I/O"},
	{"PIDs", "PIDS"},
}

// statsOptions is the command line of stats.
type statsOptions struct {
	all, once, noTrunc bool
	format             string
	refs               []string
}

const (
	statsPause  = time.Second            // between two looks
	statsFirst  = 250 * time.Millisecond // before the first, for a share of processor time
	statsAnswer = 2 * time.Second        // how long a monitor is waited for
)

func cmdStats(c *call) error {
	var o statsOptions
	flags := c.flagSet()
	flags.BoolVarP(&o.all, "all", "a", false, "")
	flags.BoolVar(&o.once, "no-stream", false, "")
	flags.BoolVar(&o.noTrunc, "no-trunc", false, "")
	flags.StringVar(&o.format, "format", "table", "")
	if err := c.parse(flags, 0, -1, ""); err != nil {
		return err
	}
	o.refs = flags.Args()
	t := columnsOf("ID", "Name", "CPUPerc", "MemUsage", "MemPerc", "NetIO", "BlockIO", "PIDs")
	if o.format != "table" && !o.json() {
		var err error
		if t, err = parseTemplate(o.format, statsColumns); err != nil {
			return usageError{err}
		}
	}
	e, err := open()
	if err != nil {
		return err
	}
	defer e.DB.Close()
	return c.watchStats(newStatsBoard(e), &o, t)
}

func (o *statsOptions) json() bool { return o.format == "json" || o.format == "{{json .}}" }

func (c *call) watchStats(b *statsBoard, o *statsOptions, t *template) error {
	if _, err := b.look(o); err != nil {
		return err
	}
	time.Sleep(statsFirst)
	live := isTerminal(c.stdout) && !o.once
	for {
		rows, err := b.look(o)
		if err != nil {
			return err
		}
		var text strings.Builder
		if live {
			text.WriteString("\x1b[H\x1b[2J") // home, and clear what is there (console_codes(4))
		}
		if err := writeStats(&text, rows, o, t); err != nil {
			return err
		}
		if _, err := io.WriteString(c.stdout, text.String()); err != nil || o.once {
			return err
		}
		time.Sleep(statsPause)
	}
}

func writeStats(w io.Writer, rows []statsRow, o *statsOptions, t *template) error {
	if !o.json() {
		return writeRows(w, t, statsColumns, len(rows), func(i int, field string) string { return rows[i].value(field, o.noTrunc) })
	}
	out := json.NewEncoder(w)
	for _, r := range rows {
		object := map[string]string{}
		for _, col := range statsColumns {
			object[col.field] = r.value(col.field, o.noTrunc)
		}
		if err := out.Encode(object); err != nil {
			return err
		}
	}
	return nil
}

// statsRow is what one container uses; a Stats of the zero time is of one that did not answer.
type statsRow struct {
	state.Container
	ref     string
	now     resource.Stats
	cpu     float64 // percent of one processor
	counted bool    // cpu is known
	traffic container.Traffic
	online  bool // traffic is known
}

func (r statsRow) value(field string, noTrunc bool) string {
	switch field {
	case "Container":
		return r.ref
	case "ID":
		if noTrunc {
			return r.ID
		}
		return r.Short()
	case "Name":
		return r.Name
	case "CPUPerc":
		if r.counted {
			return fmt.Sprintf("%.2f%%", r.cpu)
		}
	case "MemUsage":
		return bytesText(r.now.Memory) + " / " + bytesText(r.now.MemoryLimit)
	case "MemPerc":
		if limit := r.now.MemoryLimit; r.now.Memory.Known() && limit.Known() && limit.Value > 0 {
			return fmt.Sprintf("%.2f%%", 100*float64(r.now.Memory.Value)/float64(limit.Value))
		}
	case "NetIO":
		if r.online {
			return resource.Size(r.traffic.Received).Human() + " / " + resource.Size(r.traffic.Sent).Human()
		}
	case "BlockIO":
		return bytesText(r.now.BlockRead) + " / " + bytesText(r.now.BlockWritten)
	case "PIDs":
		if r.now.Processes.Known() {
			return fmt.Sprint(r.now.Processes.Value)
		}
	}
	return "--"
}

func bytesText(r resource.Reading) string {
	if !r.Known() {
		return "--"
	}
	return resource.Size(r.Value).Human()
}
