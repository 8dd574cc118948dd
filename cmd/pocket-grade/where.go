package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"pocket/grader/store"
	"pocket/grader/suite"
	"pocket/runtime/hint"
)

// usageWhere is the part of their usage that the commands for stored results share.
const usageWhere = `
      --suite SUITE  the suite whose results are meant, also as SUITE before the other arguments (default: the
                     current folder, else the database of the last run, else the user's state folder)
      --run RUN      the run, also as RUN: a number as results lists them, latest, or -1 for the one before
      --db FILE      the database
`

// where says which stored results a command is about. The suite and the run are flags, or words before the
// command's other arguments.
type where struct {
	suite, run, db string
}

func (w *where) flags(flags *pflag.FlagSet) {
	flags.StringVar(&w.suite, "suite", "", "")
	flags.StringVar(&w.run, "run", "", "")
	flags.StringVar(&w.db, "db", "", "")
}

// words takes the suite and the run from the front of a command's arguments and returns its own, at most so many:
// of more, the first is a run, whatever it looks like.
func (w *where) words(flags *pflag.FlagSet, args []string, own int) ([]string, error) {
	args, err := w.front(flags, args)
	if err == nil && w.run == "" && len(args) > own {
		w.run, args = args[0], args[1:]
	}
	if err == nil && len(args) > own {
		err = unexpected(flags, args[own])
	}
	return args, err
}

// onlySuite is words for a command that has no arguments of its own: what is no run is the suite.
func (w *where) onlySuite(flags *pflag.FlagSet, args []string) error {
	args, err := w.front(flags, args)
	if err == nil && w.suite == "" && len(args) > 0 {
		w.suite, args = args[0], args[1:]
	}
	if err == nil && len(args) > 0 {
		err = unexpected(flags, args[0])
	}
	return err
}

// front takes a suite and then a run from the front of a command's arguments, where they can be nothing else.
func (w *where) front(flags *pflag.FlagSet, args []string) ([]string, error) {
	if flags.Changed("run") && !isRun(w.run) {
		_, err := number(w.run)
		return args, err
	}
	if w.suite == "" && len(args) > 0 && isSuite(args[0]) {
		w.suite, args = args[0], args[1:]
	}
	if w.run == "" && len(args) > 0 && isRun(args[0]) {
		w.run, args = args[0], args[1:]
	}
	return args, nil
}

func unexpected(flags *pflag.FlagSet, word string) error {
	return hint.With(fmt.Errorf("%s: unexpected argument %q", flags.Name(), word), "see pocket-grade help %s", flags.Name())
}

// isSuite says whether a word can only mean a suite: a folder with a suite's file, or such a file.
func isSuite(word string) bool {
	about, err := os.Stat(word)
	if err != nil {
		return false
	}
	if !about.IsDir() {
		return filepath.Base(word) == suite.File
	}
	_, err = os.Stat(filepath.Join(word, suite.File))
	return err == nil
}

// keepNumbers makes "-1" an argument: no flag of ours is a digit. What follows one of these flags is its own.
func keepNumbers(args []string, numeric ...string) []string {
	var kept []string
	for i, arg := range args {
		if arg == "--" {
			return append(kept, args[i:]...)
		}
		own := i > 0 && slices.Contains(numeric, args[i-1])
		if n, err := strconv.ParseInt(arg, 10, 64); err == nil && n < 0 && !own {
			arg = "latest" + arg
		}
		kept = append(kept, arg)
	}
	return kept
}

// open opens the database in which the results are. Which it is, is said where nothing names it.
func (w *where) open(c console) (*store.Store, error) {
	found, last, err := findResults(w.db, w.suite)
	if err != nil {
		return nil, err
	}
	if last {
		fmt.Fprintf(c.err, "pocket-grade: no suite is named: the last run's results, in %s\n", found)
	}
	return c.openToRead(found)
}

// runs are all runs that are meant, the latest first: of a suite that is named and whose results lie among those
// of others, its own.
func (w *where) runs(db *store.Store) ([]store.Run, error) {
	runs, err := db.Runs()
	if err != nil || w.suite == "" || w.db != "" {
		return runs, err
	}
	of := w.suite
	if about, err := os.Stat(of); err == nil && !about.IsDir() {
		of = filepath.Dir(of)
	}
	of = really(of)
	if really(filepath.Dir(db.Path())) == of {
		return runs, nil
	}
	return slices.DeleteFunc(runs, func(r store.Run) bool { return really(filepath.Dir(r.SuitePath)) != of }), nil
}

// chosen is the run that is meant: the one that was named, or the latest.
func (w *where) chosen(db *store.Store) (store.Run, error) {
	word := w.run
	if word == "" {
		word = latest
	}
	return w.find(db, word)
}

const latest = "latest"

// find finds the run that a word means: a number, latest, or latest-N for the one N before it.
func (w *where) find(db *store.Store, word string) (store.Run, error) {
	back, counted := strings.CutPrefix(word, latest)
	if !counted {
		n, err := number(word)
		if err != nil {
			return store.Run{}, err
		}
		return db.Run(n)
	}
	n := 0
	if back != "" {
		var err error
		if n, err = strconv.Atoi(back); err != nil || n > 0 {
			return store.Run{}, hint.With(fmt.Errorf("%q is not a run", word), "write a number, latest, or latest-1 for the one before")
		}
	}
	runs, err := w.runs(db)
	switch {
	case err != nil:
		return store.Run{}, err
	case len(runs) > -n:
		return runs[-n], nil
	case len(runs) > 0:
		return store.Run{}, hint.With(fmt.Errorf("%s: there are only %d runs", word, len(runs)), "see pocket-grade results")
	case w.suite != "" && w.db == "":
		return store.Run{}, hint.With(fmt.Errorf("no run of suite %s in %s", w.suite, db.Path()), "list the runs with: pocket-grade results")
	}
	return db.Latest() // there is none, which it says
}

// isRun says whether a word can only mean a run.
func isRun(word string) bool {
	n, err := strconv.ParseInt(word, 10, 64)
	return err == nil && n > 0 || word == latest || strings.HasPrefix(word, latest+"-")
}

func number(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 {
		return 0, hint.With(fmt.Errorf("%q is not a run's number", text), "see pocket-grade results; if a suite was meant, there is none of that name here")
	}
	return n, nil
}

// openStore reads the flags that the commands for what is stored share, opens the database they mean and returns
// the command's own arguments, at most so many.
func openStore(c console, w *where, flags *pflag.FlagSet, args []string, own int) (*store.Store, []string, bool, error) {
	w.flags(flags)
	asJSON := flags.Bool("json", false, "")
	rest, err := parse(flags, keepNumbers(args), 0, own+2)
	if err == nil {
		rest, err = w.words(flags, rest, own)
	}
	if err != nil {
		return nil, nil, false, err
	}
	db, err := w.open(c)
	return db, rest, *asJSON, err
}

// lastFile names the file that says where the results of the last run are.
func lastFile() (string, error) {
	state, err := stateDatabase()
	return filepath.Join(filepath.Dir(state), "last"), err
}

// remember keeps where the results of this run are, so that they are found without being named. Where it cannot be
// kept they are not, which the commands that look for them say.
func remember(database string) {
	file, err := lastFile()
	if err != nil {
		return
	}
	if known, err := os.ReadFile(file); err == nil && string(known) == database+"\n" {
		return
	}
	if os.MkdirAll(filepath.Dir(file), 0o700) != nil {
		return
	}
	draft, err := os.CreateTemp(filepath.Dir(file), "last-")
	if err != nil {
		return
	}
	_, err = draft.WriteString(database + "\n")
	if err = errors.Join(err, draft.Close()); err == nil {
		err = os.Rename(draft.Name(), file)
	}
	if err != nil {
		_ = os.Remove(draft.Name()) // nobody is told of either
	}
}

// remembered is where the results of the last run are, "" when that is not known or they are gone.
func remembered() string {
	file, err := lastFile()
	if err != nil {
		return ""
	}
	text, err := os.ReadFile(file)
	path, whole := strings.CutSuffix(string(text), "\n")
	if err != nil || !whole || !filepath.IsAbs(path) || !readable(path) {
		return ""
	}
	return path
}
