package main

const renameUsage = `pocket-docker rename CONTAINER NAME

Gives a container another name, whether it runs or not. Its id stays.

Example:
  pocket-docker rename brave_turing web

EXIT STATUS
  0, 125 when there is no such container or the name is taken and for a wrong use.
`

func cmdRename(c *call) error {
	flags := c.flagSet()
	if err := c.parse(flags, 2, 2, "CONTAINER or NAME"); err != nil {
		return err
	}
	e, err := open()
	if err != nil {
		return err
	}
	defer e.DB.Close()
	return e.Rename(flags.Arg(0), flags.Arg(1))
}
