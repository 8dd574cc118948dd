// Package volume keeps named folders that outlive containers.
//
// A volume's files lie in volumes/NAME/data of the state folder and belong to the ids that the containers
// have, so that a container's root can do with them what it likes. What is being removed lies in
// volumes/.removed-…, which a process that was killed may leave and the next removal takes away.
package volume

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

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

// Anonymous makes a volume for one container and returns its name.
func (s *Store) Anonymous() (string, error) {
	name := state.NewID()
	return name, s.ensure(state.Volume{Name: name, Anonymous: true})
}

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
	hidden := s.folder(".removed-" + state.NewID())
	if err := s.DB.RemoveVolume(name, func() error { return os.Rename(s.folder(name), hidden) }); err != nil {
		return err
	}
	return s.sweep()
}

// sweep takes away what was removed, now or by a process that was killed.
func (s *Store) sweep() error {
	entries, err := os.ReadDir(s.folder(""))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	all := []error{err}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".removed-") {
			all = append(all, tree.Remove(s.IDs, s.folder(e.Name())))
		}
	}
	return errors.Join(all...)
}

// Prune removes the volumes that no container was made with: the anonymous ones, or with named all. It
// returns the names of those removed.
func (s *Store) Prune(named bool) ([]string, error) {
	list, err := s.DB.Volumes()
	if err != nil {
		return nil, err
	}
	var names []string
	all := []error{s.sweep()}
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

// Drop removes the anonymous ones among volumes whose container is gone. Those that another container uses
// meanwhile stay.
func (s *Store) Drop(volumes []state.Volume) error {
	var all []error
	for _, v := range volumes {
		if !v.Anonymous {
			continue
		}
		if err := s.Remove(v.Name); !errors.Is(err, state.ErrInUse) && !errors.Is(err, state.ErrNotFound) {
			all = append(all, err)
		}
	}
	if err := errors.Join(all...); err != nil {
		return fmt.Errorf("remove the container's volumes: %w", err)
	}
	return nil
}
