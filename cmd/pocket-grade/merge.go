package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"pocket/grader/report"
	"pocket/grader/store"
	"pocket/grader/suite"
	"pocket/runtime/hint"
)

const usageMerge = `Usage: pocket-grade merge [FLAGS] DATABASE…

Makes one run of those that machines have graded with run --shard, each into a database of its own: the same
run, with the same reports, as one machine would have made. Of each shard the latest run counts. The shards have to
be all there, finished, and of the same suite, class and roster; else nothing is merged and all that is wrong is
said. Given again, the command changes nothing; where a shard was graded again since, it makes another run.

The databases are only read. One among them that is the one merged into is passed over.

FLAGS
      --db FILE  the database that gets the run (default: pocket-grade.db beside the suite, as run has it)
      --json     what was merged as JSON

EXAMPLE
  pocket-grade merge --db class.db shard-*.db
  pocket-grade report --db class.db -o class.html

EXIT STATUS
  0    merged, or was merged before
  2    wrong use, a shard that is missing or not finished, or shards that do not belong together
  3    the run could not be written
  130  interrupted: nothing was merged
`

// merged is what --json writes.
type merged struct {
	Run         int64  `json:"run"`
	Database    string `json:"database"`
	Suite       string `json:"suite"`
	Shards      int    `json:"shards"`
	Submissions int    `json:"submissions"`
	Missing     int    `json:"missing,omitempty"` // students of whom nothing was handed in
	New         bool   `json:"new"`               // false: it was merged before
}

func cmdMerge(ctx context.Context, c console, args []string) (status int, err error) {
	flags := pflag.NewFlagSet("merge", pflag.ContinueOnError)
	out := flags.String("db", "", "")
	asJSON := flags.Bool("json", false, "")
	paths, err := parse(flags, args, 1, -1)
	if err != nil {
		return wrongUse, err
	}
	all, err := collect(paths, *out)
	if err != nil {
		return wrongUse, err
	}
	parts, err := all.parts()
	if err != nil {
		return wrongUse, err
	}
	path, err := mergeInto(c, *out, parts[0].Run)
	if err != nil {
		return wrongUse, err
	}
	db, err := c.openDatabase(path)
	if err != nil {
		return wrongUse, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	done := merged{Database: db.Path(), Suite: parts[0].Run.Suite, Shards: len(parts)}
	for _, p := range parts {
		done.Submissions += p.Run.Submissions
		done.Missing += p.Run.Missing
	}
	live := newProgress(c.err, done.Submissions+done.Missing)
	live.noun = "submissions"
	by := store.Action{User: userName(), Args: append([]string{"merge"}, args...)}
	done.Run, done.New, err = db.Merge(ctx, parts, by, func() { live.add(1) })
	live.clear()
	switch {
	case ctx.Err() != nil && err != nil:
		return interrupted, errors.New("interrupted; nothing was merged")
	case errors.Is(err, store.ErrChanged):
		return wrongUse, hint.With(err, "give the same command again")
	case err != nil:
		return judgeError, err
	case *asJSON:
		return finish(report.JSON(c.out, done))
	}
	_, err = fmt.Fprintln(c.out, done.line())
	return finish(err)
}

func (m merged) line() string {
	text := "run %d in %s: %d submissions of %d shards"
	if !m.New {
		text = "run %d in %s has been merged before: %d submissions of %d shards"
	}
	if m.Missing > 0 {
		text += fmt.Sprintf(", %d missing", m.Missing)
	}
	return fmt.Sprintf(text, m.Run, report.Printable(m.Database), m.Submissions, m.Shards)
}

// mergeInto is the database that gets the run: as for a run of the suite, where that is on this machine.
func mergeInto(c console, db string, run store.Run) (string, error) {
	s, err := suite.Load(run.SuitePath, nil)
	switch {
	case err == nil:
		return database(c, db, s, shown(s), shard{})
	case db == "":
		return "", hint.With(fmt.Errorf("the suite %s is not here to keep the results beside it", report.Printable(run.SuitePath)), "name a database with --db")
	}
	return db, nil
}

// collection is the shards' runs that were found in databases.
type collection struct {
	of       belongs
	from     string // where that was found
	latest   map[int]store.Part
	problems []error
}

// belongs is what all shards of a whole have in common.
type belongs struct {
	suite, digest, class, manner string
	of                           int
}

func belonging(r store.Run) belongs {
	return belongs{r.Suite, r.SuiteDigest, r.Shard.Class, r.Shard.Manner, r.Shard.Of}
}

// differs says in what shards do not belong together.
func (b belongs) differs(other belongs) string {
	switch {
	case b.suite != other.suite:
		return fmt.Sprintf("of the suite %s and not of %s", report.Printable(other.suite), report.Printable(b.suite))
	case b.of != other.of:
		return fmt.Sprintf("of %d shards and not of %d", other.of, b.of)
	case b.digest != other.digest:
		return "graded with another state of the suite, or with other --case"
	case b.class != other.class:
		return "of other submissions or another roster"
	case b.manner != other.manner:
		return "graded in another way: --case, --repeat or the known languages differ"
	}
	return ""
}

// collect looks for shards' runs in all databases, and returns what is wrong with
// all of them.
func collect(paths []string, out string) (*collection, error) {
	all := &collection{latest: map[int]store.Part{}}
	into, _ := os.Stat(out) // where there is none yet, no path is it
	for _, path := range paths {
		about, err := os.Stat(path)
		switch {
		case err != nil:
			err = hint.With(err, "name the databases that run --shard has written")
		default:
			err = all.add(path, into != nil && os.SameFile(about, into))
		}
		if err != nil {
			all.problems = append(all.problems, err)
		}
	}
	return all, errors.Join(all.problems...)
}

// shardsIn are the shards' runs that a database holds, the latest first.
func shardsIn(path string) (found []store.Part, err error) {
	db, err := store.OpenToRead(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	runs, err := db.Runs()
	if err != nil {
		return nil, err
	}
	for _, r := range runs {
		if r.Shard.Of == 0 {
			continue
		}
		print, err := db.Print(r.ID)
		if err != nil {
			return nil, err
		}
		found = append(found, store.Part{Path: path, Run: r, Print: print})
	}
	return found, nil
}

// add takes a database's latest run of each shard, of the whole that its latest shard belongs to. into says that
// it gets the whole: it may hold no shard.
func (c *collection) add(path string, into bool) error {
	found, err := shardsIn(path)
	if err != nil {
		return err
	}
	if len(found) == 0 && into {
		return nil
	}
	if len(found) == 0 {
		return hint.With(fmt.Errorf("%s holds no shard's run", path), "name the databases that run --shard has written")
	}
	of := belonging(found[0].Run)
	if c.from == "" {
		c.of, c.from = of, path
	} else if how := c.of.differs(of); how != "" {
		return fmt.Errorf("%s does not belong to %s: it is %s", path, c.from, how)
	}
	seen := map[int]bool{}
	for _, p := range found {
		n := p.Run.Shard.Number
		if seen[n] || belonging(p.Run) != of {
			continue
		}
		seen[n] = true
		if other, ok := c.latest[n]; ok && other.Print != p.Print {
			err := fmt.Errorf("shard %d is in %s and in %s, from two runs", n, other.Path, path)
			return hint.With(err, "name only the one that counts")
		}
		c.latest[n] = p
	}
	return nil
}

// parts are the runs of all shards in order; which are missing or not finished is an error.
func (c *collection) parts() ([]store.Part, error) {
	if c.of.of == 0 {
		return nil, hint.With(errors.New("merge: no shard's run was named"), "name the databases that run --shard has written")
	}
	var parts []store.Part
	var problems []error
	var missing []int
	for n := 1; n <= c.of.of; n++ {
		p, ok := c.latest[n]
		switch {
		case !ok:
			missing = append(missing, n)
			continue
		case p.Run.Finished.IsZero():
			err := fmt.Errorf("shard %d in %s is not finished: %d of %d submissions are graded", n, p.Path, p.Run.Submissions+p.Run.Missing, p.Run.Total)
			problems = append(problems, hint.With(err, "give the command that grades it again, which goes on with it"))
		}
		parts = append(parts, p)
	}
	if len(missing) > 0 {
		err := fmt.Errorf("of %d shards these are missing: %s", c.of.of, ranges(missing))
		problems = append([]error{hint.With(err, "grade them with run --shard %d/%d, …, or name their databases too", missing[0], c.of.of)}, problems...)
	}
	return parts, errors.Join(problems...)
}

// ranges writes numbers in order, those that follow each other as 5-7.
func ranges(numbers []int) string {
	var all []string
	for i := 0; i < len(numbers); {
		last := i
		for last+1 < len(numbers) && numbers[last+1] == numbers[last]+1 {
			last++
		}
		text := strconv.Itoa(numbers[i])
		if last > i {
			text += "-" + strconv.Itoa(numbers[last])
		}
		all = append(all, text)
		i = last + 1
	}
	return strings.Join(all, ", ")
}
