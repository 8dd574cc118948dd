package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/spf13/pflag"

	"pocket/grader"
	"pocket/grader/intake"
	"pocket/grader/judge"
	"pocket/grader/language"
	"pocket/runtime/hint"
)

const usageRun = `Usage: pocket-grade run [FLAGS] SUITE SUBMISSION…
       pocket-grade run [FLAGS] SUITE --batch DIR|ZIP [--roster FILE.csv]

Grades submissions, each a file or a folder, against a suite: a folder with suite.yaml. The results go to
standard output and into a database: what is shown is stored. The same command goes on with what was
interrupted and runs no case twice; when it is given in several terminals at once, they share the work.
What was compiled, and what compilers do only once, such as Go's standard library, is kept in
$XDG_CACHE_HOME/pocket-grade (default: ~/.cache/pocket-grade), which may be removed at any time.

A class is graded with --batch: a folder, or a zip or tar of one, with a file, folder, zip or tar for each
student, named for the student, or what a learning platform exports. What one student handed in and cannot
be unpacked or is no program is that student's compile error (CE) and keeps nobody else's from being graded.

FLAGS
      --batch DIR|ZIP
                   the submissions of a class
      --layout L   how they lie there (default: recognised):
                     plain       an entry for each student, called like the student
                     moodle      "Download all submissions": NAME_ID_assignsubmission_file…; all files of a
                                 student are one submission; typed-in texts are not graded
                     canvas      "Download Submissions": lastfirst_LATE_USER_FILE_NAME; all files of a student
                                 are one submission, of a file that was uploaded again the latest counts
                     gradescope  "Export Submissions": submission_metadata.yml and a folder for each; who
                                 handed in together gets the same
                     github      clones of GitHub Classroom: ASSIGNMENT-LOGIN
      --roster FILE.csv
                   who is in the class: a first line that names the columns, of id, name, first name, last
                   name, login, email, section or those of a gradebook's export. Submissions are matched by
                   id, login, address or name; who handed in nothing is listed as missing
  -j, --jobs N     cases at once (default: the number of cores)
      --case GLOB  only the cases whose names match, e.g. 'big-*'; may be given several times
      --db FILE    the database (default: pocket-grade.db beside suite.yaml, or in
                   $XDG_STATE_HOME/pocket-grade where that folder cannot be written or is a volume;
                   a database that programs could read is refused)
      --json       results as JSON
      --reveal     show also what hidden cases were given, wrote and expected, with their times and exit
                   codes; without it nothing of them but name, verdict and score is shown, with --json neither
      --languages FILE
                   also the languages that a YAML file defines (see grader/README.md); those of a suite's own
                   file (language-file) are known anyway
      --no-cache   run everything, also where an earlier run has found out the verdict of the same program;
                   needed after a library of the host was overwritten in place, which is not noticed
      --new        begin a new run also where the same command was interrupted, instead of going on with it
  -q, --quiet      only the summary
      --repeat N   run every case N times; one whose verdicts differ is marked flaky and gets the worst
      --shard K/N  only the Kth of N parts of the submissions, into a database of its own (default:
                   pocket-grade-K-of-N.db in place of pocket-grade.db): N machines grade a class together,
                   each with the same command but for K, and merge makes one run of it. With auto, K and N are
                   what a job array says: SLURM_ARRAY_TASK_ID and _COUNT, or Kubernetes' JOB_COMPLETION_INDEX
                   and, set in the job's template, JOB_COMPLETIONS
      --stop-early run no case of a submission after its first that is not AC
  -v, --verbose    explain each failure, not only the first
      --exit-zero  exit with 0 also when not all is accepted

EXAMPLE
  pocket-grade run suites/squares alice.py bob/
  pocket-grade run suites/squares --batch submissions.zip --roster class.csv
  pocket-grade run suites/squares --batch submissions.zip --shard 3/16

EXIT STATUS
  0    all submissions accepted
  1    graded, but not all accepted
  2    wrong use, a bad suite or roster, or a submission that is named and cannot be read
  3    judge error: the sandbox or the suite is at fault, or the results could not be written
  130  interrupted; what was finished is stored
`

type runOptions struct {
	workers        int
	patterns       []string // of cases' names
	db             string
	json           bool
	quiet, verbose bool
	exitZero       bool
	fresh          bool
	reveal         bool
	languages      string // a file that defines further ones
	table          string // a digest of all that are known
	batch          batchOptions
	noCache        bool
	stopEarly      bool
	repeat         int
	shard          shard
	leftOut        []grader.LeftOut
	args           []string // all of the command, for the audit trail
}

func parseRun(args []string) (runOptions, []string, error) {
	o := runOptions{args: append([]string{"run"}, args...)}
	flags := pflag.NewFlagSet("run", pflag.ContinueOnError)
	flags.IntVarP(&o.workers, "jobs", "j", runtime.NumCPU(), "")
	flags.StringArrayVar(&o.patterns, "case", nil, "")
	flags.StringVar(&o.db, "db", "", "")
	flags.BoolVar(&o.json, "json", false, "")
	flags.BoolVar(&o.reveal, "reveal", false, "")
	flags.BoolVar(&o.fresh, "new", false, "")
	flags.StringVar(&o.languages, "languages", "", "")
	flags.BoolVar(&o.noCache, "no-cache", false, "")
	flags.BoolVar(&o.stopEarly, "stop-early", false, "")
	flags.IntVar(&o.repeat, "repeat", 1, "")
	flags.Var(&o.shard, "shard", "")
	flags.BoolVarP(&o.quiet, "quiet", "q", false, "")
	flags.BoolVarP(&o.verbose, "verbose", "v", false, "")
	flags.BoolVar(&o.exitZero, "exit-zero", false, "")
	flags.StringVar(&o.batch.path, "batch", "", "")
	flags.StringVar(&o.batch.layout, "layout", "", "")
	flags.StringVar(&o.batch.roster, "roster", "", "")
	rest, err := parse(flags, args, 1, -1)
	if err == nil && flags.Changed("batch") && o.batch.path == "" {
		err = hint.With(errors.New("run: --batch is empty"), "name a folder or a zip")
	}
	if err == nil {
		err = o.batch.check(len(rest) - 1)
	}
	if err == nil {
		err = checkJobs("run", o.workers)
	}
	if err == nil && (o.repeat < 1 || o.repeat > 1000) {
		err = hint.With(fmt.Errorf("run: --repeat %d: must be from 1 to 1000", o.repeat), "leave --repeat out to run each case once")
	}
	if err == nil && o.quiet && o.verbose {
		err = hint.With(errors.New("run: -q and -v exclude each other"), "see pocket-grade help run")
	}
	return o, rest, err
}

// mostJobs is more than any machine has cores for; each case at once needs memory, descriptors and processes of ours.
const mostJobs = 1024

// checkJobs says what is wrong with a number of cases at once.
func checkJobs(command string, n int) (err error) {
	switch {
	case n < 1:
		err = fmt.Errorf("%s: -j %d: at least one case must run at once", command, n)
	case n > mostJobs:
		err = fmt.Errorf("%s: -j %d: at most %d cases can run at once", command, n, mostJobs)
	}
	return hint.With(err, "leave -j out for one per core")
}

func cmdRun(ctx context.Context, c console, args []string) (status int, err error) {
	o, rest, err := parseRun(args)
	if err != nil {
		return wrongUse, err
	}
	if err := o.shard.resolve(os.Getenv); err != nil {
		return wrongUse, err
	}
	s, table, err := loadSuite(rest[0], o.languages)
	if err != nil {
		return wrongUse, err
	}
	if err := guarded(s); err != nil {
		return wrongUse, err
	}
	whole := *s // results stay for later runs, which may choose other cases
	s.StopEarly = s.StopEarly || o.stopEarly
	if s.Cases, err = judge.Select(s, o.patterns); err != nil {
		return wrongUse, err
	}
	kit, err := tools(s, table)
	if err != nil {
		return wrongUse, err
	}
	o.table = table.Digest()
	given := rest[1:]
	if o.batch.path != "" {
		given = []string{o.batch.path}
	}
	if err := apart(&whole, given); err != nil {
		return wrongUse, err
	}
	workspace, err := judge.OpenWorkspace()
	if err != nil {
		return judgeError, err
	}
	defer func() { err = errors.Join(err, workspace.Close()) }()
	var entries []entry
	if o.batch.path == "" {
		entries, err = enter(rest[1:], s, table)
	} else {
		entries, o.leftOut, err = enterBatch(c, o, s, table, workspace)
	}
	if err != nil {
		return wrongUse, err
	}
	path, err := database(c, o.db, s, shown(&whole), o.shard)
	if err != nil {
		return wrongUse, err
	}
	return grade(ctx, c, o, s, kit, path, workspace, entries)
}

// entry is one submission with the way to run it.
type entry struct {
	given      string // the path as it was typed; "" when nothing was handed in
	submission grader.Submission
	program    language.Program
	open       func() (judge.Entry, func()) // when not nil, makes the submission ready when its turn comes
	guess      *language.Language           // what it seems to be written in, where that is seen when its turn comes
	instead    *grader.Report               // when not nil, the report of what cannot be run
}

// judged is the entry as the judge takes it.
func (e entry) judged() judge.Entry {
	if e.open != nil || e.instead != nil {
		return judge.Entry{Submission: e.submission, Open: e.open, Instead: e.instead}
	}
	return judge.Entry{Submission: e.submission, Program: judged(e.program), As: e.program.As}
}

// enter looks at all submissions before the first is graded, so that a wrong path is not found after an
// hour. It returns the errors of all of them.
func enter(paths []string, s *grader.Suite, table language.Table) ([]entry, error) {
	var entries []entry
	var problems []error
	called := map[string]int{}
	for _, path := range paths {
		e, err := enterOne(path, s, table)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		called[e.submission.Name]++
		entries = append(entries, e)
	}
	for i, e := range entries {
		if called[e.submission.Name] > 1 { // alice/main.py beside bob/main.py
			entries[i].submission.Name = filepath.Clean(e.given)
		}
	}
	return entries, errors.Join(problems...)
}

func enterOne(path string, s *grader.Suite, table language.Table) (entry, error) {
	sub, err := judge.NewSubmission(path)
	if err != nil {
		return entry{}, err
	}
	program, err := prepare(&sub, sub.Path, s, table)
	if errors.Is(err, language.ErrUnknown) && len(sub.Files) == 1 && intake.IsArchive(sub.Files[0]) {
		err = fmt.Errorf("submission %s: an archive is not unpacked when it is named", path)
		return entry{}, hint.With(err, "grade an archive of several submissions with --batch %s; put one of a single submission into a folder, and name that with --batch", path)
	}
	if err != nil {
		return entry{}, fmt.Errorf("submission %w", err)
	}
	return entry{given: path, submission: sub, program: program}, nil
}
