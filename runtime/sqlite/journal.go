package sqlite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
	sqlite3 "modernc.org/sqlite/lib"
)

// sharedByHosts are the file systems (statfs(2), linux/magic.h) whose files several hosts may have open,
// or which do not promise that a shared mapping is the same memory for every process. WAL needs that
// (sqlite.org/wal.html, "Overview"); a rollback journal does not. FUSE is here because what is behind it
// cannot be seen.
var sharedByHosts = map[uint32]string{
	0x6969:     "nfs",
	0xff534d42: "cifs",
	0xfe534d42: "smb2",
	0x517b:     "smb",
	0x01021997: "9p",
	0x65735546: "fuse",
	0x5346414f: "afs",
	0x73757245: "coda",
	0x00c36400: "ceph",
	0x0bd00bd0: "lustre",
	0x47504653: "gpfs",
	0x01161970: "gfs2",
	0x7461636f: "ocfs2",
	0x19830326: "beegfs",
	0x786f4256: "vboxsf",
	0x564c:     "ncp",
}

// journalFor names the journal mode that works for files on the file system of the given type.
func journalFor(fsType uint32) string {
	if _, shared := sharedByHosts[fsType]; shared {
		return "delete"
	}
	return "wal"
}

// setJournal puts the file into the journal mode that its file system allows and returns the mode that
// it is in then. The mode is kept in the file, so mostly there is nothing to do.
func setJournal(c *conn) (string, error) {
	var fs unix.Statfs_t
	if err := unix.Statfs(c.path, &fs); err != nil {
		return "", fmt.Errorf("%s: statfs: %w", c.path, err)
	}
	want := journalFor(uint32(fs.Type))
	mode, err := c.text("PRAGMA journal_mode")
	if err != nil || mode == want {
		return mode, err
	}
	unlock, err := lockSwitch(c.path + "-lock")
	if err != nil {
		return "", err
	}
	defer unlock()
	return c.switchJournal(want)
}

// switchJournal changes the mode. SQLite does not wait here, whatever the busy timeout: the change needs
// the file for itself alone, and a process that only looks at it is enough for "database is locked".
func (c *conn) switchJournal(want string) (string, error) {
	deadline := time.Now().Add(busyTimeout * time.Millisecond)
	for {
		mode, err := c.text("PRAGMA journal_mode=" + want)
		if err == nil || !errors.Is(err, ErrBusy) || time.Now().After(deadline) {
			return mode, err
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func (c *conn) text(sql string) (string, error) {
	s := ""
	err := c.query(func(r *Row) error { s = r.Text(); return nil }, sql, nil)
	return s, err
}

// lockSwitch lets one process at a time try the switch; without it, several that start at once keep
// refusing each other. The lock is a file beside the database, not the database itself, whose
// descriptors must not be closed while it is in use (fcntl(2), "Record locks"). It is removed under the
// lock: whoever waited on the removed file finds the switch done.
func lockSwitch(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, unusable(filepath.Dir(path), err)
	}
	deadline := time.Now().Add(busyTimeout * time.Millisecond)
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		waiting := errors.Is(err, unix.EWOULDBLOCK) || errors.Is(err, unix.EINTR)
		if !waiting || time.Now().After(deadline) {
			break // without a lock too: where flock(2) is not supported, switchJournal's patience remains
		}
		time.Sleep(2 * time.Millisecond)
	}
	return func() {
		os.Remove(path) // a file left behind is harmless
		f.Close()
	}, nil
}

// isBusy tells result codes that mean "somebody else is using it".
func isBusy(rc int32) bool {
	primary := rc & 0xff
	return primary == sqlite3.SQLITE_BUSY || primary == sqlite3.SQLITE_LOCKED
}
