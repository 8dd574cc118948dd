package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pocket/runtime/hint"
)

func TestMigrationsAreAppliedOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	for known := range len(history) + 1 {
		db, err := Open(path, history[:known])
		if err != nil {
			t.Fatal(err)
		}
		version, err := db.conn.integer("PRAGMA user_version")
		if err != nil || version != known {
			t.Errorf("schema %d, %v; want %d", version, err, known)
		}
		if known > 0 {
			if err := db.Write(insert("kept")); err != nil {
				t.Error(err)
			}
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
	if n := count(t, open(t, path, history)); n != len(history) {
		t.Errorf("%d rows survived, want %d", n, len(history))
	}
}

func TestNewerSchemaIsRefusedAndUntouched(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pocket-grade.db")
	db, err := Open(path, history)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.conn.run("PRAGMA user_version=7"), db.Close()); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Open(path, history)
	if !errors.Is(err, ErrNewer) || err.Error() != path+": schema 7 is newer than this program knows (2)" {
		t.Errorf("got %v", err)
	}
	if !strings.Contains(hint.Of(err), "newer pocket") {
		t.Errorf("hint %q", hint.Of(err))
	}
	if after, _ := os.ReadFile(path); string(after) != string(before) {
		t.Error("the refused database was changed")
	}
}

func TestForeignDatabaseIsRefused(t *testing.T) {
	for name, sql := range map[string]string{
		"tables":   "CREATE TABLE theirs (x)",
		"negative": "PRAGMA user_version=-3",
		"counted":  "CREATE TABLE theirs (x); PRAGMA user_version=1",
		"newer":    "CREATE TABLE theirs (x); PRAGMA user_version=99",
	} {
		path := filepath.Join(t.TempDir(), "theirs.db")
		db, err := Open(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(db.conn.script("make theirs", sql), db.Close()); err != nil {
			t.Fatal(err)
		}
		if _, err = Open(path, history); err == nil || !strings.Contains(err.Error(), "another program") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestFailingMigrationLeavesThePreviousSchema(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	bad := append(history[:1:1], "CREATE TABLE half (x TEXT) STRICT; CREATE TABLE entries (x TEXT) STRICT")
	_, err := Open(path, bad)
	if err == nil || !strings.Contains(err.Error(), "migration to schema 2: table entries already exists") {
		t.Fatalf("got %v", err)
	}
	db := open(t, path, history[:1])
	if tables, err := db.conn.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'half'"); err != nil || tables != 0 {
		t.Errorf("the failed migration's table is there: %d, %v", tables, err)
	}
}
