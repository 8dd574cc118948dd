package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"pocket/grader/language"
	"pocket/grader/report"
)

const usageLanguages = `Usage: pocket-grade languages [--json]

Lists the languages in which submissions can be handed in, how they are recognised, and the Debian
packages that the suite's root file system needs for them.

EXAMPLE
  pocket-grade languages

EXIT STATUS
  0; 2 wrong use
`

func cmdLanguages(_ context.Context, c console, args []string) (int, error) {
	flags := pflag.NewFlagSet("languages", pflag.ContinueOnError)
	asJSON := flags.Bool("json", false, "")
	if _, err := parse(flags, args, 0, 0); err != nil {
		return wrongUse, err
	}
	if *asJSON {
		return finish(report.JSON(c.out, languageRecords()))
	}
	columns := []report.Column{{Title: "NAME"}, {Title: "LANGUAGE"}, {Title: "EXTENSIONS"}, {Title: "DEBIAN PACKAGES"}}
	var rows [][]string
	for _, l := range language.Default() {
		rows = append(rows, []string{l.Name, l.Title, strings.Join(l.Extensions, " "), l.Package})
	}
	_, err := fmt.Fprint(c.out, report.Columns(columns, rows))
	return finish(err)
}

type languageRecord struct {
	Name       string   `json:"name"`
	Title      string   `json:"title"`
	Extensions []string `json:"extensions"`
	Programs   []string `json:"programs"`
	Packages   []string `json:"packages"`
}

func languageRecords() []languageRecord {
	var records []languageRecord
	for _, l := range language.Default() {
		records = append(records, languageRecord{l.Name, l.Title, l.Extensions, l.Programs, strings.Fields(l.Package)})
	}
	return records
}

// finish is the end of a command that only had to write.
func finish(err error) (int, error) {
	if err != nil {
		return judgeError, fmt.Errorf("writing: %w", err)
	}
	return 0, nil
}
