package sqlite

import (
	"fmt"
	"strings"
	"time"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// Tx is a transaction under way. It is valid only inside the function it was given to, and not safe
// for concurrent use.
//
// Arguments stand for the parameters ? of a statement and may be: nil, int, int64, bool (INTEGER 0 or 1),
// float64 (not NaN), string (TEXT, any bytes), []byte (BLOB; nil is NULL), []string (BLOB: each string
// followed by a NUL byte, so no string may hold one), and time.Time (INTEGER, nanoseconds since 1970 UTC;
// the zero time is NULL; years 1678 to 2262).
type Tx struct {
	conn *conn
}

// Exec runs one statement and returns how many rows an INSERT, UPDATE or DELETE touched (rows that
// a foreign key's action touched are not counted).
func (tx *Tx) Exec(sql string, args ...any) (int, error) {
	if err := tx.conn.query(nil, sql, args); err != nil {
		return 0, err
	}
	return int(sqlite3.Xsqlite3_changes(tx.conn.tls, tx.conn.db)), nil
}

// Query runs one statement and calls scan for each row in order; an error of scan ends it and is
// returned as it is. Within scan other statements may be run.
func (tx *Tx) Query(scan func(*Row) error, sql string, args ...any) error {
	return tx.conn.query(scan, sql, args)
}

func (c *conn) query(scan func(*Row) error, sql string, args []any) error {
	s, err := c.prepare(sql)
	if err != nil {
		return err
	}
	defer s.release(sql)
	if c.readOnly && !s.readOnly() {
		return fmt.Errorf("%s: %s: it writes, in a transaction for reading", c.path, shorten(sql))
	}
	if err := s.bindAll(args); err != nil {
		return fmt.Errorf("%s: %s: %w", c.path, shorten(sql), err)
	}
	columns := sqlite3.Xsqlite3_column_count(c.tls, s.handle)
	for {
		switch rc := sqlite3.Xsqlite3_step(c.tls, s.handle); rc {
		case sqlite3.SQLITE_DONE:
			return nil
		case sqlite3.SQLITE_ROW:
			if scan == nil {
				continue
			}
			row := Row{stmt: s}
			if err := scan(&row); err != nil {
				return err
			}
			if row.next != columns {
				return fmt.Errorf("%s: %s: %d columns read of %d", c.path, shorten(sql), row.next, columns)
			}
		default:
			return c.fail(shorten(sql), rc)
		}
	}
}

// Row is one row of a result. Each method reads the next column, from the first; a scan has to read them
// all, no more and no less. NULL reads as the zero value. What is returned stays valid.
type Row struct {
	stmt *stmt
	next int32
}

func (r *Row) column() (*libc.TLS, uintptr, int32) {
	i := r.next
	r.next++
	return r.stmt.conn.tls, r.stmt.handle, i
}

// Int64 reads an INTEGER.
func (r *Row) Int64() int64 { return sqlite3.Xsqlite3_column_int64(r.column()) }

// Int reads an INTEGER.
func (r *Row) Int() int { return int(r.Int64()) }

// Bool reads an INTEGER: anything but 0 is true.
func (r *Row) Bool() bool { return r.Int64() != 0 }

// Float reads a REAL.
func (r *Row) Float() float64 { return sqlite3.Xsqlite3_column_double(r.column()) }

// Text reads a TEXT, NUL bytes included.
func (r *Row) Text() string {
	tls, handle, i := r.column()
	p := sqlite3.Xsqlite3_column_text(tls, handle, i) // before column_bytes: it may convert
	return string(libc.GoBytes(p, int(sqlite3.Xsqlite3_column_bytes(tls, handle, i))))
}

// Bytes reads a BLOB; NULL is nil, and an empty BLOB is not.
func (r *Row) Bytes() []byte {
	tls, handle, i := r.column()
	if sqlite3.Xsqlite3_column_type(tls, handle, i) == sqlite3.SQLITE_NULL {
		return nil
	}
	p := sqlite3.Xsqlite3_column_blob(tls, handle, i) // 0 for an empty one
	return append([]byte{}, libc.GoBytes(p, int(sqlite3.Xsqlite3_column_bytes(tls, handle, i)))...)
}

// Strings reads a list of strings; an empty list is nil.
func (r *Row) Strings() []string {
	raw := string(r.Bytes())
	if raw == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(raw, "\x00"), "\x00")
}

// Time reads a time, in UTC; NULL is the zero time.
func (r *Row) Time() time.Time {
	tls, handle, i := r.column()
	if sqlite3.Xsqlite3_column_type(tls, handle, i) == sqlite3.SQLITE_NULL {
		return time.Time{}
	}
	return time.Unix(0, sqlite3.Xsqlite3_column_int64(tls, handle, i)).UTC()
}
