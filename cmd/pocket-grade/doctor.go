package main

import (
	"context"

	"github.com/spf13/pflag"
)

const usageDoctor = `Usage: pocket-grade doctor [--json]

Tells which limits this machine can enforce, by what, and what to change where one cannot be.

EXAMPLE
  pocket-grade doctor

EXIT STATUS
  0; 2 wrong use; 3 submissions cannot be graded here
`

func cmdDoctor(_ context.Context, c console, args []string) (int, error) {
	flags := pflag.NewFlagSet("doctor", pflag.ContinueOnError)
	asJSON := flags.Bool("json", false, "")
	if _, err := parse(flags, args, 0, 0); err != nil {
		return wrongUse, err
	}
	return examine(c, *asJSON)
}
