package state

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/failpoint"
	"pocket/runtime/hint"
	"pocket/runtime/sqlite"
)

// Lock is held by a container's monitor for its life. The kernel drops it when the process ends, however
// it ends (flock(2)), so it tells for certain whether there is a monitor.
type Lock struct {
	file *os.File
}

// AcquireLock takes the lock of the container with the full id in the state folder dir. The error wraps
// ErrLocked when another process, or another Lock of this one, holds it.
func AcquireLock(dir, id string) (*Lock, error) {
	const patience = 100 * time.Millisecond
	for deadline := time.Now().Add(patience); ; {
		lock, err := lockOnce(dir, id)
		if !errors.Is(err, ErrLocked) || time.Now().After(deadline) {
			return lock, err
		}
		time.Sleep(time.Millisecond) // a reader that looks whether it is held holds it for a moment
	}
}

func lockOnce(dir, id string) (*Lock, error) {
	path, err := lockPath(dir, id)
	if err != nil {
		return nil, err
	}
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("lock container %s: %w", short(id), err)
	}
	if err := failpoint.At("state.lock"); err != nil {
		return nil, fmt.Errorf("lock container %s: %w", short(id), err)
	}
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, hint.With(fmt.Errorf("lock container %s: %w", short(id), err),
				"set POCKET_ROOT to a folder that this user may write to, with space on its disk")
		}
		if err := flock(f); err != nil {
			f.Close()
			return nil, fmt.Errorf("lock container %s: %w", short(id), err)
		}
		if isStill(path, f) {
			failpoint.Kill("state.locked")
			return &Lock{f}, nil
		}
		f.Close() // removed between open and flock: a lock on it would keep nobody away
	}
}

func flock(f *os.File) error {
	for {
		switch err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); {
		case err == nil:
			return nil
		case errors.Is(err, unix.EWOULDBLOCK):
			return ErrLocked
		case !errors.Is(err, unix.EINTR):
			return err
		}
	}
}

func isStill(path string, f *os.File) bool {
	there, err := os.Stat(path)
	mine, errMine := f.Stat()
	return err == nil && errMine == nil && os.SameFile(there, mine)
}

// Release gives the lock up.
func (l *Lock) Release() error { return l.file.Close() }

// Discard gives the lock up and removes it, for an id of which there is no record.
func (l *Lock) Discard() error {
	return errors.Join(os.Remove(l.file.Name()), l.file.Close())
}

// IsLocked tells whether a monitor holds the lock of the container with the full id. It errs towards
// true: a lock that cannot be looked at counts as held.
func IsLocked(dir, id string) bool {
	path, err := lockPath(dir, id)
	if err != nil {
		return false
	}
	f, err := os.Open(path)
	if err != nil {
		return !errors.Is(err, os.ErrNotExist)
	}
	defer f.Close()
	return unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB) != nil
}

// LockPath is the file of the lock of the container with the full id. It is closed, as one that was
// written to, when the lock is given up, which inotify(7) tells of.
func LockPath(dir, id string) string { return filepath.Join(dir, "locks", id) }

// lockPath refuses what is no id, since it becomes part of a path.
func lockPath(dir, id string) (string, error) {
	if len(id) != 64 || !isHex(id) {
		return "", fmt.Errorf("%q is not a container's full id", id)
	}
	return LockPath(dir, id), nil
}

func removeLock(dir, id string) error {
	path, err := lockPath(dir, id)
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// Alive tells whether c is live and its monitor, whose lock is in the state folder dir, lives.
func (c Container) Alive(dir string) bool {
	return c.Status.Live() && IsLocked(dir, c.ID)
}

// Reconcile finds the containers that are recorded as running although their monitor has died, records
// them as exited with code 137, reason Lost and the error "monitor died", and returns them as they are
// now, but with the first process that they had, so that the caller can clean up after them. Commands that read call it first. Where nothing is
// lost it only reads; of a container that cannot be dealt with the others are done all the same.
func (db *DB) Reconcile() ([]Container, error) {
	running, err := db.Containers(false)
	if err != nil {
		return nil, err
	}
	var lost []Container
	var errs []error
	for _, c := range running {
		if c.Alive(db.dir) {
			continue
		}
		found, err := db.reconcile(c.ID)
		if err != nil {
			errs = append(errs, fmt.Errorf("record the loss of container %s: %w", c.Short(), err))
		}
		for i := range found {
			found[i].Init = c.Init
		}
		lost = append(lost, found...)
	}
	return lost, errors.Join(errs...)
}

// reconcile deals with one container, unless another process has meanwhile. With the write lock and the
// container's lock both held, a live status means that its monitor is dead and no new one can come.
func (db *DB) reconcile(id string) (lost []Container, err error) {
	lock, err := lockOnce(db.dir, id)
	if errors.Is(err, ErrLocked) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer lock.Release()
	err = db.db.Write(func(tx *sqlite.Tx) error {
		c, err := containerByID(tx, id)
		if errors.Is(err, ErrNotFound) {
			return removeLock(db.dir, id) // lockOnce has just made it
		}
		if err != nil || !c.Status.Live() {
			return err
		}
		now := time.Now()
		if c.Status == Restarting { // its end is recorded already
			if _, err := tx.Exec("UPDATE containers SET status = ?, pid = 0, start_time = 0, boot_id = '' WHERE id = ?", string(Exited), id); err != nil {
				return err
			}
			lost, err = containers(tx, "WHERE id = ?", id)
			return err
		}
		exit := Exit{Started: c.Started, Finished: now, Code: 137, Signal: int(unix.SIGKILL), Reason: Lost, OOM: OOMUnknown, Error: "monitor died"}
		if err := finish(tx, id, exit, Exited); err != nil {
			return err
		}
		lost, err = containers(tx, "WHERE id = ?", id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return lost, nil
}
