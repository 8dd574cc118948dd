package state

import (
	"errors"
	"fmt"
	"time"

	"pocket/runtime/hint"
	"pocket/runtime/resource"
	"pocket/runtime/sqlite"
)

// Status says where a container is in its life.
type Status string

// The statuses.
const (
	Created Status = "created" // recorded, never started
	Running Status = "running" // its monitor holds its lock
	Exited  Status = "exited"  // ended at least once and not running; Exit says how
)

// Container is a container's record.
type Container struct {
	ID      string // 64 hexadecimal digits
	Name    string
	Image   string   // as the user named it
	Command []string // the program and its arguments
	Status  Status
	Created time.Time // UTC, like all times here
	Started time.Time // of the last start; zero when it never was
	Ended   time.Time // of the last end; zero while it runs for the first time
	Monitor Process   // the process that watches it; zero unless running
	Log     string    // the log's path
	Limits  []resource.Enforcement
	Exit    *Exit // the last end; nil when there was none
}

// Short is the first 12 digits of the id: what is shown, and enough to name the container.
func (c Container) Short() string { return c.ID[:min(12, len(c.ID))] }

// CreateContainer records a new container with status created and returns it as recorded. An empty ID or
// Name is chosen here; a given name must be valid (CheckName) and free, else the error wraps ErrNameTaken
// and its hint says how to free it. Created, where zero, is now. Status, Started, Ended, Monitor and Exit
// of c are ignored.
func (db *DB) CreateContainer(c Container) (Container, error) {
	if c.Name != "" {
		if err := CheckName(c.Name); err != nil {
			return Container{}, err
		}
	}
	if c.ID == "" {
		c.ID = NewID()
	}
	if c.Created.IsZero() {
		c.Created = time.Now()
	}
	c = Container{ID: c.ID, Name: c.Name, Image: c.Image, Command: c.Command, Status: Created,
		Created: time.Unix(0, c.Created.UnixNano()).UTC(), Log: c.Log, Limits: c.Limits}
	err := db.db.Write(func(tx *sqlite.Tx) error { return createContainer(tx, &c) })
	if err != nil {
		return Container{}, fmt.Errorf("create container: %w", err)
	}
	return c, nil
}

func createContainer(tx *sqlite.Tx, c *Container) error {
	if err := chooseName(tx, c); err != nil {
		return err
	}
	_, err := tx.Exec("INSERT INTO containers (id, name, image, command, status, created, log_path) VALUES (?, ?, ?, ?, ?, ?, ?)",
		c.ID, c.Name, c.Image, c.Command, string(c.Status), c.Created, c.Log)
	if err != nil {
		return err
	}
	return setLimits(tx, c.ID, c.Limits)
}

// MarkRunning records that the container with the full id runs since started, watched by monitor, which
// must hold its Lock from before this call until after Finish. limits, unless nil, replace those recorded.
func (db *DB) MarkRunning(id string, monitor Process, started time.Time, limits []resource.Enforcement) error {
	err := db.db.Write(func(tx *sqlite.Tx) error {
		n, err := tx.Exec("UPDATE containers SET status = ?, started = ?, pid = ?, start_time = ?, boot_id = ? WHERE id = ?",
			string(Running), started, monitor.PID, int64(monitor.Start), monitor.Boot, id)
		if err == nil && n == 0 {
			err = ErrNotFound
		}
		if err != nil || limits == nil {
			return err
		}
		return setLimits(tx, id, limits)
	})
	if err != nil {
		return fmt.Errorf("record that container %s runs: %w", short(id), err)
	}
	return nil
}

// Finish records how the run of the container with the full id ended: its status becomes exited, exit the
// last of its exits. limits, unless nil, replace those recorded. Of more than 100 exits the oldest go.
func (db *DB) Finish(id string, exit Exit, limits []resource.Enforcement) error {
	err := db.db.Write(func(tx *sqlite.Tx) error {
		if err := finish(tx, id, exit); err != nil || limits == nil {
			return err
		}
		return setLimits(tx, id, limits)
	})
	if err != nil {
		return fmt.Errorf("record how container %s ended: %w", short(id), err)
	}
	return nil
}

func finish(tx *sqlite.Tx, id string, exit Exit) error {
	if exit.Finished.IsZero() {
		exit.Finished = time.Now()
	}
	n, err := tx.Exec("UPDATE containers SET status = ?, finished = ?, pid = 0, start_time = 0, boot_id = '' WHERE id = ?",
		string(Exited), exit.Finished, id)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return err
	}
	return addExit(tx, id, exit)
}

// RemoveContainer forgets the container with the full id, its exits and its lock. One whose monitor lives
// is refused with ErrRunning.
func (db *DB) RemoveContainer(id string) error {
	err := db.db.Write(func(tx *sqlite.Tx) error {
		c, err := containerByID(tx, id)
		if err != nil {
			return err
		}
		if c.Status == Running {
			lock, err := lockOnce(db.dir, id)
			if errors.Is(err, ErrLocked) {
				return hint.With(ErrRunning, "stop it first: pocket-docker stop %s", c.Name)
			}
			if err != nil {
				return err
			}
			defer lock.Release()
		}
		if _, err := tx.Exec("DELETE FROM containers WHERE id = ?", id); err != nil {
			return err
		}
		return removeLock(db.dir, id) // inside: a lock file that cannot be removed keeps its record
	})
	if err != nil {
		return fmt.Errorf("remove container %s: %w", short(id), err)
	}
	return nil
}

func setLimits(tx *sqlite.Tx, id string, limits []resource.Enforcement) error {
	if _, err := tx.Exec("DELETE FROM limits WHERE container = ?", id); err != nil {
		return err
	}
	for i, l := range limits {
		_, err := tx.Exec("INSERT INTO limits VALUES (?, ?, ?, ?, ?, ?, ?)",
			id, i, l.Limit, l.Requested, l.Enforced, string(l.By), l.Remark)
		if err != nil {
			return err
		}
	}
	return nil
}

func short(id string) string { return Container{ID: id}.Short() }
