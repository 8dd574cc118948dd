package main

import (
	"encoding/json"
	"fmt"

	"pocket/runtime/image"
	"pocket/runtime/resource"
)

const systemUsage = `pocket-docker system df [flags]
pocket-docker system prune [flags]
pocket-docker system info [flags]

df shows what images, containers and volumes occupy, and what of it could be freed by removing those that
are not in use. Layers that several images share count once. prune and info are the same as pocket-docker
prune and pocket-docker info.

  --format TEMPLATE   table, json (an object a line, with docker's names), or fields: {{.Type}}
                      {{.TotalCount}} {{.Active}} {{.Size}} {{.Reclaimable}}
  --json              an object a line with names of our own: sizes are bytes

Example:
  pocket-docker system df

EXIT STATUS
  0, 125 for an error and for a wrong use.
`

var systemColumns = []column{
	{"Type", "TYPE"}, {"TotalCount", "TOTAL"}, {"Active", "ACTIVE"}, {"Size", "SIZE"}, {"Reclaimable", "RECLAIMABLE"},
}

func cmdSystem(c *call) error {
	if len(c.args) > 0 && (c.args[0] == "prune" || c.args[0] == "info") {
		c.command, _ = find(c.args[0])
		c.args = c.args[1:]
		return c.run(c)
	}
	if len(c.args) > 0 && c.args[0] == "df" {
		c.args = c.args[1:]
	} else if !c.wantsHelp() {
		return usagef("system: df, prune or info is needed (pocket-docker help system)")
	}
	var format string
	var asJSON bool
	flags := c.flagSet()
	flags.StringVar(&format, "format", "table", "")
	flags.BoolVar(&asJSON, "json", false, "")
	if err := c.parse(flags, 0, 0, ""); err != nil {
		return err
	}
	t := columnsOf("Type", "TotalCount", "Active", "Size", "Reclaimable")
	switch {
	case isJSON(format):
		t = nil
	case format != "table":
		var err error
		if t, err = parseTemplate(format, systemColumns); err != nil {
			return usagef("system df: %w", err)
		}
	}
	return c.diskUsage(t, asJSON)
}

// wantsHelp tells if only the usage, or the flags, are asked for.
func (c *call) wantsHelp() bool {
	return c.probe || len(c.args) == 1 && (c.args[0] == "-h" || c.args[0] == "--help")
}

// diskUsage shows what the template asks for, or objects of everything where it is nil.
func (c *call) diskUsage(t *template, asJSON bool) error {
	e, err := open()
	if err != nil {
		return err
	}
	defer e.DB.Close()
	disk, err := e.DiskUsage()
	if err != nil {
		return err
	}
	kinds, list := []string{"Images", "Containers", "Local Volumes"}, []image.Usage{disk.Images, disk.Containers, disk.Volumes}
	if asJSON {
		out := json.NewEncoder(c.stdout)
		for i, u := range list {
			err := out.Encode(struct {
				Type        string        `json:"type"`
				Count       int           `json:"count"`
				Active      int           `json:"active"`
				Size        resource.Size `json:"size"`
				Reclaimable resource.Size `json:"reclaimable"`
			}{kinds[i], u.Count, u.Active, u.Size, u.Reclaimable})
			if err != nil {
				return err
			}
		}
		return nil
	}
	value := func(i int, field string) string { return usageValue(kinds[i], list[i], field) }
	if t == nil {
		return writeObjects(c.stdout, systemColumns, len(list), value)
	}
	return writeRows(c.stdout, t, systemColumns, len(list), value)
}

func usageValue(kind string, u image.Usage, field string) string {
	switch field {
	case "Type":
		return kind
	case "TotalCount":
		return fmt.Sprint(u.Count)
	case "Active":
		return fmt.Sprint(u.Active)
	case "Size":
		return u.Size.Human()
	}
	if u.Size == 0 {
		return u.Reclaimable.Human()
	}
	return fmt.Sprintf("%s (%d%%)", u.Reclaimable.Human(), int64(100*float64(u.Reclaimable)/float64(u.Size)))
}
