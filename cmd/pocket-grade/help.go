package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"pocket/runtime/hint"
)

const usageHelp = `Usage: pocket-grade help [COMMAND]

Prints the commands, or how one of them is used.
`

func cmdHelp(_ context.Context, c console, args []string) (int, error) {
	rest, err := parse(pflag.NewFlagSet("help", pflag.ContinueOnError), args, 0, 2)
	if err != nil {
		return wrongUse, err
	}
	if len(rest) == 0 {
		fmt.Fprint(c.out, overview())
		return 0, nil
	}
	if len(rest) == 1 {
		if all := under(rest[0]); all != "" {
			fmt.Fprint(c.out, all)
			return 0, nil
		}
	}
	cmd, more, err := find(rest)
	if err == nil && len(more) > 0 {
		err = hint.With(fmt.Errorf("help: unexpected argument %q", more[0]), "see pocket-grade help")
	}
	if err != nil {
		return wrongUse, err
	}
	fmt.Fprint(c.out, cmd.usage)
	return 0, nil
}

// under explains all commands that begin with a word, "" when there are none.
func under(word string) string {
	var all []string
	for _, cmd := range commands() {
		if strings.HasPrefix(cmd.name, word+" ") {
			all = append(all, cmd.usage)
		}
	}
	return strings.Join(all, "\n")
}

func overview() string {
	var b strings.Builder
	b.WriteString("Usage: pocket-grade COMMAND …\n\nGrades programs against YAML suites in sandboxes.\n\n")
	for _, cmd := range commands() {
		fmt.Fprintf(&b, "  %-12s %s\n", cmd.name, cmd.summary)
	}
	b.WriteString(`
EXAMPLE
  pocket-grade run suites/squares alice.py bob.c

EXIT STATUS
  0 all accepted; 1 graded but not all accepted; 2 wrong use, a bad suite or a submission that cannot be
  read; 3 judge error; 130 interrupted
`)
	return b.String()
}
