package main

import (
	"fmt"
	"strings"
)

const helpUsage = `pocket-docker help [COMMAND]

Shows how a command is used, or all commands.

Example:
  pocket-docker help run

EXIT STATUS
  0, or 125 when there is no such command.
`

func cmdHelp(c *call) error {
	if err := c.parse(c.flagSet(), 0, 1, ""); err != nil {
		return err
	}
	if len(c.args) == 0 {
		_, err := fmt.Fprint(c.stdout, overview())
		return err
	}
	cmd, found := find(c.args[0])
	if !found {
		return usagef("there is no command %q (pocket-docker help lists them)", c.args[0])
	}
	_, err := fmt.Fprint(c.stdout, cmd.usage)
	return err
}

func overview() string {
	var b strings.Builder
	b.WriteString("pocket-docker runs containers without a daemon.\n\nusage: pocket-docker COMMAND …\n\n")
	for _, cmd := range commands() {
		fmt.Fprintf(&b, "  %-8s  %s\n", cmd.name, cmd.summary)
	}
	b.WriteString(`
Example:
  pocket-docker run --rm host sh -c 'echo hello from a container'

  pocket-docker help COMMAND shows a command's flags. Containers and images are kept in $POCKET_ROOT,
  else /var/lib/pocket-docker for root and ~/.local/share/pocket-docker for others.

EXIT STATUS
  run: the program's, or 125 (pocket-docker's own fault), 126 (the program cannot be executed), 127 (it
  does not exist), 128 + n (it was ended by signal n). Others: 0, 1 for an error, 125 for a wrong use.
`)
	return b.String()
}
