package sqlite

import (
	"path/filepath"
	"testing"
)

// What a command waits for: the database opened, one row written durably, the database closed.
func BenchmarkOpenWriteClose(b *testing.B) {
	path := filepath.Join(b.TempDir(), "test.db")
	for b.Loop() {
		db, err := Open(path, history)
		if err != nil {
			b.Fatal(err)
		}
		if err := db.Write(insert("x")); err != nil {
			b.Fatal(err)
		}
		if err := db.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpenReadClose(b *testing.B) {
	path := filepath.Join(b.TempDir(), "test.db")
	for b.Loop() {
		db, err := Open(path, history)
		if err != nil {
			b.Fatal(err)
		}
		err = db.Read(func(tx *Tx) error {
			return tx.Query(func(r *Row) error { r.Int(); return nil }, "SELECT count(*) FROM entries")
		})
		if err != nil {
			b.Fatal(err)
		}
		if err := db.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
