package sqlite

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	sqlite3 "modernc.org/sqlite/lib"

	"pocket/runtime/hint"
)

var history = []string{
	"CREATE TABLE entries (id INTEGER PRIMARY KEY, who TEXT NOT NULL) STRICT",
	"CREATE TABLE notes (entry INTEGER NOT NULL REFERENCES entries, text TEXT) STRICT; CREATE INDEX notes_entry ON notes (entry)",
}

func open(t *testing.T, path string, migrations []string) *DB {
	t.Helper()
	db, err := Open(path, migrations)
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

func fresh(t *testing.T) *DB {
	t.Helper()
	return open(t, filepath.Join(t.TempDir(), "test.db"), history)
}

func insert(who string) func(*Tx) error {
	return func(tx *Tx) error {
		_, err := tx.Exec("INSERT INTO entries (who) VALUES (?)", who)
		return err
	}
}

func count(t *testing.T, db *DB) int {
	t.Helper()
	n := 0
	err := db.Read(func(tx *Tx) error {
		return tx.Query(func(r *Row) error { n = r.Int(); return nil }, "SELECT count(*) FROM entries")
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestOpenSetsTheConnectionUp(t *testing.T) {
	db := fresh(t)
	for pragma, want := range map[string]string{
		"journal_mode": db.Journal(), "synchronous": "2", "foreign_keys": "1", "busy_timeout": "30000",
		"trusted_schema": "0", "user_version": "2",
	} {
		got, err := db.conn.text("PRAGMA " + pragma)
		if err != nil || got != want {
			t.Errorf("%s is %q, %v; want %q", pragma, got, err, want)
		}
	}
	status, err := os.Stat(db.Path())
	if err != nil || status.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", status.Mode(), err)
	}
	if _, err := os.Stat(db.Path() + "-lock"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the lock file of the switch is left behind: %v", err)
	}
	if err := db.QuickCheck(); err != nil {
		t.Error(err)
	}
}

func TestJournalFitsTheFileSystem(t *testing.T) {
	for fsType, want := range map[uint32]string{
		0xef53: "wal", 0x9123683e: "wal", 0x01021994: "wal", // ext4, btrfs, tmpfs
		0x6969: "delete", 0xff534d42: "delete", 0x01021997: "delete", 0x65735546: "delete",
	} {
		if got := journalFor(fsType); got != want {
			t.Errorf("file system %#x: %s, want %s", fsType, got, want)
		}
	}
}

func TestSwitchBackToRollbackJournal(t *testing.T) {
	db := fresh(t)
	if db.Journal() != "wal" {
		t.Skipf("journal mode %s: the temporary folder's file system has no WAL", db.Journal())
	}
	if mode, err := db.conn.switchJournal("delete"); err != nil || mode != "delete" {
		t.Fatalf("got %q, %v", mode, err)
	}
	if err := db.Write(insert("a")); err != nil {
		t.Fatal(err)
	}
	if again := open(t, db.Path(), history); again.Journal() != "wal" || count(t, again) != 1 {
		t.Errorf("reopened: journal %s", again.Journal())
	}
}

func TestValuesComeBackAsTheyWere(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "test.db"), []string{
		"CREATE TABLE v (i INTEGER, j INTEGER, t INTEGER, f INTEGER, r REAL, s TEXT, b BLOB, e BLOB, n BLOB, at INTEGER, never INTEGER, l BLOB, none BLOB) STRICT",
	})
	at := time.Date(2024, 2, 29, 12, 30, 0, 123456789, time.FixedZone("x", 3600))
	text := "a\x00b\xff ü\n"
	args := []any{-7, int64(math.MaxInt64), true, false, 0.1, text, []byte{0, 1, 255}, []byte{}, nil, at, time.Time{}, []string{"a", "", "b c"}, []string{}}
	err := db.Write(func(tx *Tx) error {
		n, err := tx.Exec("INSERT INTO v VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)", args...)
		if n != 1 {
			t.Errorf("%d rows changed, want 1", n)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []any
	err = db.Read(func(tx *Tx) error {
		return tx.Query(func(r *Row) error {
			got = []any{r.Int(), r.Int64(), r.Bool(), r.Bool(), r.Float(), r.Text(), r.Bytes(), r.Bytes(), r.Bytes(), r.Time(), r.Time(), r.Strings(), r.Strings()}
			return nil
		}, "SELECT * FROM v")
	})
	want := []any{-7, int64(math.MaxInt64), true, false, 0.1, text, []byte{0, 1, 255}, []byte{}, []byte(nil), at.UTC(), time.Time{}, []string{"a", "", "b c"}, []string(nil)}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got  %#v, %v\nwant %#v", got, err, want)
	}
}

func TestStatementMistakesAreErrors(t *testing.T) {
	db := fresh(t)
	none := func(*Row) error { return nil }
	for name, test := range map[string]struct {
		do   func(*Tx) error
		want string
	}{
		"syntax":      {func(tx *Tx) error { _, err := tx.Exec("INSERT INTU entries"); return err }, `INSERT INTU entries: near "INTU": syntax error`},
		"too few":     {func(tx *Tx) error { return tx.Query(none, "SELECT ?") }, "0 arguments for 1 parameters"},
		"type":        {func(tx *Tx) error { return tx.Query(none, "SELECT ?", 1i) }, "argument 1: complex128 cannot be stored"},
		"nan":         {func(tx *Tx) error { return tx.Query(none, "SELECT ?", math.NaN()) }, "not a number"},
		"nul in list": {func(tx *Tx) error { return tx.Query(none, "SELECT ?", []string{"a\x00"}) }, "NUL byte"},
		"far time":    {func(tx *Tx) error { return tx.Query(none, "SELECT ?", time.Unix(1<<40, 0)) }, "out of range"},
		"two":         {func(tx *Tx) error { return tx.Query(none, "SELECT 1; SELECT 2") }, "not one statement"},
		"empty":       {func(tx *Tx) error { return tx.Query(none, " ") }, "not one statement"},
		"columns":     {func(tx *Tx) error { return tx.Query(none, "SELECT 1") }, "0 columns read of 1"},
		"constraint":  {func(tx *Tx) error { _, err := tx.Exec("INSERT INTO notes VALUES (99, '')"); return err }, "FOREIGN KEY constraint failed"},
		"strict":      {func(tx *Tx) error { _, err := tx.Exec("INSERT INTO entries VALUES ('x', 'y')"); return err }, "datatype mismatch"},
	} {
		err := db.Write(test.do)
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), db.Path()+": ") {
			t.Errorf("%s: got %v, want …%s", name, err, test.want)
		}
	}
	if err := db.Read(insert("x")); err == nil || !strings.Contains(err.Error(), "for reading") {
		t.Errorf("write in Read: %v", err)
	}
	if count(t, db) != 0 {
		t.Error("a refused statement left rows")
	}
}

func TestWriteIsAllOrNothing(t *testing.T) {
	db := fresh(t)
	stop := errors.New("stop")
	err := db.Write(func(tx *Tx) error { return errors.Join(insert("a")(tx), stop) })
	if !errors.Is(err, stop) {
		t.Errorf("got %v, want the function's error", err)
	}
	func() {
		defer func() { _ = recover() }()
		_ = db.Write(func(tx *Tx) error { _ = insert("b")(tx); panic("out") })
	}()
	if n := count(t, db); n != 0 {
		t.Fatalf("%d rows after rolled back transactions", n)
	}
	if err := db.Write(insert("c")); err != nil || count(t, db) != 1 {
		t.Errorf("the connection does not work any more: %v", err)
	}
}

func TestStatementsNest(t *testing.T) {
	db := fresh(t)
	const sql = "SELECT value FROM json_each(?)"
	total := 0
	err := db.Read(func(tx *Tx) error {
		return tx.Query(func(outer *Row) error {
			list := outer.Text()
			return tx.Query(func(inner *Row) error { total += inner.Int(); return nil }, sql, list)
		}, sql, `["[1,2]","[3]"]`)
	})
	if err != nil || total != 6 {
		t.Errorf("got %d, %v; want 6", total, err)
	}
}

func TestReadSeesOneState(t *testing.T) {
	db := fresh(t)
	if db.Journal() != "wal" {
		t.Skipf("journal mode %s: a writer would wait for the reader", db.Journal())
	}
	other := open(t, db.Path(), history)
	err := db.Read(func(tx *Tx) error {
		for range 3 {
			seen := -1
			if err := tx.Query(func(r *Row) error { seen = r.Int(); return nil }, "SELECT count(*) FROM entries"); err != nil {
				return err
			}
			if seen != 0 {
				t.Errorf("%d rows of another's later transactions seen", seen)
			}
			if err := other.Write(insert("x")); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || count(t, db) != 3 {
		t.Errorf("afterwards: %d rows, %v; want 3", count(t, db), err)
	}
}

func TestLockedDatabaseIsNamed(t *testing.T) {
	db := fresh(t)
	other := open(t, db.Path(), history)
	sqlite3.Xsqlite3_busy_timeout(other.conn.tls, other.conn.db, 0) // the test need not wait
	err := db.Write(func(*Tx) error { return other.Write(insert("x")) })
	if !errors.Is(err, ErrBusy) || !strings.Contains(err.Error(), "BEGIN IMMEDIATE: database is locked") || hint.Of(err) == "" {
		t.Errorf("got %v, hint %q", err, hint.Of(err))
	}
	if err := other.Write(insert("x")); err != nil {
		t.Errorf("after the other's end: %v", err)
	}
}

func TestClosed(t *testing.T) {
	db, err := Open(filepath.Join(t.TempDir(), "test.db"), history)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Close(), db.Close()); err != nil {
		t.Error(err)
	}
	if err := db.Write(insert("x")); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("Write after Close: %v", err)
	}
}

func TestUnusablePaths(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text.db")
	if err := os.WriteFile(text, []byte(strings.Repeat("not a database, only a text. ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadFile(text)
	long := longPath(t, dir, longestPath+1)
	for name, test := range map[string]struct{ path, want, hint string }{
		"no folder": {filepath.Join(dir, "none", "x.db"), "no such file or directory", "mkdir -p"},
		"a folder":  {dir, "not a regular file", "path of a database file"},
		"text":      {text, "file is not a database", "move the file away"},
		"long":      {long, fmt.Sprintf("%d bytes, and SQLite takes at most 504", longestPath+1), "shorter path"},
		"NUL":       {filepath.Join(dir, "a\x00b"), "invalid argument", ""},
	} {
		db, err := Open(test.path, history)
		if err == nil {
			db.Close()
			t.Errorf("%s: opened", name)
			continue
		}
		if !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), test.path) {
			t.Errorf("%s: %q, want %q", name, err, test.want)
		}
		if !strings.Contains(hint.Of(err), test.hint) {
			t.Errorf("%s: hint %q, want %q", name, hint.Of(err), test.hint)
		}
	}
	if after, _ := os.ReadFile(text); string(after) != string(before) {
		t.Error("the refused file was changed")
	}
}

// TestLongestPath wants the longest path that is said to work to do so.
func TestLongestPath(t *testing.T) {
	dir := t.TempDir()
	db, err := Open(longPath(t, dir, longestPath), history)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Write(insert("x")), db.Close()); err != nil {
		t.Error(err)
	}
}

// longPath is a path of n bytes below dir, whose folder is made.
func longPath(t *testing.T, dir string, n int) string {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	for n-len(dir) > 250 {
		dir = filepath.Join(dir, strings.Repeat("d", 100))
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, strings.Repeat("f", n-len(dir)-1))
}

func TestReadOnlyPlace(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may write everywhere")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	_, err := Open(filepath.Join(dir, "x.db"), history)
	if !errors.Is(err, os.ErrPermission) || !strings.Contains(hint.Of(err), "writable") {
		t.Errorf("got %v, hint %q", err, hint.Of(err))
	}
}

func TestDamageIsFound(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	db, err := Open(path, history)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Write(func(tx *Tx) error {
		for range 500 {
			if err := insert(strings.Repeat("x", 200))(tx); err != nil {
				return err
			}
		}
		return nil
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 3 * 4096; i < len(raw); i++ {
		raw[i] = 0x5a
	}
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	damaged := open(t, path, history)
	if err := damaged.QuickCheck(); err == nil || !strings.Contains(hint.Of(err), "move the file away") {
		t.Errorf("got %v, hint %q", err, hint.Of(err))
	}
}

func TestCompact(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "test.db"), history)
	if err := db.Write(func(tx *Tx) error {
		_, err := tx.Exec("CREATE TABLE big AS SELECT zeroblob(1000000) AS b")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := db.Write(func(tx *Tx) error { _, err := tx.Exec("DROP TABLE big"); return err }); err != nil {
		t.Fatal(err)
	}
	before := count(t, db)
	if err := db.Compact(); err != nil {
		t.Fatal(err)
	}
	if err := db.QuickCheck(); err != nil || count(t, db) != before {
		t.Errorf("%v, %d rows, before %d", err, count(t, db), before)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(db.Path()); err != nil || info.Size() > 100000 {
		t.Errorf("%v %v", info, err)
	}
	if err := db.Compact(); err == nil {
		t.Error("a closed database is compacted")
	}
}
