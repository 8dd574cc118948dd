// Package sqlite opens a SQLite database the way both programs need it, and migrates it.
//
// It stands directly on SQLite's C library as translated to Go; nothing of that library shows through.
// A database is used in transactions only: Write for changes, Read for a consistent view.
package sqlite

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	sqlite3 "modernc.org/sqlite/lib"

	"pocket/runtime/failpoint"
)

// DB is an open database. It holds one connection, so its transactions take turns; processes that
// share a database each have a DB of their own. It is safe for concurrent use.
type DB struct {
	path    string
	journal string
	refused error      // why nothing can be written; nil: it can
	still   *unchanged // set where the file is read without locks
	tell    func()     // see OnWait

	mu   sync.Mutex
	conn *conn
}

// Open opens the database file at path, creating it (mode 0600, its folder must exist) when there is
// none, and applies those of migrations that it does not have yet.
//
// migrations is the whole history in order, append-only: element i is the SQL that leads from schema i
// to schema i+1, and runs in a transaction of its own. PRAGMA user_version counts them. A database with
// a higher count is refused with ErrNewer and not changed, and so is one of another program. The table with which the first
// begins has to be there in every later schema: by it ours is known.
//
// Every commit is durable when Write returns (synchronous=FULL), foreign keys are enforced, and a
// locked database is waited for up to 30 s.
func Open(path string, migrations []string) (*DB, error) {
	full, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	if err := checkLength(full); err != nil {
		return nil, err
	}
	if err := failpoint.At("sqlite.open"); err != nil {
		return nil, fmt.Errorf("open database %s: %w", full, err)
	}
	if err := create(full); err != nil {
		return nil, err
	}
	c, err := connect(full, full, sqlite3.SQLITE_OPEN_READWRITE)
	if err != nil {
		return nil, err
	}
	db := &DB{path: full, conn: c}
	if err := db.settle(migrations); err != nil {
		return nil, errors.Join(err, c.close())
	}
	return db, nil
}

// settle brings a fresh connection and the file into the state that Open promises. Nothing is written
// before the file is known to be ours and not newer.
func (db *DB) settle(migrations []string) error {
	if err := db.conn.configure(); err != nil {
		return err
	}
	if err := checkSchema(db.conn, migrations); err != nil {
		return err
	}
	journal, err := setJournal(db.conn)
	if err != nil {
		return err
	}
	db.journal = journal
	return migrate(db.conn, migrations)
}

// Close ends the connection. A transaction under way in another goroutine is waited for. The last
// process to close a database in WAL mode folds its log back into it. Closing twice does nothing.
func (db *DB) Close() error {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.conn == nil {
		return nil
	}
	c := db.conn
	db.conn = nil
	return c.close()
}

// Path is the database file's absolute path.
func (db *DB) Path() string { return db.path }

// Journal is the journal mode in use: "wal", or "delete" on file systems where processes cannot share
// the memory that WAL needs (sqlite.org/wal.html, "All processes using a database must be on the same
// host computer").
func (db *DB) Journal() string { return db.journal }

// Write runs do in a transaction that holds the write lock from its start (BEGIN IMMEDIATE), so it
// never fails in its middle because another process wrote first. When do returns nil the changes are
// committed and durable; when it returns an error, or panics, none of them happened. do must not use
// db itself: that would wait for ever.
func (db *DB) Write(do func(*Tx) error) error {
	if db.refused != nil {
		return db.refused
	}
	return db.transact("BEGIN IMMEDIATE", do, false)
}

// Read runs do on one consistent state of the database, whatever others write meanwhile. A statement
// that would change something is refused. do must not use db itself: that would wait for ever.
func (db *DB) Read(do func(*Tx) error) error {
	err := db.transact("BEGIN", do, true)
	if db.still != nil {
		if changed := db.still.check(); changed != nil {
			return changed // whatever do has seen, it may not be one state
		}
	}
	return err
}

func (db *DB) transact(begin string, do func(*Tx) error, readOnly bool) (err error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	c := db.conn
	if c == nil {
		return fmt.Errorf("%s: database is closed", db.path)
	}
	if !readOnly {
		if err := failpoint.At("sqlite.write"); err != nil {
			return fmt.Errorf("%s: %w", db.path, err)
		}
	}
	ended := db.waiting()
	err = c.run(begin)
	ended()
	if err != nil {
		return err
	}
	// Deferred, so that a panic in do leaves the connection usable. SQLite may have rolled back by
	// itself already (lang_transaction.html, "Response To Errors Within A Transaction").
	c.readOnly = readOnly
	defer func() {
		c.readOnly = false
		if c.inTransaction() {
			err = errors.Join(err, c.run("ROLLBACK"))
		}
	}()
	if err := do(&Tx{conn: c}); err != nil {
		return err
	}
	if readOnly {
		return c.run("COMMIT")
	}
	if err := failpoint.At("sqlite.commit"); err != nil {
		return fmt.Errorf("%s: %w", db.path, err)
	}
	err = c.run("COMMIT")
	failpoint.Kill("sqlite.committed")
	return err
}

// Compact gives back to the file system what is free in the file (VACUUM), which takes time and free space on disk in
// proportion to what is in it. Others may read meanwhile, and whoever writes is waited for, as by Write. In WAL mode
// the file shrinks when its log is folded back next, at the latest by the last Close. An error changes nothing.
func (db *DB) Compact() error {
	if db.refused != nil {
		return db.refused
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.conn == nil {
		return fmt.Errorf("%s: database is closed", db.path)
	}
	defer db.waiting()()
	return db.conn.run("VACUUM")
}

// QuickCheck reads the whole file and reports the first damage found, nil if there is none
// (PRAGMA quick_check). It takes time in proportion to the file's size.
func (db *DB) QuickCheck() error {
	return db.Read(func(tx *Tx) error {
		return tx.Query(func(r *Row) error {
			if found := r.Text(); found != "ok" {
				return damaged(fmt.Errorf("%s: quick check: %s", db.path, found))
			}
			return nil
		}, "PRAGMA quick_check(1)")
	})
}
