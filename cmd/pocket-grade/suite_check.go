package main

import (
	"context"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"

	"pocket/grader/language"
	"pocket/grader/report"
	"pocket/grader/suite"
)

const usageSuiteCheck = `Usage: pocket-grade suite check [--json] SUITE

Says what is wrong in a suite, a folder with suite.yaml or the file itself: each mistake with file and line. Of a
suite without a mistake it shows groups, points and limits, and warns of what may not be meant: answers in
mounted folders, hidden cases without a group, samples without input, files beside the cases' that are in
none, points that only weigh, limits that this machine cannot reach.

FLAGS
      --json  the same as JSON

EXAMPLE
  pocket-grade suite check suites/squares

EXIT STATUS
  0  no mistake, perhaps warnings
  2  wrong use, or mistakes in the suite
`

func cmdSuiteCheck(_ context.Context, c console, args []string) (int, error) {
	flags := pflag.NewFlagSet("suite check", pflag.ContinueOnError)
	asJSON := flags.Bool("json", false, "")
	rest, err := parse(flags, args, 1, 1)
	if err != nil {
		return wrongUse, err
	}
	s, err := suite.Load(rest[0], language.Default().Names())
	if err != nil {
		return wrongUse, err
	}
	if _, err := tools(s); err != nil {
		return wrongUse, err
	}
	summary := summarized(s, typed(rest[0]))
	if *asJSON {
		return finish(report.JSON(c.out, summary))
	}
	return finish(summary.write(c.out))
}

// typed is the path of a suite's file as the user would write it.
func typed(path string) string {
	if about, err := os.Stat(path); err == nil && about.IsDir() {
		return filepath.Join(path, suite.File)
	}
	return path
}
