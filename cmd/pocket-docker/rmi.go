package main

import (
	"context"
	"errors"
	"fmt"
)

const rmiUsage = `pocket-docker rmi [flags] IMAGE…

Removes stored root filesystems, each named by its name, its digest or the beginning of one. One that a
container was made from is refused, and so is a digest that has several names: an image goes with its last
name. The names of those removed are shown.

  -f, --force   remove it although a container was made from it, unless that container runs, or by its digest
                although it has several names, with all of them

Example:
  pocket-docker rmi alpine-minirootfs-3.19.1-x86_64

EXIT STATUS
  0, 125 when one could not be removed (the others are) and for a wrong use.
`

func cmdRmi(c *call) error {
	var force bool
	flags := c.flagSet()
	flags.BoolVarP(&force, "force", "f", false, "")
	if err := c.parse(flags, 1, -1, "IMAGE"); err != nil {
		return err
	}
	e, err := open()
	if err != nil {
		return err
	}
	defer e.DB.Close()
	var all []error
	for _, ref := range flags.Args() {
		if err := e.RemoveImage(context.Background(), ref, force); err != nil {
			all = append(all, err)
			continue
		}
		fmt.Fprintln(c.stdout, ref)
	}
	return errors.Join(all...)
}
