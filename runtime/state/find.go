package state

import (
	"fmt"
	"strings"

	"pocket/runtime/hint"
	"pocket/runtime/resource"
	"pocket/runtime/sqlite"
)

// Container finds a container by its name, its id or the beginning of its id; a name goes before an id.
// The error wraps ErrNotFound, or ErrAmbiguous when several ids begin so.
func (db *DB) Container(ref string) (Container, error) {
	var found Container
	err := db.db.Read(func(tx *sqlite.Tx) (err error) {
		found, err = container(tx, ref)
		return err
	})
	if err != nil {
		return Container{}, fmt.Errorf("container %q: %w", ref, err)
	}
	return found, nil
}

func container(tx *sqlite.Tx, ref string) (Container, error) {
	list, err := containers(tx, "WHERE name = ?", ref)
	if err != nil || len(list) == 1 {
		return first(list), err
	}
	if isHex(ref) && len(ref) <= 64 {
		list, err = containers(tx, "WHERE substr(id, 1, length(?1)) = ?1 ORDER BY created", ref)
	}
	switch {
	case err != nil:
		return Container{}, err
	case len(list) == 0:
		return Container{}, hint.With(ErrNotFound, "list all containers with: pocket-docker ps -a")
	case len(list) > 1:
		var names []string
		for _, c := range list {
			names = append(names, fmt.Sprintf("%s (%s)", c.Short(), c.Name))
		}
		return Container{}, hint.With(fmt.Errorf("%w: %s", ErrAmbiguous, strings.Join(names, ", ")), "give more digits of the id, or the name")
	}
	return list[0], nil
}

func containerByID(tx *sqlite.Tx, id string) (Container, error) {
	list, err := containers(tx, "WHERE id = ?", id)
	if err == nil && len(list) == 0 {
		err = ErrNotFound
	}
	return first(list), err
}

func first(list []Container) Container {
	if len(list) == 0 {
		return Container{}
	}
	return list[0]
}

// Containers returns the containers, newest first: those that a monitor watches (Status.Live), or all.
// Reconcile before, so that those whose monitor has died are not among the live.
func (db *DB) Containers(all bool) ([]Container, error) {
	where := "WHERE status IN ('running', 'paused', 'restarting') ORDER BY created DESC, id"
	if all {
		where = "ORDER BY created DESC, id"
	}
	var list []Container
	err := db.db.Read(func(tx *sqlite.Tx) (err error) {
		list, err = containers(tx, where)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list containers: %w", err)
	}
	return list, nil
}

// containers reads those that where, the end of a SELECT, leaves.
func containers(tx *sqlite.Tx, where string, args ...any) ([]Container, error) {
	var list []Container
	err := tx.Query(func(r *sqlite.Row) error {
		c := Container{
			ID: r.Text(), Name: r.Text(), Image: r.Text(), ImageID: r.Text(), Command: r.Strings(), Config: r.Text(),
			Status: Status(r.Text()), Created: r.Time(), Started: r.Time(), Ended: r.Time(),
			Monitor:  Process{PID: r.Int(), Start: uint64(r.Int64()), Boot: r.Text()},
			Init:     Process{PID: r.Int(), Start: uint64(r.Int64())},
			Restarts: r.Int(), Health: r.Text(), Halted: r.Int() != 0, Log: r.Text(),
		}
		if c.Init.PID != 0 {
			c.Init.Boot = c.Monitor.Boot
		}
		if err := addDetails(tx, &c); err != nil {
			return err
		}
		list = append(list, c)
		return nil
	}, `SELECT id, name, image, image_id, command, config, status, created, started, finished, pid, start_time, boot_id,
		init_pid, init_start, restarts, health, halted, log_path FROM containers `+where, args...)
	return list, err
}

func addDetails(tx *sqlite.Tx, c *Container) error {
	err := tx.Query(func(r *sqlite.Row) error {
		c.Limits = append(c.Limits, resource.Enforcement{
			Limit: r.Text(), Requested: r.Text(), Enforced: r.Text(), By: resource.By(r.Text()), Remark: r.Text(),
		})
		return nil
	}, "SELECT name, requested, enforced, by, remark FROM limits WHERE container = ? ORDER BY ordinal", c.ID)
	if err != nil {
		return err
	}
	last, err := exits(tx, c.ID, 1)
	if len(last) == 1 {
		c.Exit = &last[0]
	}
	return err
}

func isHex(s string) bool {
	return s != "" && strings.Trim(s, "0123456789abcdef") == ""
}
