package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/spf13/pflag"

	"pocket/grader/suite"
)

const usageSuiteInit = `Usage: pocket-grade suite init [DIR]

Writes a commented suite to start from into a folder (default: the current one), which is made where it is
missing: suite.yaml, cases, a submission for each verdict, and the JSON Schema, by which editors complete and
check suite.yaml. The suite is complete and grades at once. No file is overwritten.

EXAMPLE
  pocket-grade suite init sum && pocket-grade suite check sum

EXIT STATUS
  0  written; each file on a line
  2  wrong use, or one of the files exists or cannot be written: then none is
`

func cmdSuiteInit(_ context.Context, c console, args []string) (int, error) {
	rest, err := parse(pflag.NewFlagSet("suite init", pflag.ContinueOnError), args, 0, 1)
	if err != nil {
		return wrongUse, err
	}
	dir := "."
	if len(rest) > 0 {
		dir = rest[0]
	}
	files, err := suite.Init(dir)
	if err != nil {
		return wrongUse, err
	}
	for _, file := range files {
		if _, err := fmt.Fprintln(c.out, filepath.Join(dir, file)); err != nil {
			return finish(err)
		}
	}
	return 0, nil
}

const usageSuiteSchema = `Usage: pocket-grade suite schema

Prints the JSON Schema (draft-07) of suite.yaml. Editors with a YAML language server use it when the file
begins with:

  # yaml-language-server: $schema=suite.schema.json

EXAMPLE
  pocket-grade suite schema > suite.schema.json

EXIT STATUS
  0; 2 wrong use
`

func cmdSuiteSchema(_ context.Context, c console, args []string) (int, error) {
	if _, err := parse(pflag.NewFlagSet("suite schema", pflag.ContinueOnError), args, 0, 0); err != nil {
		return wrongUse, err
	}
	_, err := fmt.Fprint(c.out, suite.Schema())
	return finish(err)
}
