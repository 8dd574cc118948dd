package sqlite

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// stmt is a compiled statement; between uses it lies in its connection's idle map.
type stmt struct {
	conn   *conn
	handle uintptr
	params int
}

// prepare takes the statement for sql from the idle ones or compiles it. The caller gives it back with
// release. A statement that is used inside its own scan is compiled twice.
func (c *conn) prepare(sql string) (*stmt, error) {
	if s, ok := c.idle[sql]; ok {
		delete(c.idle, sql)
		return s, nil
	}
	text, err := libc.CString(sql)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", c.path, shorten(sql), err)
	}
	defer libc.Xfree(c.tls, text)
	rc := sqlite3.Xsqlite3_prepare_v3(c.tls, c.db, text, -1, sqlite3.SQLITE_PREPARE_PERSISTENT, c.out, c.out+8)
	if rc != sqlite3.SQLITE_OK {
		return nil, c.fail(shorten(sql), rc)
	}
	s := &stmt{conn: c, handle: libc.AtomicLoadPUintptr(c.out)}
	rest := libc.GoString(libc.AtomicLoadPUintptr(c.out + 8))
	if s.handle == 0 || strings.TrimSpace(rest) != "" || strings.ContainsRune(sql, 0) {
		s.finalize()
		return nil, fmt.Errorf("%s: %s: not one statement", c.path, shorten(sql))
	}
	s.params = int(sqlite3.Xsqlite3_bind_parameter_count(c.tls, s.handle))
	return s, nil
}

// release makes s ready for its next use. The bindings go too, since they may be large.
func (s *stmt) release(sql string) {
	sqlite3.Xsqlite3_reset(s.conn.tls, s.handle) // its code is that of the last step, seen already
	sqlite3.Xsqlite3_clear_bindings(s.conn.tls, s.handle)
	if _, twice := s.conn.idle[sql]; twice {
		s.finalize()
		return
	}
	s.conn.idle[sql] = s
}

func (s *stmt) finalize() {
	sqlite3.Xsqlite3_finalize(s.conn.tls, s.handle) // its code is that of the last step, seen already
}

func (s *stmt) readOnly() bool {
	return sqlite3.Xsqlite3_stmt_readonly(s.conn.tls, s.handle) != 0
}

func (s *stmt) bindAll(args []any) error {
	if len(args) != s.params {
		return fmt.Errorf("%d arguments for %d parameters", len(args), s.params)
	}
	for i, arg := range args {
		if err := s.bind(int32(i+1), arg); err != nil {
			return fmt.Errorf("argument %d: %w", i+1, err)
		}
	}
	return nil
}

func (s *stmt) bind(i int32, arg any) error {
	switch v := arg.(type) {
	case nil:
		return s.bound(sqlite3.Xsqlite3_bind_null(s.conn.tls, s.handle, i))
	case int:
		return s.bindInt(i, int64(v))
	case int64:
		return s.bindInt(i, v)
	case bool:
		if v {
			return s.bindInt(i, 1)
		}
		return s.bindInt(i, 0)
	case float64:
		if math.IsNaN(v) {
			return errors.New("not a number: SQLite would store it as NULL")
		}
		return s.bound(sqlite3.Xsqlite3_bind_double(s.conn.tls, s.handle, i, v))
	case string:
		return s.bindBytes(i, v, false)
	case []byte:
		if v == nil {
			return s.bind(i, nil)
		}
		return s.bindBytes(i, string(v), true)
	case []string:
		return s.bindStrings(i, v)
	case time.Time:
		return s.bindTime(i, v)
	}
	return fmt.Errorf("%T cannot be stored", arg)
}

func (s *stmt) bindInt(i int32, v int64) error {
	return s.bound(sqlite3.Xsqlite3_bind_int64(s.conn.tls, s.handle, i, v))
}

func (s *stmt) bindTime(i int32, t time.Time) error {
	if t.IsZero() {
		return s.bind(i, nil)
	}
	nanos := t.UnixNano()
	if !time.Unix(0, nanos).Equal(t) {
		return fmt.Errorf("%s is out of range", t)
	}
	return s.bindInt(i, nanos)
}

func (s *stmt) bindStrings(i int32, list []string) error {
	var b strings.Builder
	for _, item := range list {
		if strings.ContainsRune(item, 0) {
			return fmt.Errorf("%q holds a NUL byte", item)
		}
		b.WriteString(item)
		b.WriteByte(0)
	}
	return s.bindBytes(i, b.String(), true)
}

func (s *stmt) bindBytes(i int32, v string, blob bool) error {
	if len(v) > math.MaxInt32 {
		return errors.New("larger than 2 GiB")
	}
	p, err := libc.CString(v)
	if err != nil {
		return err
	}
	defer libc.Xfree(s.conn.tls, p) // SQLITE_TRANSIENT: the library makes its own copy
	if blob {
		return s.bound(sqlite3.Xsqlite3_bind_blob(s.conn.tls, s.handle, i, p, int32(len(v)), sqlite3.SQLITE_TRANSIENT))
	}
	return s.bound(sqlite3.Xsqlite3_bind_text(s.conn.tls, s.handle, i, p, int32(len(v)), sqlite3.SQLITE_TRANSIENT))
}

func (s *stmt) bound(rc int32) error {
	if rc != sqlite3.SQLITE_OK {
		return errors.New(libc.GoString(sqlite3.Xsqlite3_errstr(s.conn.tls, rc)))
	}
	return nil
}
