package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"pocket/runtime/hint"
)

const databaseName = "pocket-grade.db"

// databaseFor is where the results of a suite in dir are kept unless --db says otherwise: beside the
// suite, or, when nothing can be written there, in the user's state folder.
func databaseFor(dir string) (path string, beside bool, err error) {
	path = filepath.Join(dir, databaseName)
	if writable(dir) && (writable(path) || !exists(path)) {
		return path, true, nil
	}
	path, err = stateDatabase()
	if err != nil {
		return "", false, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		err = fmt.Errorf("making the folder for results: %w", err)
		return "", false, hint.With(err, "name a database with --db")
	}
	return path, false, nil
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
	return filepath.Join(state, "pocket-grade", databaseName), nil
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

// findDatabase is where results and show look: --db, else the suite's, else the one in the current
// folder, else the one in the state folder. It must exist.
func findDatabase(db, suite string) (string, error) {
	candidates := []string{db}
	if db == "" {
		if suite == "" {
			suite = "."
		} else if about, err := os.Stat(suite); err == nil && !about.IsDir() {
			suite = filepath.Dir(suite)
		}
		candidates = []string{filepath.Join(suite, databaseName)}
		if state, err := stateDatabase(); err == nil {
			candidates = append(candidates, state)
		}
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
