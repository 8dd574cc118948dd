package main

import "fmt"

const diffUsage = `pocket-docker diff CONTAINER

Lists what is different in the container's files from its image, sorted by path: A for what was added, C
for what was changed, D for what was deleted. What lies in volumes is not looked at.

Example:
  pocket-docker diff web

EXIT STATUS
  0, 125 when the container cannot be compared and for a wrong use.
`

func cmdDiff(c *call) error {
	flags := c.flagSet()
	if err := c.parse(flags, 1, 1, "CONTAINER"); err != nil {
		return err
	}
	e, err := open()
	if err != nil {
		return err
	}
	defer e.DB.Close()
	list, err := e.Diff(flags.Arg(0))
	if err != nil {
		return err
	}
	for _, change := range list {
		if _, err := fmt.Fprintln(c.stdout, change.Kind, oneLine(change.Path)); err != nil {
			return err
		}
	}
	return nil
}
