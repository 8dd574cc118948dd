// Package state keeps containers, their exits and images in SQLite.
//
// It also holds what liveness stands on: the lock that a container's monitor keeps for its life.
package state

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"pocket/runtime/hint"
	"pocket/runtime/sqlite"
)

// Errors that callers branch on.
var (
	ErrNotFound  = errors.New("not found")
	ErrAmbiguous = errors.New("ambiguous") // the message lists the candidates
	ErrNameTaken = errors.New("name is taken")
	ErrRunning   = errors.New("is running")
	ErrLocked    = errors.New("another monitor has it")
)

// DB is the record of one state folder. It is safe for concurrent use, by many processes at once. Each
// method is one transaction: when it returns nil, its changes are durable, and else nothing happened.
type DB struct {
	dir string
	db  *sqlite.DB
}

// Dir is the state folder of this user: $POCKET_ROOT, else /var/lib/pocket-docker for root, else
// $XDG_DATA_HOME/pocket-docker, else ~/.local/share/pocket-docker. It is absolute and need not exist.
func Dir() (string, error) {
	if dir := os.Getenv("POCKET_ROOT"); dir != "" {
		return filepath.Abs(dir)
	}
	if os.Geteuid() == 0 {
		return "/var/lib/pocket-docker", nil
	}
	// A relative one is to be ignored (XDG Base Directory Specification, "Basics").
	if data := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(data) {
		return filepath.Join(data, "pocket-docker"), nil
	}
	home, err := os.UserHomeDir()
	if err == nil && !filepath.IsAbs(home) {
		err = fmt.Errorf("home folder %q is not an absolute path", home)
	}
	if err != nil {
		return "", hint.With(fmt.Errorf("find the state folder: %w", err), "set POCKET_ROOT to a folder of your own")
	}
	return filepath.Join(home, ".local", "share", "pocket-docker"), nil
}

// Open opens the record in the state folder dir, creating both when they are not there. A record that is
// there and cannot be written, for want of a right or of space, can be read; methods that write return
// why not.
func Open(dir string) (*DB, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open the state: %w", err)
	}
	if err := makeDir(dir); err != nil {
		return nil, hint.With(fmt.Errorf("open the state: %w", err), "set POCKET_ROOT to a folder that this user may write to")
	}
	if err := checkEmptied(dir); err != nil {
		return nil, err
	}
	db, err := sqlite.OpenToRead(filepath.Join(dir, "state.db"), migrations)
	if err != nil {
		return nil, err
	}
	return &DB{dir, db}, nil
}

// checkEmptied refuses a record of no bytes beside folders of containers or volumes: something emptied it, and a
// new one in its place would forget them, with what its log (-wal) may still hold. Without any record a new one
// is meant, which has no bytes either for a moment.
func checkEmptied(dir string) error {
	const moment, look = 500 * time.Millisecond, 5 * time.Millisecond
	path, kept := filepath.Join(dir, "state.db"), ""
	for deadline := time.Now().Add(moment); ; time.Sleep(look) {
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() || info.Size() > 0 {
			return nil // others tell what is wrong with it
		}
		if kept = keptBeside(dir); kept == "" {
			return nil
		}
		if time.Now().After(deadline) {
			break
		}
	}
	return hint.With(fmt.Errorf("open the state: %s is empty although there are folders in %s: something emptied it", path, kept),
		"put a copy of it back; or remove it to begin anew, and pocket-docker doctor tells what is left of before")
}

// keptBeside is a folder in dir with something in it that only the record explains, "" if there is none.
func keptBeside(dir string) string {
	for _, name := range []string{"containers", "volumes"} {
		path := filepath.Join(dir, name)
		entries, err := os.ReadDir(path)
		if err == nil && slices.ContainsFunc(entries, os.DirEntry.IsDir) {
			return path
		}
	}
	return ""
}

// makeDir makes the state folder. Root's may be passed through by all, because the ids that containers
// are mapped to must reach their images; what is private in it has modes of its own.
func makeDir(dir string) error {
	mode, parents := os.FileMode(0o700), os.FileMode(0o700)
	if os.Geteuid() == 0 {
		mode, parents = 0o711, 0o755
	}
	if err := os.MkdirAll(filepath.Dir(dir), parents); err != nil {
		return err
	}
	switch err := os.Mkdir(dir, mode); {
	case errors.Is(err, os.ErrExist):
		return os.MkdirAll(dir, mode) // fine if it is a folder, and the error if not
	case err != nil:
		return err
	}
	return os.Chmod(dir, mode) // whatever the umask
}

// Close closes the record.
func (db *DB) Close() error { return db.db.Close() }

// Dir is the state folder, absolute.
func (db *DB) Dir() string { return db.dir }

// Journal is how the database keeps what is being written: "wal", or "delete" on file systems where that
// does not work.
func (db *DB) Journal() string { return db.db.Journal() }

// Check reads the whole database and reports damage, in time proportional to its size.
func (db *DB) Check() error { return db.db.QuickCheck() }
