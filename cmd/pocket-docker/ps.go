package main

import (
	"slices"
	"strings"
	"time"

	"pocket/runtime/container"
	"pocket/runtime/state"
)

const psUsage = `pocket-docker ps [flags]

Lists running containers, the newest first; one that is paused or waits for its restart counts as running.

  -a, --all             those that have ended or were never started too
  -q, --quiet           ids only
  -n, --last N          the last N containers, running or not
  -l, --latest          the last container, running or not
  -s, --size            what each has written to its root filesystem, and what its image has
      --no-trunc        do not shorten ids and commands
  -f, --filter KEY=TEXT only some; several of one key: any of them, of different keys: all must hold
      --format FORMAT   table, json (an object a line), or fields: '{{.ID}} {{.Names}}', with titles
                        'table {{.ID}}\t{{.Names}}'; fields are ID Image Command CreatedAt RunningFor
                        Status State ExitCode Health Ports Names Labels Networks Mounts LocalVolumes
                        Size, and {{.Label "NAME"}}
      --json            the same as --format json

What can be filtered by
  id, name              a part of it; ^ and $ stand for its beginning and end
  label=NAME[=VALUE]    it has the label
  status                created, running, paused, restarting, exited, removing or dead
  exited=N              it has ended with this exit status
  ancestor=IMAGE        it was made from this image, by name or id
  health                starting, healthy, unhealthy or none
  volume=PATH           this is mounted: a volume's name, a path of the host or one inside
  network               none, host, … as --network was
  before=, since=       made before or after another container

STATUS is what docker says, and why: "Exited (137) 2 minutes ago (out of memory)".

Example:
  pocket-docker ps -a --filter status=exited --format '{{.Names}}: {{.Status}}'

EXIT STATUS
  0, 125 for an error and for a wrong use.
`

var psColumns = []column{
	{"ID", "CONTAINER ID"}, {"Image", "IMAGE"}, {"Command", "COMMAND"}, {"CreatedAt", "CREATED AT"},
	{"RunningFor", "CREATED"}, {"Status", "STATUS"}, {"State", "STATE"}, {"ExitCode", "EXIT CODE"},
	{"Health", "HEALTH"}, {"Ports", "PORTS"}, {"Names", "NAMES"}, {"Labels", "LABELS"},
	{"Networks", "NETWORKS"}, {"Mounts", "MOUNTS"}, {"LocalVolumes", "LOCAL VOLUMES"}, {"Size", "SIZE"},
}

// psOptions is the command line of ps.
type psOptions struct {
	all, quiet, latest, noTrunc, size, asJSON bool
	last                                      int
	filters                                   []string
	format                                    string
	now                                       time.Time
}

func cmdPs(c *call) error {
	o := psOptions{now: time.Now()}
	flags := c.flagSet()
	flags.BoolVarP(&o.all, "all", "a", false, "")
	flags.BoolVarP(&o.quiet, "quiet", "q", false, "")
	flags.VarP(countFlag(&o.last), "last", "n", "")
	flags.BoolVarP(&o.latest, "latest", "l", false, "")
	flags.BoolVarP(&o.size, "size", "s", false, "")
	flags.BoolVar(&o.noTrunc, "no-trunc", false, "")
	flags.StringArrayVarP(&o.filters, "filter", "f", nil, "")
	flags.StringVar(&o.format, "format", "table", "")
	flags.BoolVar(&o.asJSON, "json", false, "")
	if err := c.parse(flags, 0, 0, ""); err != nil {
		return err
	}
	filters, err := parseFilters(o.filters)
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
	rows := make([]psRow, len(list))
	for i, one := range list {
		rows[i] = newRow(e, one)
	}
	if rows, err = filters.choose(e, rows); err != nil {
		return err
	}
	return c.showContainers(o.choose(rows), &o)
}

// choose takes from the rows, newest first, those to be shown. A status that was asked for is shown
// without --all too.
func (o *psOptions) choose(rows []psRow) []psRow {
	if o.latest {
		o.last = 1
	}
	all := o.all || o.last > 0
	for _, f := range o.filters {
		all = all || strings.HasPrefix(f, "status=")
	}
	var out []psRow
	for _, r := range rows {
		if all || r.Status.Live() {
			out = append(out, r)
		}
	}
	if o.last > 0 && len(out) > o.last {
		out = out[:o.last]
	}
	return out
}

func (c *call) showContainers(rows []psRow, o *psOptions) error {
	if o.quiet {
		o.format = "{{.ID}}"
	}
	value := func(i int, field string) string { return o.value(&rows[i], field) }
	if o.asJSON || isJSON(o.format) {
		shown := slices.DeleteFunc(slices.Clone(psColumns), func(c column) bool { return c.field == "Size" && !o.size })
		return writeObjects(c.stdout, shown, len(rows), value)
	}
	fields := []string{"ID", "Image", "Command", "RunningFor", "Status", "Ports", "Names"}
	if o.size {
		fields = append(fields, "Size")
	}
	t := columnsOf(fields...)
	if o.format != "table" {
		var err error
		if t, err = parseTemplate(o.format, psColumns); err != nil {
			return usageError{err}
		}
	}
	return writeRows(c.stdout, t, psColumns, len(rows), value)
}

// psRow is a container with what ps may show of it beside its record.
type psRow struct {
	state.Container
	cfg    container.Config // zero where the record has none
	engine *container.Engine
}

func newRow(e *container.Engine, c state.Container) psRow {
	r := psRow{Container: c, engine: e}
	// A record that cannot be read is shown without what would be in it.
	if cfg, err := container.ConfigOf(c); err == nil {
		r.cfg = cfg
	}
	return r
}
