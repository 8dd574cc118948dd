package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"pocket/grader/judge"
	"pocket/grader/report"
	"pocket/grader/store"
	"pocket/runtime/hint"
	"pocket/runtime/resource"
)

const usageClean = `Usage: pocket-grade clean [FLAGS]

Removes what runs that were killed left in the folder for temporary files. What another process uses stays.
Results are removed only by --runs.

FLAGS
      --cache        also what is kept for later runs in $XDG_CACHE_HOME/pocket-grade: compiled programs and
                     libraries; the next run takes longer
      --runs AGE     also the stored runs that began longer ago, e.g. 12h, 30d, 8w, with all their results;
                     verdicts that were found only there are no longer known. 0d removes all. A run
                     that is being graded or regraded is kept, which is said
      --suite SUITE  the suite whose results are meant (default: the current folder, then the user's
                     state folder)
      --db FILE      the database
      --json         as JSON

EXAMPLE
  pocket-grade clean --cache --runs 180d --suite suites/squares

EXIT STATUS
  0; 2 wrong use or no such database; 3 something could not be removed
`

// cleaned is what --json writes: what was removed, and how many bytes that freed.
type cleaned struct {
	Leftovers removedItems  `json:"leftovers"`
	Cache     *removedItems `json:"cache,omitempty"`
	Runs      *removedRuns  `json:"runs,omitempty"`
}

type removedItems struct {
	Items int           `json:"items"`
	Bytes resource.Size `json:"bytes"`
}

type removedRuns struct {
	Runs  []int64       `json:"runs"`
	Kept  []int64       `json:"kept"` // in use: being graded or regraded
	Bytes resource.Size `json:"bytes"`
	large bool          // the file could not be made smaller: what was removed is free in it
}

type cleanOptions struct {
	cache, json     bool
	runs, suite, db string
	age             time.Duration
}

func parseClean(args []string) (o cleanOptions, err error) {
	flags := pflag.NewFlagSet("clean", pflag.ContinueOnError)
	flags.BoolVar(&o.cache, "cache", false, "")
	flags.StringVar(&o.runs, "runs", "", "")
	flags.StringVar(&o.suite, "suite", "", "")
	flags.StringVar(&o.db, "db", "", "")
	flags.BoolVar(&o.json, "json", false, "")
	if _, err = parse(flags, args, 0, 0); err != nil {
		return o, err
	}
	if !flags.Changed("runs") {
		if o.db != "" || o.suite != "" {
			err = hint.With(errors.New("clean: --db and --suite need --runs"), "say which runs are to be removed, e.g. --runs 180d")
		}
		return o, err
	}
	o.age, err = age(o.runs)
	return o, err
}

// age reads a duration that may also be in days and weeks.
func age(text string) (time.Duration, error) {
	const day = 24 * time.Hour
	for ending, unit := range map[string]time.Duration{"d": day, "w": 7 * day} {
		if digits, ok := strings.CutSuffix(text, ending); ok {
			n, err := strconv.ParseUint(digits, 10, 16)
			if err == nil {
				return time.Duration(n) * unit, nil
			}
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, hint.With(fmt.Errorf("clean: --runs %q is not an age", text), "write a number with h, d or w, such as 30d")
	}
	return d, nil
}

func cmdClean(_ context.Context, c console, args []string) (int, error) {
	o, err := parseClean(args)
	if err != nil {
		return wrongUse, err
	}
	var done cleaned
	if o.runs != "" { // first: it is what can be wrong use
		if done.Runs, err = c.cleanRuns(o); err != nil {
			return wrongUse, err
		}
	}
	done.Leftovers = removedItems(judge.CleanLeftovers())
	status := 0
	if o.cache {
		items, problem := judge.CleanCaches()
		done.Cache = (*removedItems)(&items)
		if err = problem; err != nil {
			status, err = judgeError, fmt.Errorf("removing caches: %w", err)
		}
	}
	return status, errors.Join(err, c.cleaned(o, done))
}

func (c console) cleanRuns(o cleanOptions) (_ *removedRuns, err error) {
	path, err := findDatabase(o.db, o.suite)
	if err != nil {
		return nil, err
	}
	db, err := c.openDatabase(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	by := store.Action{User: userName(), Args: []string{"clean", "--runs", o.runs}}
	removed, err := db.RemoveRuns(time.Now().Add(-o.age), by)
	large := err == nil && len(removed.Runs) > 0 && db.Compact() != nil // such as for want of space: no reason to fail
	return &removedRuns{append([]int64{}, removed.Runs...), append([]int64{}, removed.Kept...), resource.Size(removed.Freed), large}, err
}

// cleaned says what was removed.
func (c console) cleaned(o cleanOptions, done cleaned) error {
	if o.json {
		return report.JSON(c.out, done)
	}
	text := fmt.Sprintf("leftovers: %d removed, %s\n", done.Leftovers.Items, done.Leftovers.Bytes.Human())
	if done.Cache != nil {
		text += fmt.Sprintf("cache: %d removed, %s\n", done.Cache.Items, done.Cache.Bytes.Human())
	}
	if done.Runs != nil {
		text += fmt.Sprintf("runs: %d removed, %s", len(done.Runs.Runs), done.Runs.Bytes.Human())
		if done.Runs.large {
			text += " of the database are free to be used again"
		}
		text += "\n"
		for _, run := range done.Runs.Kept {
			text += fmt.Sprintf("run %d is kept: it is being graded or regraded\n", run)
		}
	}
	_, err := fmt.Fprint(c.out, text)
	return err
}
