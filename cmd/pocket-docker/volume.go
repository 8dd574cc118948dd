package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"pocket/runtime/container"
	"pocket/runtime/state"
)

const volumeUsage = `pocket-docker volume COMMAND

Volumes are named folders that outlive containers. run -v NAME:PATH makes one where it is missing, with
what the image has at the path; run -v PATH makes one without a name of yours, which goes with its container.

  create [NAME]          make a volume; its name is shown
      --label KEY[=VALUE]    keep this with it
  ls                     list volumes
      -q, --quiet            names only
      --format TEMPLATE      '{{.Name}} {{.Driver}} {{.Mountpoint}} {{.Users}}', or json
      --json                 the same as --format json
  inspect NAME…          show all that is known of volumes, as JSON
  rm NAME…               remove volumes with all that is in them; one that a container was made with is
                         refused, whether that runs or not
      -f, --force            one that does not exist is no error
  prune                  remove the volumes without a name of yours that no container was made with
      -a, --all              those with a name, too
      -f, --force            taken for docker's sake: nothing is asked

Example:
  pocket-docker volume create data && pocket-docker run --rm -v data:/data host ls /data

EXIT STATUS
  0, 125 for an error and for a wrong use.
`

// volumeCall is one invocation of a command of volume's, with the flags of all of them: each defines its own.
type volumeCall struct {
	*call
	labels                  []string
	quiet, force, all, json bool
	format                  string
}

var volumeCommands = []struct {
	name, other string
	flags       string
	least, most int
	do          func(*volumeCall, *container.Engine, []string) error
}{
	{"create", "", "label", 0, 1, (*volumeCall).create},
	{"ls", "list", "quiet format json", 0, 0, (*volumeCall).list},
	{"inspect", "", "", 1, -1, (*volumeCall).inspect},
	{"rm", "remove", "force", 1, -1, (*volumeCall).remove},
	{"prune", "", "force all", 0, 0, (*volumeCall).prune},
}

func cmdVolume(c *call) error {
	v := &volumeCall{call: c}
	if len(c.args) == 0 || strings.HasPrefix(c.args[0], "-") {
		return c.parse(v.flags("label quiet format json force all"), 1, 1, "create, ls, inspect, rm or prune")
	}
	for _, cmd := range volumeCommands {
		if name := c.args[0]; name == cmd.name || name == cmd.other {
			c.args = c.args[1:]
			flags := v.flags(cmd.flags)
			if err := c.parse(flags, cmd.least, cmd.most, "NAME"); err != nil {
				return err
			}
			e, err := open()
			if err != nil {
				return err
			}
			defer e.DB.Close()
			return cmd.do(v, e, flags.Args())
		}
	}
	return usagef("volume: there is no command %q (create, ls, inspect, rm and prune are)", c.args[0])
}

func (v *volumeCall) flags(names string) *pflag.FlagSet {
	flags := v.flagSet()
	for name := range strings.FieldsSeq(names) {
		switch name {
		case "label":
			flags.StringArrayVar(&v.labels, name, nil, "")
		case "quiet":
			flags.BoolVarP(&v.quiet, name, "q", false, "")
		case "format":
			flags.StringVar(&v.format, name, "", "")
		case "json":
			flags.BoolVar(&v.json, name, false, "")
		case "force":
			flags.BoolVarP(&v.force, name, "f", false, "")
		case "all":
			flags.BoolVarP(&v.all, name, "a", false, "")
		}
	}
	return flags
}

func (v *volumeCall) create(e *container.Engine, names []string) error {
	kept := map[string]string{}
	for _, l := range v.labels {
		key, value, _ := strings.Cut(l, "=")
		if key == "" {
			return usagef("volume create: %q is not KEY or KEY=VALUE", l)
		}
		kept[key] = value
	}
	if len(names) == 0 {
		names = []string{state.NewID()}
	}
	if err := e.Volumes().Create(names[0], kept); err != nil {
		return err
	}
	_, err := fmt.Fprintln(v.stdout, names[0])
	return err
}

var volumeColumns = []column{{"Driver", "DRIVER"}, {"Name", "VOLUME NAME"}, {"Mountpoint", "MOUNTPOINT"}, {"Users", "CONTAINERS"}, {"Labels", "LABELS"}}

func (v *volumeCall) list(e *container.Engine, _ []string) error {
	t := columnsOf("Driver", "Name", "Users")
	v.json = v.json || isJSON(v.format)
	switch {
	case v.quiet:
		t = &template{parts: []string{"", "Name", ""}}
	case v.format != "" && v.format != "table" && !v.json:
		var err error
		if t, err = parseTemplate(v.format, volumeColumns); err != nil {
			return usageError{err}
		}
	}
	list, err := e.DB.Volumes()
	if err != nil {
		return err
	}
	if v.json {
		return v.volumesJSON(e, list)
	}
	return writeRows(v.stdout, t, volumeColumns, len(list), func(i int, field string) string { return volumeValue(e, list[i], field) })
}

func volumeValue(e *container.Engine, v state.Volume, field string) string {
	switch field {
	case "Driver":
		return "local"
	case "Name":
		return v.Name
	case "Mountpoint":
		return oneLine(e.Volumes().Path(v.Name))
	case "Users":
		return strings.Join(v.Users, ",")
	}
	var labels []string
	for key, value := range v.Labels {
		labels = append(labels, key+"="+value)
	}
	return oneLine(strings.Join(labels, ","))
}

// volumeShown has docker's names, and beside them the containers that were made with it.
type volumeShown struct {
	Name, Driver, Mountpoint, Scope string
	CreatedAt                       time.Time
	Labels                          map[string]string
	Anonymous                       bool
	Containers                      []string
}

func shownVolume(e *container.Engine, v state.Volume) volumeShown {
	return volumeShown{v.Name, "local", e.Volumes().Path(v.Name), "local", v.Created, v.Labels, v.Anonymous, v.Users}
}

func (c *call) volumesJSON(e *container.Engine, list []state.Volume) error {
	out := json.NewEncoder(c.stdout)
	for _, v := range list {
		if err := out.Encode(shownVolume(e, v)); err != nil {
			return err
		}
	}
	return nil
}

func (v *volumeCall) inspect(e *container.Engine, names []string) error {
	shown, all := []volumeShown{}, []error{}
	for _, name := range names {
		found, err := e.DB.Volume(name)
		if err != nil {
			all = append(all, err)
			continue
		}
		shown = append(shown, shownVolume(e, found))
	}
	out := json.NewEncoder(v.stdout)
	out.SetIndent("", "  ")
	return errors.Join(append(all, out.Encode(shown))...)
}

func (v *volumeCall) remove(e *container.Engine, names []string) error {
	var all []error
	for _, name := range names {
		err := e.Volumes().Remove(name)
		if v.force && errors.Is(err, state.ErrNotFound) {
			continue
		}
		if err != nil {
			all = append(all, err)
			continue
		}
		fmt.Fprintln(v.stdout, name)
	}
	return errors.Join(all...)
}

func (v *volumeCall) prune(e *container.Engine, _ []string) error {
	names, err := e.Volumes().Prune(v.all)
	for _, name := range names {
		fmt.Fprintln(v.stdout, name)
	}
	return err
}
