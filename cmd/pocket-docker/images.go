package main

import (
	"encoding/json"
	"strings"
	"time"

	"pocket/runtime/image"
	"pocket/runtime/resource"
)

const imagesUsage = `pocket-docker images [flags]

Lists the stored root filesystems, the newest first.

  -q, --quiet      digests only
      --no-trunc   do not shorten digests
      --json       one object a line

Example:
  pocket-docker images

EXIT STATUS
  0, 1 for an error, 125 for a wrong use.
`

var imageColumns = []column{
	{"Name", "NAME"}, {"Digest", "DIGEST"}, {"Kind", "KIND"}, {"Size", "SIZE"}, {"Created", "CREATED"},
	{"Source", "SOURCE"}, {"Remark", "REMARK"},
}

func cmdImages(c *call) error {
	var quiet, noTrunc, asJSON bool
	flags := c.flagSet()
	flags.BoolVarP(&quiet, "quiet", "q", false, "")
	flags.BoolVar(&noTrunc, "no-trunc", false, "")
	flags.BoolVar(&asJSON, "json", false, "")
	if err := c.parse(flags, 0, 0, ""); err != nil {
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
	if asJSON {
		return c.imagesJSON(list)
	}
	t := columnsOf("Name", "Digest", "Size", "Created", "Source")
	if quiet {
		t = &template{parts: []string{"", "Digest", ""}}
	}
	now := time.Now()
	return writeRows(c.stdout, t, imageColumns, len(list), func(i int, field string) string {
		return imageValue(list[i], field, noTrunc, now)
	})
}

func imageValue(i image.Image, field string, noTrunc bool, now time.Time) string {
	switch field {
	case "Name":
		return oneLine(i.Name)
	case "Digest":
		digest := strings.TrimPrefix(i.Digest, "sha256:")
		if noTrunc || len(digest) < 12 {
			return i.Digest
		}
		return digest[:12]
	case "Kind":
		return string(i.Kind)
	case "Size":
		return i.Size.Human()
	case "Created":
		return ago(now.Sub(i.Created)) + " ago"
	case "Source":
		return oneLine(i.Source)
	}
	return oneLine(i.Remark)
}

func (c *call) imagesJSON(list []image.Image) error {
	out := json.NewEncoder(c.stdout)
	for _, i := range list {
		err := out.Encode(struct {
			Name    string        `json:"name"`
			Digest  string        `json:"digest"`
			Kind    string        `json:"kind"`
			Size    resource.Size `json:"size"`
			Created time.Time     `json:"created"`
			Source  string        `json:"source"`
			Remark  string        `json:"remark,omitempty"`
		}{i.Name, i.Digest, string(i.Kind), i.Size, i.Created, i.Source, i.Remark})
		if err != nil {
			return err
		}
	}
	return nil
}
