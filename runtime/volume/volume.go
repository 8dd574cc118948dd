// Package volume keeps named folders that outlive containers.
//
// A volume's files lie in volumes/NAME/data of the state folder and belong to the ids that the containers
// have, so that a container's root can do with them what it likes. What is being removed lies in
// volumes/.removed-…, which a process that was killed may leave and the next removal takes away.
package volume

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"pocket/runtime/failpoint"
	"pocket/runtime/idmap"
	"pocket/runtime/state"
	"pocket/runtime/tree"
)

// Store is where volumes are kept. Any number of processes may use the same at once.
type Store struct {
	DB  *state.DB
	IDs idmap.Map // of the containers
}

// Path is the folder of a volume's files.
func (s *Store) Path(name string) string { return filepath.Join(s.folder(name), "data") }

func (s *Store) folder(name string) string { return filepath.Join(s.DB.Dir(), "volumes", name) }

// Create makes a volume. One of this name that is there already is no error and stays as it is.
func (s *Store) Create(name string, labels map[string]string) error {
	return s.ensure(state.Volume{Name: name, Labels: labels})
}

// Ensure makes the volume, unless it is there.
func (s *Store) Ensure(name string) error { return s.ensure(state.Volume{Name: name}) }

// Use records which volumes the container with the full id is made with, and makes those that are anonymous. All
// others must be recorded; the error for one that is not wraps state.ErrNotFound.
func (s *Store) Use(id string, uses []state.Use) error { return s.DB.UseVolumes(id, uses, s.make) }

func (s *Store) ensure(v state.Volume) error {
	_, err := s.DB.EnsureVolume(v, func() error { return s.make(v.Name) })
	return err
}

// make makes the folder, within the transaction that records it: one that a killed process left half
// made is finished by the next.
func (s *Store) make(name string) error {
	mode := os.FileMode(0o700)
	if os.Geteuid() == 0 {
		mode = 0o711 // the containers' root, another id, must come through
	}
	if err := os.MkdirAll(s.folder(name), mode); err != nil {
		return err
	}
	if err := failpoint.At("volume.make"); err != nil {
		return err
	}
	data := s.Path(name)
	if err := os.Mkdir(data, 0o755); errors.Is(err, os.ErrExist) {
		return nil
	} else if err != nil {
		return err
	}
	if err := os.Chmod(data, 0o755); err != nil { // whatever the umask
		return err
	}
	uid, gid := idmap.Host(s.IDs.UIDs, 0), idmap.Host(s.IDs.GIDs, 0)
	if os.Geteuid() != 0 || uid < 0 || gid < 0 {
		return nil
	}
	return os.Chown(data, uid, gid)
}

// Remove removes a volume with all that is in it. The error wraps state.ErrInUse where a container was made
// with it, whether that runs or not, and state.ErrNotFound where there is none.
func (s *Store) Remove(name string) error {
	if err := s.DB.RemoveVolume(name, func() error { return s.Hide(name) }); err != nil {
		return err
	}
	return s.Sweep()
}

// Hide takes a volume's folder away from under its name, within the transaction that forgets it. Sweep removes it.
func (s *Store) Hide(name string) error {
	return os.Rename(s.folder(name), s.folder(removed+state.NewID()))
}

// removed begins the names of folders that are to be removed; no volume's does.
const removed = ".removed-"

// Sweep takes away what was removed, now or by a process that was killed, and what one that was killed while it
// made a volume left of it.
func (s *Store) Sweep() error {
	failpoint.Kill("volume.sweep")
	entries, err := os.ReadDir(s.folder(""))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	known, errKnown := s.DB.Volumes()
	all := []error{err, errKnown}
	var unknown []string
	for _, e := range entries {
		switch {
		case strings.HasPrefix(e.Name(), removed):
			all = append(all, tree.Remove(s.IDs, s.folder(e.Name())))
		case !slices.ContainsFunc(known, func(v state.Volume) bool { return v.Name == e.Name() }) && s.isBare(e.Name()):
			unknown = append(unknown, e.Name())
		}
	}
	if len(unknown) > 0 && errKnown == nil {
		all = append(all, s.DB.Unrecorded(unknown, s.unmake))
	}
	return errors.Join(all...)
}

// isBare says whether there is nothing in a volume's folder but what make makes.
func (s *Store) isBare(name string) bool {
	inside, err := os.ReadDir(s.Path(name))
	return errors.Is(err, os.ErrNotExist) || err == nil && len(inside) == 0
}

// unmake removes what make made, unless there is anything in it.
func (s *Store) unmake(name string) error {
	for _, path := range []string{s.Path(name), s.folder(name)} {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) && !errors.Is(err, unix.ENOTEMPTY) {
			return err
		}
	}
	return nil
}

// Prune removes the volumes that no container was made with: the anonymous ones, or with named all. It
// returns the names of those removed.
func (s *Store) Prune(named bool) ([]string, error) {
	list, err := s.DB.Volumes()
	if err != nil {
		return nil, err
	}
	var names []string
	all := []error{s.Sweep()}
	for _, v := range list {
		if len(v.Users) > 0 || !v.Anonymous && !named {
			continue
		}
		switch err := s.Remove(v.Name); {
		case err == nil:
			names = append(names, v.Name)
		case !errors.Is(err, state.ErrInUse) && !errors.Is(err, state.ErrNotFound): // somebody was quicker
			all = append(all, err)
		}
	}
	return names, errors.Join(all...)
}
