package main

import (
	"cmp"
	"encoding/json"
	"strings"
	"time"

	"pocket/runtime/image"
	"pocket/runtime/resource"
)

const imagesUsage = `pocket-docker images [flags] [NAME[:TAG]]

Lists the stored images and root filesystems, the newest first; with NAME those of that name, in which * and ?
stand for any letters. One that has lost its name to another is shown as <none>.

  -a, --all        as without it: nothing is hidden
  -q, --quiet      ids only
      --digests    also the digests by which images were fetched from a registry
      --no-trunc   do not shorten ids
  -f, --filter KEY=VALUE  only those with: dangling=true|false, reference=NAME, label=NAME[=VALUE],
                   before=IMAGE or since=IMAGE
      --format TEMPLATE   table, json (an object a line, with docker's names), or fields such as {{.ID}}
                   {{.Repository}} {{.Tag}} {{.Size}}
      --json       an object a line with names of our own: sizes are bytes, and nothing is shortened

Example:
  pocket-docker images --filter dangling=true -q

EXIT STATUS
  0, 125 for an error and for a wrong use.
`

var imageColumns = []column{
	{"Repository", "REPOSITORY"}, {"Tag", "TAG"}, {"Digest", "DIGEST"}, {"ID", "IMAGE ID"}, {"CreatedSince", "CREATED"},
	{"CreatedAt", "CREATED AT"}, {"Size", "SIZE"}, {"Name", "NAME"}, {"Kind", "KIND"}, {"Architecture", "ARCHITECTURE"},
	{"Source", "SOURCE"}, {"Remark", "REMARK"}, {"Containers", "CONTAINERS"}, {"SharedSize", "SHARED SIZE"},
	{"UniqueSize", "UNIQUE SIZE"}, {"VirtualSize", "VIRTUAL SIZE"},
}

// imagesOptions is what the flags say.
type imagesOptions struct {
	quiet, digests, noTrunc, asJSON bool
	format                          string
	filters                         []string
}

func cmdImages(c *call) error {
	var o imagesOptions
	var all bool
	flags := c.flagSet()
	flags.BoolVarP(&all, "all", "a", false, "")
	flags.BoolVarP(&o.quiet, "quiet", "q", false, "")
	flags.BoolVar(&o.digests, "digests", false, "")
	flags.BoolVar(&o.noTrunc, "no-trunc", false, "")
	flags.StringArrayVarP(&o.filters, "filter", "f", nil, "")
	flags.StringVar(&o.format, "format", "table", "")
	flags.BoolVar(&o.asJSON, "json", false, "")
	if err := c.parse(flags, 0, 1, ""); err != nil {
		return err
	}
	t, err := o.template()
	if err != nil {
		return err
	}
	e, err := open()
	if err != nil {
		return err
	}
	defer e.DB.Close()
	list, err := e.Images.List()
	if err != nil {
		return err
	}
	if name := flags.Arg(0); name != "" {
		o.filters = append(o.filters, "reference="+name)
	}
	if list, err = keepImages(list, o.filters); err != nil {
		return usagef("images: %w", err)
	}
	if o.asJSON {
		return c.imagesJSON(list)
	}
	now := time.Now()
	value := func(i int, field string) string { return imageValue(list[i], field, o.noTrunc, now) }
	if t == nil {
		return writeObjects(c.stdout, imageColumns, len(list), value)
	}
	return writeRows(c.stdout, t, imageColumns, len(list), value)
}

// template is what is shown of each, nil for objects of all.
func (o *imagesOptions) template() (*template, error) {
	switch {
	case o.quiet:
		return &template{parts: []string{"", "ID", ""}}, nil
	case isJSON(o.format):
		return nil, nil
	case o.format != "table":
		t, err := parseTemplate(o.format, imageColumns)
		if err != nil {
			return nil, usagef("images: %w", err)
		}
		return t, nil
	}
	if o.digests {
		return columnsOf("Repository", "Tag", "Digest", "ID", "CreatedSince", "Size"), nil
	}
	return columnsOf("Repository", "Tag", "ID", "CreatedSince", "Size"), nil
}

const none = "<none>"

// imageValue is a field of an image, fit for a terminal.
func imageValue(i image.Image, field string, noTrunc bool, now time.Time) string {
	repository, tag := i.Reference()
	created := i.Created
	if !i.Built.IsZero() {
		created = i.Built
	}
	switch field {
	case "Name":
		return oneLine(i.Name)
	case "Repository":
		return oneLine(cmp.Or(repository, none))
	case "Tag":
		return oneLine(cmp.Or(tag, none))
	case "Digest":
		return cmp.Or(i.Manifest, none)
	case "ID":
		id := strings.TrimPrefix(i.ID, "sha256:")
		if noTrunc || len(id) < 12 {
			return i.ID
		}
		return id[:12]
	case "Kind":
		return string(i.Kind)
	case "Size", "VirtualSize":
		return i.Size.Human()
	case "Containers", "SharedSize", "UniqueSize": // which docker's list does not tell either
		return "N/A"
	case "CreatedSince":
		return ago(now.Sub(created)) + " ago"
	case "CreatedAt":
		return created.Local().Format("2006-01-02 15:04:05 -0700 MST")
	case "Architecture":
		return oneLine(i.Architecture)
	case "Source":
		return oneLine(i.Source)
	}
	return oneLine(i.Remark)
}

func (c *call) imagesJSON(list []image.Image) error {
	out := json.NewEncoder(c.stdout)
	for _, i := range list {
		err := out.Encode(struct {
			Name         string        `json:"name"`
			ID           string        `json:"id"`
			Digest       string        `json:"digest"`
			Manifest     string        `json:"manifest,omitempty"`
			Kind         string        `json:"kind"`
			Architecture string        `json:"architecture,omitempty"`
			Layers       int           `json:"layers"`
			Size         resource.Size `json:"size"`
			Created      time.Time     `json:"created"`
			Source       string        `json:"source"`
			Remark       string        `json:"remark,omitempty"`
		}{i.Name, i.ID, i.Digest, i.Manifest, string(i.Kind), i.Architecture, len(i.Layers), i.Size, i.Created, i.Source, i.Remark})
		if err != nil {
			return err
		}
	}
	return nil
}
