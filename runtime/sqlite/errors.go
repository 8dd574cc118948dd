package sqlite

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"

	"pocket/runtime/hint"
)

// ErrBusy is wrapped by the errors of a database that others have kept locked for as long as is waited.
var ErrBusy = errors.New("database is locked")

// fail says which step of the connection did not work, with SQLite's own words.
func (c *conn) fail(step string, rc int32) error {
	message := libc.GoString(sqlite3.Xsqlite3_errstr(c.tls, rc))
	if c.db != 0 && sqlite3.Xsqlite3_extended_errcode(c.tls, c.db)&0xff == rc&0xff {
		message = libc.GoString(sqlite3.Xsqlite3_errmsg(c.tls, c.db))
	}
	if strings.HasPrefix(step, "PRAGMA ") { // one that nobody asked for
		step = "open the database"
	}
	if isBusy(rc) {
		by := Holder(c.path)
		if by != "" {
			by = " by " + by
		}
		return hint.With(fmt.Errorf("%s: %s: %w%s (waited %d s)", c.path, step, ErrBusy, by, busyTimeout/1000),
			"wait for the process that uses it, or end that process")
	}
	err := fmt.Errorf("%s: %s: %s", c.path, step, message)
	if errno := c.systemErrno(rc); errno != 0 {
		err = fmt.Errorf("%w: %w", err, errno)
	}
	primary := rc & 0xff
	switch {
	case primary == sqlite3.SQLITE_NOTADB:
		return damaged(fmt.Errorf("%s is no database, or its beginning is damaged: %s", c.path, message))
	case primary == sqlite3.SQLITE_CORRUPT:
		return damaged(fmt.Errorf("the database %s is damaged: %s", c.path, message)) // by which step it was found does not matter
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT):
		return hint.With(err, "free space on the disk that holds %s", filepath.Dir(c.path))
	case primary == sqlite3.SQLITE_READONLY, primary == sqlite3.SQLITE_PERM, primary == sqlite3.SQLITE_CANTOPEN:
		return hint.With(err, "make %s and its folder writable for this user", c.path)
	}
	return err
}

// systemErrno is the kernel's reason behind a failure, 0 where there is none. Of a full disk and of a file
// that may not be written SQLite does not keep it.
func (c *conn) systemErrno(rc int32) unix.Errno {
	switch primary := rc & 0xff; {
	case primary == sqlite3.SQLITE_FULL:
		return unix.ENOSPC
	case primary == sqlite3.SQLITE_READONLY:
		return unix.EACCES
	case c.db != 0 && (primary == sqlite3.SQLITE_IOERR || primary == sqlite3.SQLITE_CANTOPEN):
		return unix.Errno(sqlite3.Xsqlite3_system_errno(c.tls, c.db))
	}
	return 0
}

func damaged(err error) error {
	return hint.With(err, "move the file away, with its -wal and -shm files, so that a new one is made; or put a copy of it back, or give another path")
}

// longestPath is what SQLite takes, in bytes, symbolic links resolved: 512 with the names of its side files
// (SQLITE_CANTOPEN beyond, without a reason; MAX_PATHNAME in its os_unix.c).
const longestPath = 504

// checkLength refuses a path that SQLite would not open.
func checkLength(path string) error {
	dir, name := filepath.Split(path)
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	if n := len(filepath.Join(dir, name)); n > longestPath {
		return hint.With(fmt.Errorf("open database %s: its path has %d bytes, and SQLite takes at most %d", path, n, longestPath),
			"choose a folder with a shorter path")
	}
	return nil
}

// unusable is the error for a path at which no database can be opened for writing.
func unusable(path string, cause error) error {
	err := fmt.Errorf("open database %s: %w", path, cause)
	dir := filepath.Dir(path)
	switch {
	case errors.Is(cause, unix.ENOENT):
		return hint.With(err, "make the folder first: mkdir -p %s", dir)
	case errors.Is(cause, unix.EACCES), errors.Is(cause, unix.EPERM), errors.Is(cause, unix.EROFS):
		return hint.With(err, "make %s and its folder writable for this user, or give another place for the database", path)
	case errors.Is(cause, unix.ENOSPC), errors.Is(cause, unix.EDQUOT):
		return hint.With(err, "free space on the disk that holds %s", dir)
	}
	return err
}

// shorten names a statement in an error: its first words.
func shorten(sql string) string {
	const longest = 60
	words := strings.Join(strings.Fields(sql), " ")
	if len(words) <= longest {
		return words
	}
	return strings.ToValidUTF8(words[:longest], "") + "…"
}
