package main

import "fmt"

const createUsage = `pocket-docker create [flags] IMAGE COMMAND ARG…
pocket-docker create [flags] --rootfs IMAGE --cmd "COMMAND LINE"

Makes a container as run does, and does not start it: start does. Its id is shown. The flags are those of
run, without --detach, --detach-keys and --sig-proxy (pocket-docker help run).

Example:
  pocket-docker create --name web -v "$(pwd):/srv:ro" host python3 -m http.server -d /srv

EXIT STATUS
  0, 125 when it could not be made.
`

func cmdCreate(c *call) error {
	o := runOptions{command: "create"}
	flags := c.flagSet()
	o.flags(flags)
	if err := o.parse(c, flags); err != nil {
		return err
	}
	e, err := open()
	if err != nil {
		return err
	}
	defer e.DB.Close()
	if err := c.fetchImage(e, &o); err != nil {
		return err
	}
	made, err := c.create(e, &o)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(c.stdout, made.ID)
	return err
}
