package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"pocket/runtime/sandbox"
	"pocket/runtime/state"
)

const psUsage = `pocket-docker ps [flags]

Lists running containers, the newest first.

  -a, --all             those that have ended too
  -q, --quiet           ids only
  -n, --last N          the last N containers, running or not
  -l, --latest          the last container, running or not
      --no-trunc        do not shorten ids and commands
  -f, --filter KEY=TEXT only those whose name or id contains TEXT, or whose status is TEXT
                        (created, running, exited); several of one key: any of them
      --format FORMAT   table, json (an object a line), or fields: '{{.ID}} {{.Names}}', with titles
                        'table {{.ID}}\t{{.Names}}'; fields are ID Image Command CreatedAt
                        RunningFor Status State ExitCode Ports Names

Example:
  pocket-docker ps -a --filter status=exited --format '{{.Names}}: {{.Status}}'

EXIT STATUS
  0, 1 for an error, 125 for a wrong use.
`

var psColumns = []column{
	{"ID", "CONTAINER ID"}, {"Image", "IMAGE"}, {"Command", "COMMAND"}, {"CreatedAt", "CREATED AT"},
	{"RunningFor", "CREATED"}, {"Status", "STATUS"}, {"State", "STATE"}, {"ExitCode", "EXIT CODE"},
	{"Ports", "PORTS"}, {"Names", "NAMES"},
}

// psOptions is the command line of ps.
type psOptions struct {
	all, quiet, latest, noTrunc bool
	last                        int
	filters                     []string
	format                      string
	now                         time.Time
}

func cmdPs(c *call) error {
	o := psOptions{now: time.Now()}
	flags := c.flagSet()
	flags.BoolVarP(&o.all, "all", "a", false, "")
	flags.BoolVarP(&o.quiet, "quiet", "q", false, "")
	flags.VarP(countFlag(&o.last), "last", "n", "")
	flags.BoolVarP(&o.latest, "latest", "l", false, "")
	flags.BoolVar(&o.noTrunc, "no-trunc", false, "")
	flags.StringArrayVarP(&o.filters, "filter", "f", nil, "")
	flags.StringVar(&o.format, "format", "table", "")
	if err := c.parse(flags, 0, 0, ""); err != nil {
		return err
	}
	keep, err := o.filter()
	if err != nil {
		return usageError{err}
	}
	e, err := open()
	if err != nil {
		return err
	}
	defer e.DB.Close()
	// What cannot be put right now is no reason to show nothing.
	if _, err := e.Reconcile(); err != nil {
		c.warn("%v", err)
	}
	list, err := e.DB.Containers(true)
	if err != nil {
		return err
	}
	return c.showContainers(o.choose(list, keep), &o)
}

// filter returns whether a container is among those asked for. Filters of one key are alternatives, those
// of different keys must all hold.
func (o *psOptions) filter() (func(state.Container) bool, error) {
	wanted := map[string][]string{}
	for _, f := range o.filters {
		key, text, _ := strings.Cut(f, "=")
		switch {
		case key == "status" && text != string(state.Created) && text != string(state.Running) && text != string(state.Exited):
			return nil, fmt.Errorf("--filter %s: the status is created, running or exited", f)
		case key != "name" && key != "status" && key != "id" || text == "":
			return nil, fmt.Errorf("--filter %q is not name=…, id=… or status=…", f)
		}
		wanted[key] = append(wanted[key], text)
	}
	return func(c state.Container) bool {
		has := map[string]string{"name": c.Name, "id": c.ID, "status": string(c.Status)}
		for key, texts := range wanted {
			found := false
			for _, text := range texts {
				found = found || strings.Contains(has[key], text)
			}
			if !found {
				return false
			}
		}
		return true
	}, nil
}

// choose takes from all containers, newest first, those to be shown. A status that was asked for is
// shown without --all too.
func (o *psOptions) choose(list []state.Container, keep func(state.Container) bool) []state.Container {
	if o.latest {
		o.last = 1
	}
	all := o.all || o.last > 0
	for _, f := range o.filters {
		all = all || strings.HasPrefix(f, "status=")
	}
	var out []state.Container
	for _, c := range list {
		if keep(c) && (all || c.Status == state.Running) {
			out = append(out, c)
		}
	}
	if o.last > 0 && len(out) > o.last {
		out = out[:o.last]
	}
	return out
}

func (c *call) showContainers(list []state.Container, o *psOptions) error {
	if o.quiet {
		o.format = "{{.ID}}"
	}
	if o.format == "json" {
		return c.containersJSON(list, o)
	}
	t := columnsOf("ID", "Image", "Command", "RunningFor", "Status", "Ports", "Names")
	if o.format != "table" {
		var err error
		if t, err = parseTemplate(o.format, psColumns); err != nil {
			return usageError{err}
		}
	}
	return writeRows(c.stdout, t, psColumns, len(list), func(i int, field string) string { return o.value(list[i], field) })
}

func (c *call) containersJSON(list []state.Container, o *psOptions) error {
	out := json.NewEncoder(c.stdout)
	for _, container := range list {
		row := map[string]string{}
		for _, col := range psColumns {
			row[col.field] = o.value(container, col.field)
		}
		if err := out.Encode(row); err != nil {
			return err
		}
	}
	return nil
}

// value is what a field shows of a container.
func (o *psOptions) value(c state.Container, field string) string {
	switch field {
	case "ID":
		if o.noTrunc {
			return c.ID
		}
		return c.Short()
	case "Image":
		return oneLine(c.Image)
	case "Command":
		text := oneLine(strings.Join(c.Command, " "))
		if !o.noTrunc {
			text = cut(text, 20)
		}
		return `"` + text + `"`
	case "CreatedAt":
		return c.Created.Local().Format("2006-01-02 15:04:05 -0700 MST")
	case "RunningFor":
		return ago(o.now.Sub(c.Created)) + " ago"
	case "Status":
		return statusText(c, o.now)
	case "State":
		return string(c.Status)
	case "ExitCode":
		if c.Exit != nil {
			return strconv.Itoa(c.Exit.Code)
		}
	case "Names":
		return c.Name
	}
	return ""
}

// statusText says it as docker does: "Up 5 seconds", "Exited (0) 3 minutes ago".
func statusText(c state.Container, now time.Time) string {
	switch {
	case c.Status == state.Running:
		return "Up " + ago(now.Sub(c.Started))
	case c.Exit == nil:
		return "Created"
	}
	text := fmt.Sprintf("Exited (%d) %s ago", c.Exit.Code, ago(now.Sub(c.Exit.Finished)))
	if why := limitPassed(c.Exit.Reason, c.Exit.OOM == state.OOMTrue); why != "" {
		text += " (" + why + ")"
	}
	return text
}

// limitPassed says for people which limit ended a container; "" when none did.
func limitPassed(reason string, oom bool) string {
	switch {
	case oom || reason == string(sandbox.OverMemory):
		return "out of memory"
	case reason == string(sandbox.OverWall):
		return "timeout"
	case reason == string(sandbox.OverCPU):
		return "CPU time"
	}
	return ""
}

// spans are the units of ago: the text below two of a unit, and its name for more.
var spans = []struct {
	unit      time.Duration
	one, many string
}{
	{365 * 24 * time.Hour, "1 year", "years"}, {30 * 24 * time.Hour, "1 month", "months"},
	{7 * 24 * time.Hour, "1 week", "weeks"}, {24 * time.Hour, "1 day", "days"},
	{time.Hour, "About an hour", "hours"}, {time.Minute, "About a minute", "minutes"},
	{time.Second, "1 second", "seconds"},
}

// ago writes a time span in words, as docker does.
func ago(d time.Duration) string {
	for _, s := range spans {
		if n := d / s.unit; n > 1 {
			return fmt.Sprintf("%d %s", n, s.many)
		} else if n == 1 {
			return s.one
		}
	}
	return "Less than a second"
}
