package state

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"pocket/runtime/hint"
	"pocket/runtime/sqlite"
)

// Volume is the record of a named folder that outlives containers.
type Volume struct {
	Name      string
	Created   time.Time
	Anonymous bool              // made for one container, which takes it along when it is removed
	Labels    map[string]string // nil for none
	// Users are the names of the containers that were made with it, whether they run or not.
	Users []string
}

// Use is a volume's place in a container.
type Use struct {
	Volume, Target string
	Anonymous      bool // it is made with the container, for it alone
}

// ErrInUse says that a volume cannot be removed: a container was made with it.
var ErrInUse = errors.New("is in use")

// CheckVolumeName refuses what is no name of a volume; the rule is docker's.
func CheckVolumeName(name string) error {
	ok := len(name) <= 255 && name != "" && isAlphanumeric(name[0])
	for i := range len(name) {
		ok = ok && (isAlphanumeric(name[i]) || strings.IndexByte("_.-", name[i]) >= 0)
	}
	if ok {
		return nil
	}
	return hint.With(fmt.Errorf("%q is not a name of a volume", name),
		"use letters, digits, _, . and -, the first a letter or digit; a folder is written with a slash (./%s)", name)
}

func isAlphanumeric(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}

// EnsureVolume records a volume of this name, unless there is one, and runs make, which makes its folder,
// in both cases within the same transaction. It tells if the record is new.
func (db *DB) EnsureVolume(v Volume, make func() error) (created bool, err error) {
	if err := CheckVolumeName(v.Name); err != nil {
		return false, err
	}
	if v.Created.IsZero() {
		v.Created = time.Now()
	}
	err = db.db.Write(func(tx *sqlite.Tx) error {
		n, err := tx.Exec("INSERT OR IGNORE INTO volumes (name, created, anonymous) VALUES (?, ?, ?)", v.Name, v.Created, boolean(v.Anonymous))
		if err != nil {
			return err
		}
		if created = n > 0; created {
			for key, value := range v.Labels {
				if _, err := tx.Exec("INSERT INTO volume_labels VALUES (?, ?, ?)", v.Name, key, value); err != nil {
					return err
				}
			}
		}
		return make()
	})
	if err != nil {
		return false, fmt.Errorf("create volume %s: %w", v.Name, err)
	}
	return created, nil
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// UseVolumes records which volumes the container with the full id was made with, and those of them that are
// anonymous, whose folders make makes, in one transaction. All others must be recorded; the error for one that is
// not wraps ErrNotFound.
func (db *DB) UseVolumes(id string, uses []Use, make func(name string) error) error {
	err := db.db.Write(func(tx *sqlite.Tx) error {
		for _, u := range uses {
			if u.Anonymous {
				if _, err := tx.Exec("INSERT INTO volumes (name, created, anonymous) VALUES (?, ?, 1)", u.Volume, time.Now()); err != nil {
					return err
				}
				if err := make(u.Volume); err != nil {
					return err
				}
			}
			if list, err := volumes(tx, "WHERE name = ?", u.Volume); err != nil || len(list) == 0 {
				return errors.Join(fmt.Errorf("volume %s: %w", u.Volume, ErrNotFound), err)
			}
			if _, err := tx.Exec("INSERT OR REPLACE INTO volume_uses VALUES (?, ?, ?)", id, u.Target, u.Volume); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("record the volumes of container %s: %w", short(id), err)
	}
	return nil
}

// Volume finds a volume by its name. The error for none wraps ErrNotFound.
func (db *DB) Volume(name string) (Volume, error) {
	var list []Volume
	err := db.db.Read(func(tx *sqlite.Tx) (err error) {
		list, err = volumes(tx, "WHERE name = ?", name)
		return err
	})
	if err == nil && len(list) == 0 {
		err = hint.With(ErrNotFound, "list the volumes with: pocket-docker volume ls")
	}
	if err != nil {
		return Volume{}, fmt.Errorf("volume %q: %w", name, err)
	}
	return list[0], nil
}

// Volumes returns all volumes, sorted by name.
func (db *DB) Volumes() ([]Volume, error) {
	var list []Volume
	err := db.db.Read(func(tx *sqlite.Tx) (err error) {
		list, err = volumes(tx, "ORDER BY name")
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list volumes: %w", err)
	}
	return list, nil
}

func volumes(tx *sqlite.Tx, where string, args ...any) ([]Volume, error) {
	var list []Volume
	err := tx.Query(func(r *sqlite.Row) error {
		v := Volume{Name: r.Text(), Created: r.Time(), Anonymous: r.Int() != 0}
		if err := addUsers(tx, &v); err != nil {
			return err
		}
		list = append(list, v)
		return nil
	}, "SELECT name, created, anonymous FROM volumes "+where, args...)
	return list, err
}

func addUsers(tx *sqlite.Tx, v *Volume) error {
	err := tx.Query(func(r *sqlite.Row) error {
		v.Users = append(v.Users, r.Text())
		return nil
	}, "SELECT DISTINCT name FROM containers JOIN volume_uses ON container = id WHERE volume = ? ORDER BY name", v.Name)
	if err != nil {
		return err
	}
	return tx.Query(func(r *sqlite.Row) error {
		if v.Labels == nil {
			v.Labels = map[string]string{}
		}
		key := r.Text()
		v.Labels[key] = r.Text()
		return nil
	}, "SELECT key, value FROM volume_labels WHERE volume = ?", v.Name)
}

// RemoveVolume forgets a volume and runs hide, which takes its folder away from under its name, in the same
// transaction. The error wraps ErrInUse where a container was made with it, ErrNotFound where there is none.
func (db *DB) RemoveVolume(name string, hide func() error) error {
	err := db.db.Write(func(tx *sqlite.Tx) error {
		list, err := volumes(tx, "WHERE name = ?", name)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return hint.With(ErrNotFound, "list the volumes with: pocket-docker volume ls")
		}
		if users := list[0].Users; len(users) > 0 {
			return hint.With(fmt.Errorf("it %w by %s", ErrInUse, strings.Join(users, ", ")),
				"remove the container first: pocket-docker rm %s", users[0])
		}
		if _, err := tx.Exec("DELETE FROM volumes WHERE name = ?", name); err != nil {
			return err
		}
		if err := hide(); !errors.Is(err, os.ErrNotExist) {
			return err // inside: a folder that cannot be taken away keeps its record
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("remove volume %s: %w", name, err)
	}
	return nil
}

// removeOwn forgets the anonymous volumes that only this container was made with.
func removeOwn(tx *sqlite.Tx, id string, hide func(volume string) error) error {
	list, err := volumes(tx, `WHERE anonymous AND name IN (SELECT volume FROM volume_uses WHERE container = ?1)
		AND name NOT IN (SELECT volume FROM volume_uses WHERE container <> ?1)`, id)
	if err != nil {
		return err
	}
	for _, v := range list {
		if _, err := tx.Exec("DELETE FROM volume_uses WHERE container = ? AND volume = ?", id, v.Name); err != nil {
			return err
		}
		if _, err := tx.Exec("DELETE FROM volumes WHERE name = ?", v.Name); err != nil {
			return err
		}
		if err := hide(v.Name); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("remove volume %s: %w", v.Name, err)
		}
	}
	return nil
}

// Unrecorded calls drop with each of these names that no volume has, while nobody can make one.
func (db *DB) Unrecorded(names []string, drop func(name string) error) error {
	return db.db.Write(func(tx *sqlite.Tx) error {
		var all []error
		for _, name := range names {
			list, err := volumes(tx, "WHERE name = ?", name)
			if err != nil {
				return err
			}
			if len(list) == 0 {
				all = append(all, drop(name))
			}
		}
		return errors.Join(all...)
	})
}
