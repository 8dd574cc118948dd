package sqlite

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"

	"pocket/runtime/hint"
)

// busyTimeout is how long a locked database is waited for, in milliseconds. It is long because a commit
// on a slow disk, times many processes in turn, is still no error.
const busyTimeout = 30_000

// setUpLibrary does what is done once per process, before the first connection: the C library has
// process-wide switches and no other place for them.
var setUpLibrary = sync.OnceFunc(func() {
	// Without this, WAL fails with a disk I/O error on arm64 kernels with 64 KiB pages, because the
	// translated getpagesize reports 4096.
	sqlite3.PatchIssue199()
	// fdatasync(2) leaves out the time stamps, which no reader of a database needs: about half the
	// cost of a commit on ext4, as durable.
	tls := libc.NewTLS()
	defer tls.Close()
	sqlite3.Xmodernc_fdatasync(tls, 1)
})

// conn is one connection of the C library. It is not safe for concurrent use, but any goroutine may use
// it in turn.
type conn struct {
	path string
	tls  *libc.TLS
	db   uintptr
	out  uintptr // memory for two pointers: where the library puts handles
	idle map[string]*stmt

	readOnly bool // statements that write are refused
}

// create makes an empty file where there is none, so that its mode is 0600 whatever the umask (SQLite
// takes 0644, and gives its side files the mode of the database), and so that a path that cannot be
// used is reported with the kernel's reason, which SQLite does not pass on.
func create(path string) error {
	// mknod(2), not open(2): closing any descriptor of the file would drop the locks that another
	// connection of this process holds on it (fcntl(2), "Record locks").
	err := unix.Mknod(path, unix.S_IFREG|0o600, 0)
	if err == nil || errors.Is(err, unix.EEXIST) {
		return checkFile(path)
	}
	return unusable(path, err)
}

func checkFile(path string) error {
	status, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	if !status.Mode().IsRegular() {
		return hint.With(fmt.Errorf("open database %s: not a regular file", path), "give the path of a database file")
	}
	if err := unix.Access(path, unix.R_OK|unix.W_OK); err != nil {
		return unusable(path, err)
	}
	return nil
}

// connect opens the database at path; name is what SQLite is told, the path or a URI of it.
func connect(path, name string, flags int32) (*conn, error) {
	setUpLibrary()
	c := &conn{path: path, tls: libc.NewTLS(), idle: map[string]*stmt{}}
	c.out = libc.Xcalloc(c.tls, 2, 8)
	text, err := libc.CString(name)
	if err != nil || c.out == 0 {
		c.tls.Close()
		return nil, fmt.Errorf("open database %s: out of memory", path)
	}
	defer libc.Xfree(c.tls, text)
	flags |= sqlite3.SQLITE_OPEN_PRIVATECACHE | sqlite3.SQLITE_OPEN_EXRESCODE
	rc := sqlite3.Xsqlite3_open_v2(c.tls, text, c.out, flags, 0)
	c.db = libc.AtomicLoadPUintptr(c.out)
	if rc != sqlite3.SQLITE_OK {
		err := c.fail("open", rc)
		return nil, errors.Join(err, c.close()) // a handle exists after most failures, and must be closed
	}
	return c, nil
}

// configure sets what SQLite keeps per connection, not in the file.
func (c *conn) configure() error {
	sqlite3.Xsqlite3_busy_timeout(c.tls, c.db, busyTimeout) // first: each step after this may have to wait
	for _, pragma := range []string{
		"PRAGMA trusted_schema=OFF", // a database that came with somebody's suite is not trusted
		"PRAGMA foreign_keys=ON",
		"PRAGMA synchronous=FULL", // in WAL mode NORMAL would lose the last commits at a power cut
	} {
		if err := c.run(pragma); err != nil {
			return err
		}
	}
	if sqlite3.Xsqlite3_db_readonly(c.tls, c.db, 0) == 1 {
		return unusable(c.path, unix.EROFS)
	}
	return nil
}

func (c *conn) close() error {
	for _, s := range c.idle {
		s.finalize()
	}
	rc := sqlite3.Xsqlite3_close_v2(c.tls, c.db)
	libc.Xfree(c.tls, c.out)
	c.tls.Close()
	if rc != sqlite3.SQLITE_OK {
		return fmt.Errorf("%s: close: %s", c.path, libc.GoString(sqlite3.Xsqlite3_errstr(c.tls, rc)))
	}
	return nil
}

// inTransaction tells whether a BEGIN is still open.
func (c *conn) inTransaction() bool {
	return sqlite3.Xsqlite3_get_autocommit(c.tls, c.db) == 0
}

// run executes one statement that takes no arguments and gives no rows that matter.
func (c *conn) run(sql string) error {
	return c.query(nil, sql, nil)
}

// script executes any number of statements.
func (c *conn) script(label, sql string) error {
	text, err := libc.CString(sql)
	if err != nil {
		return fmt.Errorf("%s: %s: %w", c.path, label, err)
	}
	defer libc.Xfree(c.tls, text)
	if strings.ContainsRune(sql, 0) {
		return fmt.Errorf("%s: %s: the SQL holds a NUL byte", c.path, label)
	}
	if rc := sqlite3.Xsqlite3_exec(c.tls, c.db, text, 0, 0, 0); rc != sqlite3.SQLITE_OK {
		return c.fail(label, rc)
	}
	return nil
}
