package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/hint"
	"pocket/runtime/internal/trial"
)

var errNoWriting = errors.New("no writing today")

// written makes a database with one entry and closes it.
func written(t *testing.T, path string) {
	t.Helper()
	db, err := Open(path, history)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Write(insert("one")), db.Close()); err != nil {
		t.Fatal(err)
	}
}

func openToRead(t *testing.T, path string) *DB {
	t.Helper()
	db, err := openReading(path, history, errNoWriting)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// copyOf copies the database with its side files, as a process that is killed would leave them.
func copyOf(t *testing.T, path string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy ?#%41.db")
	for _, side := range []string{"", "-wal", "-shm"} {
		b, err := os.ReadFile(path + side)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err := errors.Join(err, os.WriteFile(to+side, b, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

func TestReadingWithoutWriting(t *testing.T) {
	dir := t.TempDir()
	closed, live, rollback := filepath.Join(dir, "closed.db"), filepath.Join(dir, "live.db"), filepath.Join(dir, "rollback.db")
	for _, path := range []string{closed, live, rollback} {
		written(t, path)
	}
	writer := open(t, live, history)
	if err := writer.Write(insert("two")); err != nil {
		t.Fatal(err)
	}
	if mode, err := open(t, rollback, history).conn.switchJournal("delete"); err != nil || mode != "delete" {
		t.Fatalf("journal mode %q, %v", mode, err)
	}
	for name, c := range map[string]struct {
		path string
		want int
	}{
		"closed": {closed, 1}, "odd name": {copyOf(t, closed), 1}, "live": {live, 2}, "left by a killed process": {copyOf(t, live), 2},
		"rollback journal": {rollback, 1},
	} {
		before, err := os.ReadFile(c.path)
		if err != nil {
			t.Fatal(err)
		}
		db := openToRead(t, c.path)
		if n := count(t, db); n != c.want {
			t.Errorf("%s: %d rows, want %d", name, n, c.want)
		}
		if err := db.Write(insert("never")); !errors.Is(err, errNoWriting) {
			t.Errorf("%s: write: %v", name, err)
		}
		if after, err := os.ReadFile(c.path); err != nil || string(after) != string(before) {
			t.Errorf("%s: the file was changed (%v)", name, err)
		}
	}
	if err := writer.Write(insert("three")); err != nil {
		t.Errorf("the writer beside a reader: %v", err)
	}
	if n := count(t, openToRead(t, live)); n != 3 {
		t.Errorf("%d rows after another write, want 3", n)
	}
}

func TestReadingNoticesAWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	written(t, path)
	if err := os.Chtimes(path, time.Time{}, time.Unix(1, 0)); err != nil { // so that any change shows
		t.Fatal(err)
	}
	before := openToRead(t, path)
	count(t, before)
	writer, err := Open(path, history)
	if err != nil {
		t.Fatal(err)
	}
	if err := writer.Write(insert("two")); err != nil {
		t.Fatal(err)
	}
	none := func(*Tx) error { return nil }
	if err := before.Read(none); !errors.Is(err, errChanged) || hint.Of(err) == "" {
		t.Errorf("with a log: %v", err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	if err := before.Read(none); !errors.Is(err, errChanged) {
		t.Errorf("with the log folded back: %v", err)
	}
}

func TestReadingRefusesWhatItCannotRead(t *testing.T) {
	dir := t.TempDir()
	path, lone := filepath.Join(dir, "test.db"), filepath.Join(dir, "lone.db")
	written(t, path)
	if _, err := openReading(path, history[:len(history)-1], errNoWriting); !errors.Is(err, ErrNewer) {
		t.Errorf("newer: %v", err)
	}
	if _, err := openReading(path, append(history[:len(history):len(history)], ""), errNoWriting); err == nil || !strings.Contains(err.Error(), "is older") {
		t.Errorf("older: %v", err)
	}
	db := open(t, path, history)
	if err := db.Write(insert("two")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(copyOf(t, path), lone); err != nil { // a log that lost its database is not this one's
		t.Fatal(err)
	}
	if err := os.WriteFile(lone+"-wal", []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := lookAt(lone); !errors.Is(err, errChanged) {
		t.Errorf("a log beside it: %v", err)
	}
	if _, err := OpenToRead(filepath.Join(dir, "none", "x.db"), history); !errors.Is(err, unix.ENOENT) {
		t.Errorf("no folder: %v", err)
	}
}

func TestOpenToReadWithoutTheRightToWrite(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may write everywhere")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "test.db")
	written(t, path)
	for _, mode := range []os.FileMode{0o600, 0o400} {
		if err := errors.Join(os.Chmod(path, mode), os.Chmod(dir, 0o500)); err != nil {
			t.Fatal(err)
		}
		db, err := OpenToRead(path, history)
		if err != nil {
			t.Fatalf("mode %v: %v", mode, err)
		}
		if n := count(t, db); n != 1 {
			t.Errorf("mode %v: %d rows", mode, n)
		}
		if err := db.Write(insert("x")); !errors.Is(err, unix.EACCES) || !strings.Contains(hint.Of(err), "writable") {
			t.Errorf("mode %v: write: %v, hint %q", mode, err, hint.Of(err))
		}
		if err := errors.Join(db.Close(), os.Chmod(dir, 0o700)); err != nil {
			t.Error(err)
		}
	}
}

// TestFullDisk reads from a file system without any space.
func TestFullDisk(t *testing.T) {
	trial.OnSmallDisk(t, "1m", readOnFullDisk)
}

func readOnFullDisk(t *testing.T, dir string) {
	path := filepath.Join(dir, "test.db")
	written(t, path)
	if err := os.WriteFile(filepath.Join(dir, "filler"), make([]byte, 2<<20), 0o600); !errors.Is(err, unix.ENOSPC) {
		t.Fatalf("filled the disk: %v", err)
	}
	if _, err := Open(path, history); !errors.Is(err, unix.ENOSPC) || !strings.Contains(hint.Of(err), "free space") {
		t.Errorf("open: %v, hint %q", err, hint.Of(err))
	}
	for range 2 { // what the first leaves behind must not keep the second from reading
		db, err := OpenToRead(path, history)
		if err != nil {
			t.Fatal(err)
		}
		if n := count(t, db); n != 1 {
			t.Errorf("%d rows", n)
		}
		if err := db.Write(insert("x")); !errors.Is(err, unix.ENOSPC) || !strings.Contains(hint.Of(err), "free space") {
			t.Errorf("write: %v, hint %q", err, hint.Of(err))
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := os.Remove(filepath.Join(dir, "filler")); err != nil {
		t.Fatal(err)
	}
	db := open(t, path, history)
	if err := db.Write(insert("two")); err != nil || count(t, db) != 2 {
		t.Errorf("with space again: %v", err)
	}
}
