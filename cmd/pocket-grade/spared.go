package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"pocket/grader/report"
	"pocket/grader/suite"
	"pocket/runtime/hint"
)

// spared are files that no report may replace, whatever they are called, and the suite's folder, in which nothing
// but an earlier report may be replaced.
type spared struct {
	database string
	suite    string // its file; "" when it is not known
	force    bool   // whatever else is there may be replaced
}

// sqliteMagic begins every SQLite database (fileformat2.html, 1.3.1).
const sqliteMagic = "SQLite format 3\x00"

// check says why what is at path, if anything is, may not be replaced by a report in this format: an earlier one
// may, and what is empty, and everything else but databases and the suite's file by force. Files are compared by
// identity, so that no link leads around it; the database's companions may also be yet to come.
func (s spared) check(path, format string) error {
	if path == "-" {
		return nil
	}
	about, err := os.Stat(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil // writing it tells why it cannot be
	}
	own := map[string]string{s.suite: "is the suite's file"}
	for _, ending := range []string{"", "-wal", "-shm", "-journal", "-graders"} {
		own[s.database+ending] = "belongs to the database with the results"
	}
	for file, what := range own {
		same, missing := os.Stat(file)
		if file != "" && (really(path) == really(file) || err == nil && missing == nil && os.SameFile(about, same)) {
			return hint.With(fmt.Errorf("report: %s %s", path, what), "name another file")
		}
	}
	switch {
	case err != nil || about.Mode()&(fs.ModeDevice|fs.ModeCharDevice) == 0 && !about.Mode().IsRegular():
		return nil
	case about.Mode()&fs.ModeCharDevice != 0:
		return nil
	case about.Mode()&fs.ModeDevice != 0:
		return hint.With(fmt.Errorf("report: %s is a disk", path), "name a file")
	}
	return s.regular(path, format)
}

// regular is check for a file that is there and none of the suite's or database's own.
func (s spared) regular(path, format string) error {
	begin, err := beginningOf(path)
	switch {
	case err != nil:
		return hint.With(fmt.Errorf("report: looking at what %s is: %w", path, err), "name another file")
	case len(begin) >= len(sqliteMagic) && string(begin[:len(sqliteMagic)]) == sqliteMagic:
		return hint.With(fmt.Errorf("report: %s is a database", path), "name another file")
	case s.force || report.Earlier(format, begin):
		return nil
	case len(begin) > 0:
		err = fmt.Errorf("report: %s exists and is no earlier report as %s", path, format)
	case s.suite != "" && shownIn([]string{filepath.Dir(s.suite)}, path) != "":
		err = fmt.Errorf("report: %s exists, in the suite's folder, and is no earlier report", path)
	default:
		return nil
	}
	return hint.With(err, "name another file, or replace it with --force")
}

func beginningOf(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, report.Lookahead))
}

// sparedBy is what a run's reports may not replace.
func sparedBy(database, suiteFile string, force bool) spared {
	if about, err := os.Stat(suiteFile); err == nil && about.IsDir() {
		suiteFile = filepath.Join(suiteFile, suite.File)
	}
	return spared{database, suiteFile, force}
}
