package main

import (
	"fmt"
	"strings"
)

const helpUsage = `pocket-docker help [COMMAND|TOPIC]

Shows how a command is used, or explains a topic; without either, lists all of both.

Example:
  pocket-docker help run
  pocket-docker help limits

EXIT STATUS
  0, or 125 when there is no such command or topic.
`

func cmdHelp(c *call) error {
	flags := c.flagSet()
	if err := c.parse(flags, 0, 1, ""); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		_, err := fmt.Fprint(c.stdout, overview())
		return err
	}
	name := flags.Arg(0)
	if cmd, found := find(name); found {
		_, err := fmt.Fprint(c.stdout, cmd.usage)
		return err
	}
	for _, t := range topics {
		if t.name == name {
			_, err := fmt.Fprint(c.stdout, t.text)
			return err
		}
	}
	return usagef("there is no command or topic %q (pocket-docker help lists them)", name)
}

func overview() string {
	var b strings.Builder
	b.WriteString("pocket-docker runs containers without a daemon.\n\nusage: pocket-docker COMMAND …\n\n")
	width := 0
	for _, cmd := range commands() {
		width = max(width, len(cmd.name))
	}
	for _, t := range topics {
		width = max(width, len(t.name))
	}
	for _, cmd := range commands() {
		fmt.Fprintf(&b, "  %-*s  %s\n", width, cmd.name, cmd.summary)
	}
	b.WriteString("\nTopics, which pocket-docker help TOPIC explains:\n\n")
	for _, t := range topics {
		fmt.Fprintf(&b, "  %-*s  %s\n", width, t.name, t.summary)
	}
	b.WriteString(`
Example:
  pocket-docker run --rm host sh -c 'echo hello from a container'

  pocket-docker help COMMAND, or pocket-docker COMMAND --help, shows a command's flags.

EXIT STATUS
  run: the program's, or 125 (pocket-docker's own fault), 126 (the program cannot be executed), 127 (it
  does not exist), 128 + n (it was ended by signal n). Others: 0, 125 for an error.
`)
	return b.String()
}
