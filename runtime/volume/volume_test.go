package volume

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pocket/runtime/hint"
	"pocket/runtime/idmap"
	"pocket/runtime/state"
)

func store(t *testing.T) *Store {
	t.Helper()
	db, err := state.Open(t.TempDir())
	must(t, err)
	t.Cleanup(func() { db.Close() })
	return &Store{DB: db, IDs: idmap.Single(0)}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func names(t *testing.T, s *Store) []string {
	t.Helper()
	list, err := s.DB.Volumes()
	must(t, err)
	var names []string
	for _, v := range list {
		names = append(names, v.Name)
	}
	return names
}

func TestLife(t *testing.T) {
	s := store(t)
	must(t, s.Create("data", map[string]string{"a": "b"}))
	must(t, os.WriteFile(filepath.Join(s.Path("data"), "f"), nil, 0o600))
	must(t, s.Create("data", nil))
	if _, err := os.Stat(filepath.Join(s.Path("data"), "f")); err != nil {
		t.Errorf("making it again lost its files: %v", err)
	}
	v, err := s.DB.Volume("data")
	if must(t, err); v.Labels["a"] != "b" || v.Created.IsZero() || v.Anonymous {
		t.Errorf("%+v", v)
	}
	must(t, s.Remove("data"))
	if _, err := os.Stat(s.folder("data")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("its folder is still there: %v", err)
	}
	if err := s.Remove("data"); !errors.Is(err, state.ErrNotFound) || hint.Of(err) == "" {
		t.Errorf("removed twice: %v", err)
	}
}

func TestNames(t *testing.T) {
	s := store(t)
	for _, name := range []string{"", ".", "..", "../x", "a/b", ".removed-x", "-v", "a b", "ä"} {
		if err := s.Create(name, nil); err == nil || hint.Of(err) == "" {
			t.Errorf("%q is a name: %v", name, err)
		}
	}
}

// TestOneInUseStays: neither rm nor prune takes a volume from a container.
func TestOneInUseStays(t *testing.T) {
	s := store(t)
	c, err := s.DB.CreateContainer(state.Container{Name: "user"})
	must(t, err)
	anonymous, loose := state.NewID(), state.NewID()
	must(t, s.ensure(state.Volume{Name: loose, Anonymous: true}))
	for _, name := range []string{"kept", "free"} {
		must(t, s.Ensure(name))
	}
	must(t, s.Use(c.ID, []state.Use{{Volume: "kept", Target: "/k"}, {Volume: anonymous, Target: "/a", Anonymous: true}}))
	if err := s.Use(c.ID, []state.Use{{Volume: "none", Target: "/n"}}); !errors.Is(err, state.ErrNotFound) {
		t.Errorf("a volume that is not there is used: %v", err)
	}
	if err := s.Remove("kept"); !errors.Is(err, state.ErrInUse) {
		t.Errorf("removed under its container: %v", err)
	}
	if _, err := os.Stat(s.Path("kept")); err != nil {
		t.Errorf("its files are gone: %v", err)
	}
	got, err := s.Prune(false)
	if must(t, err); !slices.Equal(got, []string{loose}) {
		t.Errorf("pruned %q", got)
	}
	must(t, s.DB.RemoveContainer(c.ID, s.Hide))
	must(t, s.Sweep())
	if _, err := os.Stat(s.folder(anonymous)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the container's own volume is left: %v", err)
	}
	if got := names(t, s); !slices.Equal(got, []string{"free", "kept"}) {
		t.Errorf("left are %q", got)
	}
	got, err = s.Prune(true)
	if must(t, err); !slices.Equal(got, []string{"free", "kept"}) {
		t.Errorf("pruned %q", got)
	}
}

// TestLeftoversAreTakenAway: a removal that was killed half-way, and a record without a folder.
func TestLeftoversAreTakenAway(t *testing.T) {
	s := store(t)
	must(t, s.Create("one", nil))
	must(t, os.MkdirAll(filepath.Join(s.folder(".removed-x"), "data"), 0o700))
	must(t, os.RemoveAll(s.folder("one")))
	must(t, s.Ensure("one"))
	if _, err := os.Stat(s.Path("one")); err != nil {
		t.Errorf("the folder was not made again: %v", err)
	}
	must(t, s.Remove("one"))
	entries, err := os.ReadDir(s.folder(""))
	if must(t, err); len(entries) != 0 {
		t.Errorf("left are %v", entries)
	}
}
