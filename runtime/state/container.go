package state

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"pocket/runtime/failpoint"
	"pocket/runtime/hint"
	"pocket/runtime/resource"
	"pocket/runtime/sqlite"
)

// Status says where a container is in its life.
type Status string

// The statuses.
const (
	Created    Status = "created"    // recorded, never started
	Running    Status = "running"    // its monitor holds its lock
	Paused     Status = "paused"     // running, and all its processes are stopped
	Restarting Status = "restarting" // its monitor holds its lock and waits before it starts it again
	Exited     Status = "exited"     // ended at least once and not running; Exit says how
)

// Live says whether a monitor watches a container of this status, unless the monitor has died.
func (s Status) Live() bool { return s == Running || s == Paused || s == Restarting }

// Container is a container's record.
type Container struct {
	ID      string // 64 hexadecimal digits
	Name    string
	Image   string   // as the user named it
	ImageID string   // what that was when the container was made: an image's id, a folder, or ""
	Command []string // the program and its arguments
	Config  string   // all that it is run with, in the words of package container
	Status  Status
	Created time.Time // UTC, like all times here
	Started time.Time // of the last start; zero when it never was
	Ended   time.Time // of the last end; zero while it runs for the first time
	Monitor Process   // the process that watches it; zero unless live
	Init    Process   // its first process, PID 1 inside; zero unless running or paused
	// Restarts counts the starts that its restart policy made since the user started it.
	Restarts int
	Health   string // starting, healthy or unhealthy; "" without a health check
	Halted   bool   // the user stopped or killed it: unless-stopped does not start it again
	Log      string // the log's path
	Limits   []resource.Enforcement
	Exit     *Exit // the last end; nil when there was none
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
	c = Container{ID: c.ID, Name: c.Name, Image: c.Image, ImageID: c.ImageID, Command: c.Command, Config: c.Config, Status: Created,
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
	_, err := tx.Exec(`INSERT INTO containers (id, name, image, image_id, command, config, status, created, log_path)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		c.ID, c.Name, c.Image, c.ImageID, c.Command, c.Config, string(c.Status), c.Created, c.Log)
	if err != nil {
		return err
	}
	if err := setLimits(tx, c.ID, c.Limits); err != nil {
		return err
	}
	return addEvent(tx, Event{Action: "create", Subject: c.ID, Detail: map[string]string{"image": c.Image}})
}

// Start is a start of a container.
type Start struct {
	Monitor Process // must hold the container's Lock from before until after Finish
	Init    Process
	Time    time.Time
	Restart bool                   // made by the restart policy
	Health  string                 // its health from now on; "" without a health check
	Limits  []resource.Enforcement // unless nil, replace those recorded
}

// MarkRunning records that the container with the full id runs.
func (db *DB) MarkRunning(id string, s Start) error {
	err := db.db.Write(func(tx *sqlite.Tx) error {
		n, err := tx.Exec(`UPDATE containers SET status = ?, started = ?, pid = ?, start_time = ?, boot_id = ?, init_pid = ?, init_start = ?,
			restarts = CASE WHEN ? THEN restarts + 1 ELSE 0 END, health = ?, halted = 0 WHERE id = ?`,
			string(Running), s.Time, s.Monitor.PID, int64(s.Monitor.Start), s.Monitor.Boot, s.Init.PID, int64(s.Init.Start), s.Restart, s.Health, id)
		if err == nil && n == 0 {
			err = ErrNotFound
		}
		if err == nil && s.Limits != nil {
			err = setLimits(tx, id, s.Limits)
		}
		if err != nil {
			return err
		}
		return addEvent(tx, Event{Action: "start", Subject: id})
	})
	if err != nil {
		return fmt.Errorf("record that container %s runs: %w", short(id), err)
	}
	return nil
}

// Finish records how a run of the container with the full id ended, as the last of its exits; of more than
// 100 the oldest go. Its status becomes next, Exited or Restarting. limits, unless nil, replace those recorded.
func (db *DB) Finish(id string, exit Exit, next Status, limits []resource.Enforcement) error {
	err := db.db.Write(func(tx *sqlite.Tx) error {
		if err := finish(tx, id, exit, next); err != nil || limits == nil {
			return err
		}
		return setLimits(tx, id, limits)
	})
	if err != nil {
		return fmt.Errorf("record how container %s ended: %w", short(id), err)
	}
	return nil
}

func finish(tx *sqlite.Tx, id string, exit Exit, next Status) error {
	if exit.Finished.IsZero() {
		exit.Finished = time.Now()
	}
	monitor := ", pid = 0, start_time = 0, boot_id = ''"
	if next.Live() {
		monitor = ""
	}
	n, err := tx.Exec("UPDATE containers SET status = ?, finished = ?, init_pid = 0, init_start = 0, health = ''"+monitor+" WHERE id = ?",
		string(next), exit.Finished, id)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return err
	}
	if err := addExit(tx, id, exit); err != nil {
		return err
	}
	if exit.OOM == OOMTrue {
		if err := addEvent(tx, Event{Action: "oom", Subject: id}); err != nil {
			return err
		}
	}
	return addEvent(tx, Event{Action: "die", Subject: id, Detail: map[string]string{"exitCode": strconv.Itoa(exit.Code), "reason": exit.Reason}})
}

// RemoveContainer forgets the container with the full id, its exits and its lock. One whose monitor lives
// is refused with ErrRunning. With hide, the anonymous volumes that no other container was made with are forgotten
// too, in the same transaction; hide takes a volume's folder away from under its name.
func (db *DB) RemoveContainer(id string, hide func(volume string) error) error {
	err := db.db.Write(func(tx *sqlite.Tx) error {
		c, err := containerByID(tx, id)
		if err != nil {
			return err
		}
		if c.Status.Live() {
			lock, err := lockOnce(db.dir, id)
			if errors.Is(err, ErrLocked) {
				return hint.With(ErrRunning, "stop it first: pocket-docker stop %s", c.Name)
			}
			if err != nil {
				return err
			}
			defer lock.Release()
		}
		if err := addEvent(tx, Event{Action: "destroy", Subject: id, Name: c.Name}); err != nil {
			return err
		}
		if hide != nil {
			if err := removeOwn(tx, id, hide); err != nil {
				return err
			}
		}
		_, err = tx.Exec("DELETE FROM containers WHERE id = ?", id)
		return err
	})
	failpoint.Kill("remove.forgotten")
	if err == nil {
		// Not before: who waits for its monitor's end looks at the lock, and must find no record then.
		err = removeLock(db.dir, id)
		_ = db.SweepLocks() // of other containers: the next removal tries again
	}
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
