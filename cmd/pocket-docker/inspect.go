package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"pocket/runtime/container"
	"pocket/runtime/image"
)

const inspectUsage = `pocket-docker inspect [flags] CONTAINER|IMAGE…

Shows all that is known of containers and images, as a JSON array with an object for each, in docker's
names where docker has the thing. Beside those, of a container: Limits, which says of each limit what was
requested, what is enforced and by what; Exits, how its last runs ended and why; and Usage. A name that a
container and an image have means the container.

  -f, --format FORMAT   instead, a line for each: text with fields such as {{.State.Pid}},
                        {{index .Config.Labels "NAME"}} or {{json .HostConfig}}; no other template
                        functions. json is an object a line
  -s, --size            also SizeRw, what a container has written to its root filesystem, in bytes
      --type TYPE       only container, or only image

State.OOMKilled is true or false by the kernel's own count, or null where no counter tells.

Example:
  pocket-docker inspect --format '{{.State.Status}} {{.State.ExitCode}} {{.State.OOMKilled}}' web

EXIT STATUS
  0, 125 when there is no such container or image (the others are shown) and for a wrong use.
`

// inspector finds and shows one thing after the other.
type inspector struct {
	engine *container.Engine
	kind   string
	size   bool
}

func cmdInspect(c *call) error {
	var i inspector
	var format string
	flags := c.flagSet()
	flags.StringVarP(&format, "format", "f", "", "")
	flags.BoolVarP(&i.size, "size", "s", false, "")
	flags.Var(&value{kind: "container|image", set: func(s string) error {
		if s != "container" && s != "image" {
			return fmt.Errorf("%q is neither container nor image", s)
		}
		i.kind = s
		return nil
	}}, "type", "")
	if err := c.parse(flags, 1, -1, "CONTAINER or IMAGE"); err != nil {
		return err
	}
	fields, err := parseObjectFormat(format)
	if err != nil {
		return usageError{err}
	}
	if i.engine, err = open(); err != nil {
		return err
	}
	defer i.engine.DB.Close()
	objects := []any{}
	var all []error
	for _, name := range flags.Args() {
		object, err := i.find(name)
		if err != nil {
			all = append(all, err)
			continue
		}
		objects = append(objects, object)
	}
	return errors.Join(append(all, c.showObjects(objects, fields))...)
}

// find finds a container or an image.
func (i *inspector) find(name string) (any, error) {
	var containerErr error
	if i.kind != "image" {
		found, err := i.engine.Find(name)
		if err == nil {
			return i.container(found)
		}
		if containerErr = err; i.kind != "" {
			return nil, err
		}
	}
	list, err := i.engine.Images.List()
	if err != nil {
		return nil, err
	}
	record, err := i.engine.DB.Image(name)
	if err != nil {
		if containerErr != nil {
			return nil, fmt.Errorf("%w, and no image has this name", containerErr)
		}
		return nil, err
	}
	var names []string
	var found image.Image
	for _, img := range list {
		if img.Digest == record.Digest {
			names = append(names, img.Name)
		}
		if img.Name == record.Name {
			found = img
		}
	}
	return inspectImage(found, names), nil
}

// showObjects writes an array, or a line for each object where a format was given.
func (c *call) showObjects(objects []any, fields *objectFormat) error {
	if fields == nil {
		out := json.NewEncoder(c.stdout)
		out.SetIndent("", "    ")
		out.SetEscapeHTML(false)
		return out.Encode(objects)
	}
	for _, object := range objects {
		line, err := fields.line(object)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintln(c.stdout, line); err != nil {
			return err
		}
	}
	return nil
}
