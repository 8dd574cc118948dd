package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"pocket/grader"
	"pocket/grader/suite"
	"pocket/runtime/hint"
)

// database is where the results of a run go: to --db, or beside the suite, or else to the user's state
// folder, which is said. What programs can read is shown; results must not lie there, because the
// difference of a wrong output tells the next submission the answer.
func database(c console, db string, s *grader.Suite, shown []string, part shard) (string, error) {
	if db != "" {
		return db, errors.Join(ofSuite(db, s), hidden(db, shown))
	}
	path, why, err := databaseFor(s.Dir, part.database(), shown)
	if err == nil && why != "" {
		fmt.Fprintf(c.err, "pocket-grade: %s; results go to %s\n", why, path)
	}
	return path, err
}

// databaseFor is where the results of a suite in dir are kept, under this name, unless --db says otherwise. Where they are
// not kept beside it, why says the reason.
func databaseFor(dir, name string, shown []string) (path, why string, err error) {
	path = filepath.Join(dir, name)
	switch {
	case shownIn(shown, path) != "":
		why = "the programs can read what lies in " + dir
	case !writable(dir) || exists(path) && !writable(path):
		why = dir + " cannot be written"
	default:
		return path, "", nil
	}
	path, err = stateDatabase()
	if err != nil {
		return "", "", err
	}
	path = filepath.Join(filepath.Dir(path), name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		err = fmt.Errorf("making the folder for results: %w", err)
		return "", "", hint.With(err, "name a database with --db")
	}
	return path, why, hidden(path, shown)
}

// ofSuite says that a database would be made of one of the suite's files: SQLite takes an empty one for a new database.
func ofSuite(db string, s *grader.Suite) error {
	about, err := os.Stat(db)
	if err != nil {
		return nil // it is yet to be made
	}
	for _, c := range s.Cases {
		for _, file := range []string{c.Input.Path, c.Answer.Path} {
			if own, err := os.Stat(file); err == nil && os.SameFile(own, about) {
				return hint.With(fmt.Errorf("database %s: it is a file of case %s", db, c.Name), "name another file with --db")
			}
		}
	}
	return nil
}

// hidden says that programs could read a database.
func hidden(path string, shown []string) error {
	folder := shownIn(shown, path)
	if folder == "" {
		return nil
	}
	err := fmt.Errorf("database %s: the programs can read %s, and with it the answers in earlier results", path, folder)
	return hint.With(err, "name a database outside of the suite's volumes and root file system with --db")
}

// stateDatabase is the database in the user's state folder (XDG Base Directory Specification).
func stateDatabase() (string, error) {
	state := os.Getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(state) { // "All paths … must be absolute … otherwise invalid and ignored"
		home, err := os.UserHomeDir()
		if err != nil {
			return "", hint.With(fmt.Errorf("finding a folder for results: %w", err), "name a database with --db")
		}
		state = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(state, "pocket-grade", suite.Database), nil
}

// writable asks the kernel, which also knows of read-only mounts, with the ids that count (AT_EACCESS).
func writable(path string) bool {
	return unix.Faccessat(unix.AT_FDCWD, path, unix.W_OK, unix.AT_EACCESS) == nil
}

func readable(path string) bool {
	return unix.Faccessat(unix.AT_FDCWD, path, unix.R_OK, unix.AT_EACCESS) == nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// findResults is findDatabase for who only reads: where nothing is named and nothing lies in the current folder,
// the database of the last run comes before the one in the state folder; last says that it is that.
func findResults(db, of string) (path string, last bool, err error) {
	if db == "" && of == "" && !isSuite(".") && !readable(suite.Database) {
		if path = remembered(); path != "" {
			return path, true, nil
		}
	}
	path, err = findDatabase(db, of)
	return path, false, err
}

// findDatabase is where results and show look: --db, else the suite's, else the one in the current
// folder, else the one in the state folder. It must exist.
func findDatabase(db, of string) (string, error) {
	candidates := []string{db}
	if db == "" {
		candidates = databases(of)
	}
	// A database that another user keeps beside the suite is passed over for one's own.
	for _, fits := range []func(string) bool{readable, exists} {
		if i := slices.IndexFunc(candidates, fits); i >= 0 {
			return candidates[i], nil
		}
	}
	err := fmt.Errorf("no results: %s does not exist", candidates[0])
	return "", hint.With(err, "name the suite with --suite or the database with --db")
}

// databases are where the results of a suite may be, the likeliest first.
func databases(of string) []string {
	dir := of
	if of == "" {
		dir, of = ".", "."
	} else if about, err := os.Stat(of); err == nil && !about.IsDir() {
		dir = filepath.Dir(of)
	}
	candidates := []string{filepath.Join(dir, suite.Database)}
	if state, err := stateDatabase(); err == nil {
		candidates = append(candidates, state)
	}
	// A suite that cannot be loaded has no run whose results could be elsewhere.
	if s, err := suite.Load(of, nil); err == nil && shownIn(shown(s), candidates[0]) != "" {
		slices.Reverse(candidates)
	}
	return candidates
}
