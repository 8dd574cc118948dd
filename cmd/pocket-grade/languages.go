package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"pocket/grader"
	"pocket/grader/judge"
	"pocket/grader/language"
	"pocket/grader/report"
	"pocket/grader/suite"
	"pocket/runtime/hint"
)

const usageLanguages = `Usage: pocket-grade languages [FLAGS] [SUITE]

Lists the languages in which submissions can be handed in, how they are recognised, which of them can be used
and with what version, and the Debian packages that bring the others. Each is really tried: a sample is
compiled and run in a sandbox. What was tried once is believed for a week, as long as the versions stay.

With SUITE, only the languages that the suite accepts are listed, and tried in its root file system.

FLAGS
      --rootfs ROOTFS   try them in this root file system: host (the default), an image's name, an archive or a
                        folder
      --languages FILE  also those that a YAML file defines (see grader/README.md)
      --list            only list them, and try nothing
      --json            the same as JSON

EXAMPLE
  pocket-grade languages
  pocket-grade languages suites/squares
  pocket-grade languages --rootfs debian --languages mine.yaml

EXIT STATUS
  0  listed, whether they can be used or not
  2  wrong use, a bad suite, or mistakes in FILE
  3  nothing can be tried: no sandbox can be made, or ROOTFS cannot be used
  130  interrupted
`

func cmdLanguages(ctx context.Context, c console, args []string) (int, error) {
	flags := pflag.NewFlagSet("languages", pflag.ContinueOnError)
	asJSON := flags.Bool("json", false, "")
	list := flags.Bool("list", false, "")
	rootFS := flags.String("rootfs", "", "")
	file := flags.String("languages", "", "")
	rest, err := parse(flags, args, 0, 1)
	if err == nil && len(rest) > 0 && flags.Changed("rootfs") {
		err = hint.With(errors.New("languages: --rootfs and SUITE exclude each other"), "a suite says itself where its programs run")
	}
	if err == nil && flags.Changed("rootfs") && *rootFS == "" {
		err = hint.With(errors.New("languages: --rootfs is empty"), "name host, an image, an archive or a folder")
	}
	if err != nil {
		return wrongUse, err
	}
	table, where, err := listed(rest, *rootFS, *file)
	if err != nil {
		return wrongUse, err
	}
	var found []judge.Found
	if !*list {
		if found, err = tryAll(ctx, c, table, where); errors.Is(err, context.Canceled) {
			return interrupted, nil
		} else if err != nil {
			return judgeError, err
		}
	}
	if *asJSON {
		return finish(report.JSON(c.out, languageRecords(table, found)))
	}
	return finish(writeLanguages(c.out, table, found))
}

// listed returns the languages to be listed, and a suite that says where they are tried.
func listed(paths []string, rootFS, file string) (language.Table, *grader.Suite, error) {
	if len(paths) == 0 {
		table, err := known(file)
		return table, &grader.Suite{RootFS: cmp.Or(rootFS, "host")}, err
	}
	s, table, err := loadSuite(paths[0], file)
	if err != nil || len(s.Languages) == 0 {
		return table, s, err
	}
	accepted := slices.DeleteFunc(table, func(l language.Language) bool { return !slices.Contains(s.Languages, l.Name) })
	return accepted, s, nil
}

// known is the built-in languages with those that files define; of the same name, the last counts.
func known(files ...string) (language.Table, error) {
	table := language.Default()
	for _, file := range files {
		if file == "" {
			continue
		}
		var err error
		if table, err = table.Extend(file); err != nil {
			return nil, err
		}
	}
	return table, nil
}

// loadSuite reads a suite, with the languages that are known to it: those of a file beside it and, before all,
// those of the file that the user names.
func loadSuite(path, file string) (*grader.Suite, language.Table, error) {
	table, err := known(file)
	if err != nil {
		return nil, nil, err
	}
	s, err := suite.Load(path, func(beside string) ([]string, error) {
		extended, err := known(beside, file)
		if err != nil {
			return nil, err
		}
		table = extended
		return table.Names(), nil
	})
	return s, table, err
}

// tryAll examines all languages, as many at once as there are cores.
func tryAll(ctx context.Context, c console, table language.Table, where *grader.Suite) (found []judge.Found, err error) {
	runner, root, err := newRunner(where)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, runner.Close()) }()
	workspace, err := judge.OpenWorkspace()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, workspace.Close()) }()
	workspace.Root = root
	progress := newProgress(c.err, len(table))
	progress.noun = "languages"
	defer progress.clear()
	pool := judge.NewPool(make([]string, runtime.NumCPU()))
	found = make([]judge.Found, len(table))
	done := make(chan error)
	for i, l := range table {
		go func() {
			var err error
			found[i], err = workspace.Examine(ctx, runner, pool, toolchain(l))
			progress.add(1)
			done <- err
		}()
	}
	for range table {
		err = errors.Join(err, <-done)
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return found, err
}

// writeLanguages writes the table, and below it why some cannot be used. found is nil when nothing was tried.
func writeLanguages(w io.Writer, table language.Table, found []judge.Found) error {
	columns := []report.Column{{Title: "NAME"}, {Title: "LANGUAGE"}, {Title: "EXTENSIONS"}, {Title: "USABLE"}, {Title: "DEBIAN PACKAGES"}, {Title: "VERSION"}}
	var rows [][]string
	why := ""
	for i, l := range table {
		usable, version := "", ""
		switch {
		case found == nil:
		case found[i].Problem != "":
			usable = "no"
			why += fmt.Sprintf("\n%s: %s\n", l.Name, report.Printable(found[i].Problem))
		default:
			usable, version = "yes", found[i].Version
		}
		rows = append(rows, []string{l.Name, l.Title, strings.Join(l.Extensions, " "), usable, l.Package, version})
	}
	if found == nil {
		for i, row := range rows {
			rows[i] = slices.Delete(row, 3, 4)[:4]
		}
		columns = []report.Column{columns[0], columns[1], columns[2], columns[4]}
	}
	_, err := fmt.Fprint(w, report.Columns(columns, rows, look(w)), why)
	return err
}

type languageRecord struct {
	Name       string   `json:"name"`
	Title      string   `json:"title"`
	Extensions []string `json:"extensions"`
	Programs   []string `json:"programs"`
	Packages   []string `json:"packages"`
	Usable     *bool    `json:"usable,omitempty"` // nil: it was not tried
	Version    string   `json:"version,omitempty"`
	Problem    string   `json:"problem,omitempty"`
}

func languageRecords(table language.Table, found []judge.Found) []languageRecord {
	records := []languageRecord{}
	for i, l := range table {
		r := languageRecord{Name: l.Name, Title: l.Title, Extensions: l.Extensions, Programs: l.Programs, Packages: strings.Fields(l.Package)}
		if found != nil {
			usable := found[i].Problem == ""
			r.Usable, r.Version, r.Problem = &usable, found[i].Version, found[i].Problem
		}
		records = append(records, r)
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
