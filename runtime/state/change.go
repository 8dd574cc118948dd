package state

import (
	"fmt"

	"pocket/runtime/hint"
	"pocket/runtime/resource"
	"pocket/runtime/sqlite"
)

// SetPaused records that the running container with the full id is paused, by what, or runs again.
func (db *DB) SetPaused(id string, paused bool, by string) error {
	from, to, action := Paused, Running, "unpause"
	var detail map[string]string
	if paused {
		from, to, action, detail = Running, Paused, "pause", map[string]string{"by": by}
	}
	return db.change(id, action, detail, "UPDATE containers SET status = ? WHERE id = ? AND status = ?", string(to), id, string(from))
}

// SetHealth records the health of the running container with the full id.
func (db *DB) SetHealth(id, health string) error {
	return db.change(id, "health_status", map[string]string{"health": health},
		"UPDATE containers SET health = ? WHERE id = ? AND status IN ('running', 'paused')", health, id)
}

// Halt records that the user asked for the end of the container with the full id, by action ("stop", "kill"):
// a policy unless-stopped does not start it again.
func (db *DB) Halt(id, action string) error {
	return db.change(id, action, nil, "UPDATE containers SET halted = 1 WHERE id = ?", id)
}

// GiveUp records that the container with the full id, which waits for a restart, will not get it.
func (db *DB) GiveUp(id string) error {
	return db.change(id, "give_up", nil, "UPDATE containers SET status = 'exited', pid = 0, start_time = 0, boot_id = '' WHERE id = ? AND status = 'restarting'", id)
}

// Rename gives the container with the full id another name, which must be valid (CheckName) and free, else
// the error wraps ErrNameTaken.
func (db *DB) Rename(id, name string) error {
	if err := CheckName(name); err != nil {
		return err
	}
	err := db.db.Write(func(tx *sqlite.Tx) error {
		c, err := containerByID(tx, id)
		if err != nil {
			return err
		}
		if c.Name == name {
			return hint.With(fmt.Errorf("%q is its name already", name), "choose another name")
		}
		if err := chooseName(tx, &Container{Name: name}); err != nil {
			return err
		}
		if _, err := tx.Exec("UPDATE containers SET name = ? WHERE id = ?", name, id); err != nil {
			return err
		}
		return addEvent(tx, Event{Action: "rename", Subject: id, Detail: map[string]string{"oldName": c.Name}})
	})
	if err != nil {
		return fmt.Errorf("rename container %s: %w", short(id), err)
	}
	return nil
}

// SetConfig records what the container with the full id is run with from now on, and how its limits are
// held; limits of nil leaves those recorded.
func (db *DB) SetConfig(id, config string, limits []resource.Enforcement) error {
	err := db.db.Write(func(tx *sqlite.Tx) error {
		n, err := tx.Exec("UPDATE containers SET config = ? WHERE id = ?", config, id)
		if err == nil && n == 0 {
			err = ErrNotFound
		}
		if err == nil && limits != nil {
			err = setLimits(tx, id, limits)
		}
		if err != nil {
			return err
		}
		return addEvent(tx, Event{Action: "update", Subject: id})
	})
	if err != nil {
		return fmt.Errorf("update container %s: %w", short(id), err)
	}
	return nil
}

// change is one statement about one container, and the event that tells of it. One that changes nothing is
// no error when there is such a container: it has ended meanwhile.
func (db *DB) change(id, action string, detail map[string]string, statement string, args ...any) error {
	err := db.db.Write(func(tx *sqlite.Tx) error {
		n, err := tx.Exec(statement, args...)
		if err != nil {
			return err
		}
		if n == 0 {
			_, err = containerByID(tx, id)
			return err
		}
		return addEvent(tx, Event{Action: action, Subject: id, Detail: detail})
	})
	if err != nil {
		return fmt.Errorf("record %s of container %s: %w", action, short(id), err)
	}
	return nil
}
