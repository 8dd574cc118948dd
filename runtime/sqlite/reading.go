package sqlite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
	sqlite3 "modernc.org/sqlite/lib"

	"pocket/runtime/hint"
)

// OpenToRead is Open for those who mostly read. Where a database is there, but cannot be written for
// want of a right or of space, it is opened all the same: Read works on it, Write returns the error that
// Open would have returned. A schema that needs migrations is not opened so.
func OpenToRead(path string, migrations []string) (*DB, error) {
	db, cause := Open(path, migrations)
	if cause == nil || !cannotWrite(cause) {
		return db, cause
	}
	full, err := filepath.Abs(path)
	if err != nil {
		return nil, cause
	}
	db, err = openReading(full, migrations, cause)
	switch {
	case errors.Is(err, ErrNewer):
		return nil, err
	case err != nil:
		return nil, cause // it tells more than why the second way failed too
	}
	return db, nil
}

func cannotWrite(err error) bool {
	for _, errno := range []unix.Errno{unix.EACCES, unix.EPERM, unix.EROFS, unix.ENOSPC, unix.EDQUOT} {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}

// openReading opens a database without writing anything, not even the memory that WAL shares.
//
// With a log (-wal) that others have open or have left, the shared memory is read, or made up in our own
// when nobody is there to keep it right (readonly_shm). Without a log everything is in the database
// itself, but SQLite would want to begin one: only immutable keeps it from that. That file is then read
// without any lock, so each transaction makes sure afterwards that it was left alone (sqlite.org/wal.html,
// "Read-Only Databases"; c3ref/open.html, "URI Filenames").
func openReading(path string, migrations []string, cause error) (*DB, error) {
	db := &DB{path: path, refused: cause}
	err := db.connectReading("mode=ro&readonly_shm=1", migrations)
	if err == nil {
		return db, nil
	}
	still, stillErr := lookAt(path)
	if stillErr != nil {
		return nil, errors.Join(err, stillErr)
	}
	if immutableErr := db.connectReading("mode=ro&immutable=1", migrations); immutableErr != nil {
		return nil, errors.Join(err, immutableErr)
	}
	db.still = still
	if err := still.check(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func (db *DB) connectReading(options string, migrations []string) error {
	name := "file:" + strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(db.path) + "?" + options
	c, err := connect(db.path, name, sqlite3.SQLITE_OPEN_READONLY|sqlite3.SQLITE_OPEN_URI)
	if err != nil {
		return err
	}
	if err := db.settleReading(c, migrations); err != nil {
		return errors.Join(err, c.close())
	}
	db.conn = c
	return nil
}

func (db *DB) settleReading(c *conn, migrations []string) error {
	sqlite3.Xsqlite3_busy_timeout(c.tls, c.db, busyTimeout)
	if err := c.run("PRAGMA trusted_schema=OFF"); err != nil {
		return err
	}
	if err := checkSchema(c, migrations); err != nil {
		return err
	}
	version, err := c.integer("PRAGMA user_version")
	if err == nil && version != len(migrations) {
		err = fmt.Errorf("%s: schema %d is older than this program's (%d)", c.path, version, len(migrations))
	}
	if err == nil {
		db.journal, err = c.text("PRAGMA journal_mode")
	}
	return err
}

// unchanged is a database file as it was when there was no log beside it.
type unchanged struct {
	path string
	info os.FileInfo
}

var errChanged = errors.New("another process writes to it")

// lookAt fails when the file alone is not the whole database.
func lookAt(path string) (*unchanged, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	u := &unchanged{path, info}
	return u, u.check()
}

// check fails when anybody may have written to the database since lookAt. What is written goes to a log
// or a journal first; that has content until its content is in the file, whose time has changed then.
func (u *unchanged) check() error {
	for _, side := range []string{"-wal", "-journal"} {
		info, err := os.Stat(u.path + side)
		if err == nil && info.Size() > 0 {
			return u.changed()
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("read database: %w", err)
		}
	}
	info, err := os.Stat(u.path)
	if err != nil {
		return fmt.Errorf("read database: %w", err)
	}
	if !os.SameFile(info, u.info) || info.Size() != u.info.Size() || !info.ModTime().Equal(u.info.ModTime()) {
		return u.changed()
	}
	return nil
}

func (u *unchanged) changed() error {
	return hint.With(fmt.Errorf("%s: %w, and this user cannot share it with that one", u.path, errChanged),
		"try again when the other process has ended")
}
