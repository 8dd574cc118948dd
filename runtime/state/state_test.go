package state

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"pocket/runtime/hint"
	"pocket/runtime/resource"
	"pocket/runtime/sqlite"
)

func open(t *testing.T) *DB {
	t.Helper()
	db, err := Open(filepath.Join(t.TempDir(), "state"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func create(t *testing.T, db *DB, c Container) Container {
	t.Helper()
	made, err := db.CreateContainer(c)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func find(t *testing.T, db *DB, ref string) Container {
	t.Helper()
	c, err := db.Container(ref)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var limits = []resource.Enforcement{
	{Limit: "memory", Requested: "64MiB", Enforced: "67108864", By: resource.ByCgroup2},
	{Limit: "processes", Requested: "32", By: resource.ByNone, Remark: "no pids controller"},
}

// TestEmptiedRecord wants a record that was emptied not to be taken for a new one beside what it explains.
func TestEmptiedRecord(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "state.db")
	empty := func() {
		t.Helper()
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	opens := func() error {
		db, err := Open(dir)
		if err != nil {
			return err
		}
		return db.Close()
	}
	empty()
	if err := opens(); err != nil {
		t.Errorf("beside nothing: %v", err)
	}
	for _, name := range []string{"containers", "volumes"} {
		if err := os.MkdirAll(filepath.Join(dir, name, "one"), 0o700); err != nil {
			t.Fatal(err)
		}
		empty()
		err := opens()
		if err == nil || !strings.Contains(err.Error(), "is empty although there are folders in "+filepath.Join(dir, name)) || !strings.Contains(hint.Of(err), "doctor") {
			t.Errorf("beside %s: %v, hint %q", name, err, hint.Of(err))
		}
		if info, err := os.Stat(path); err != nil || info.Size() > 0 {
			t.Errorf("it was written to: %v, %v", info, err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := opens(); err != nil {
			t.Errorf("without any: %v", err)
		}
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDir(t *testing.T) {
	root := os.Geteuid() == 0
	for name, test := range map[string]struct {
		root, data, home string
		want             string // for an ordinary user
		wantRoot         string
	}{
		"all":      {"/r", "/d", "/h", "/r", "/r"},
		"data":     {"", "/d", "/h", "/d/pocket-docker", "/var/lib/pocket-docker"},
		"relative": {"", "d", "/h", "/h/.local/share/pocket-docker", "/var/lib/pocket-docker"},
		"home":     {"", "", "/h", "/h/.local/share/pocket-docker", "/var/lib/pocket-docker"},
		"nothing":  {"", "", "", "", "/var/lib/pocket-docker"},
	} {
		t.Setenv("POCKET_ROOT", test.root)
		t.Setenv("XDG_DATA_HOME", test.data)
		t.Setenv("HOME", test.home)
		want := test.want
		if root {
			want = test.wantRoot
		}
		got, err := Dir()
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%s: got %q, %v; want %q", name, got, err, want)
		}
		if err != nil && !strings.Contains(hint.Of(err), "POCKET_ROOT") {
			t.Errorf("%s: hint %q", name, hint.Of(err))
		}
	}
	t.Setenv("POCKET_ROOT", "here")
	if got, err := Dir(); err != nil || !filepath.IsAbs(got) || filepath.Base(got) != "here" {
		t.Errorf("relative POCKET_ROOT: %q, %v", got, err)
	}
}

func TestOpenMakesTheFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	for range 2 {
		db, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(db.Check(), db.Close()); err != nil {
			t.Error(err)
		}
	}
	want := os.FileMode(0o700)
	if os.Geteuid() == 0 {
		want = 0o711
	}
	if status, err := os.Stat(dir); err != nil || status.Mode().Perm() != want {
		t.Errorf("mode %v, %v; want %v", status.Mode(), err, want)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(file); err == nil || !strings.Contains(hint.Of(err), "POCKET_ROOT") {
		t.Errorf("a file for a folder: %v, hint %q", err, hint.Of(err))
	}
}

func TestNewerStateIsRefused(t *testing.T) {
	dir := t.TempDir()
	newer := append(migrations[:len(migrations):len(migrations)], "CREATE TABLE later (x TEXT) STRICT")
	db, err := sqlite.Open(filepath.Join(dir, "state.db"), newer)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); !errors.Is(err, sqlite.ErrNewer) {
		t.Errorf("got %v", err)
	}
}

func TestContainersLife(t *testing.T) {
	db := open(t)
	made := create(t, db, Container{Name: "web", Image: "alpine", Command: []string{"sh", "-c", "", "echo 'ü'"}, Log: "/l", Limits: limits,
		Status: Exited, Exit: &Exit{}})
	if got := find(t, db, made.ID); !reflect.DeepEqual(got, made) || got.Status != Created || got.Exit != nil {
		t.Fatalf("got  %+v\nwant %+v", got, made)
	}
	self, err := Self()
	if err != nil {
		t.Fatal(err)
	}
	for run := 1; run <= 2; run++ {
		started := time.Unix(1000*int64(run), 5).UTC()
		if err := db.MarkRunning(made.ID, Start{Monitor: self, Time: started, Limits: limits}); err != nil {
			t.Fatal(err)
		}
		got := find(t, db, "web")
		if got.Status != Running || got.Monitor != self || !got.Started.Equal(started) || !reflect.DeepEqual(got.Limits, limits) {
			t.Errorf("running: %+v", got)
		}
		exit := Exit{Started: started, Finished: started.Add(time.Second), Code: 130 + run, Signal: run, Reason: "memory", OOM: OOMTrue, Error: "e",
			Usage: resource.Usage{CPU: 7, Wall: 8, Memory: 9, CPUSource: "cpu.stat", MemorySource: "memory.peak"}}
		if err := db.Finish(made.ID, exit, Exited, limits[:run]); err != nil {
			t.Fatal(err)
		}
		got = find(t, db, "web")
		if got.Status != Exited || got.Monitor != (Process{}) || got.Exit == nil || !reflect.DeepEqual(*got.Exit, exit) || len(got.Limits) != run || !got.Ended.Equal(exit.Finished) {
			t.Errorf("ended: %+v, exit %+v\nwant exit %+v", got, got.Exit, exit)
		}
	}
	if exits, err := db.Exits(made.ID); err != nil || len(exits) != 2 || exits[0].Signal != 1 || exits[1].Signal != 2 {
		t.Errorf("exits %+v, %v", exits, err)
	}
	if err := db.RemoveContainer(made.ID, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Container("web"); !errors.Is(err, ErrNotFound) {
		t.Errorf("after removal: %v", err)
	}
	if exits, err := db.Exits(made.ID); err != nil || len(exits) != 0 {
		t.Errorf("exits left: %+v, %v", exits, err)
	}
}

func TestUnknownContainers(t *testing.T) {
	db := open(t)
	id := strings.Repeat("ab", 32)
	for name, err := range map[string]error{
		"running": db.MarkRunning(id, Start{Time: time.Now(), Limits: limits}),
		"finish":  db.Finish(id, Exit{}, Exited, limits),
		"remove":  db.RemoveContainer(id, nil),
	} {
		if !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), id[:12]) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOnlyTheLastExitsAreKept(t *testing.T) {
	db := open(t)
	id := create(t, db, Container{}).ID
	err := db.db.Write(func(tx *sqlite.Tx) error {
		for code := range keptExits + 20 {
			if err := finish(tx, id, Exit{Code: code, Reason: "exited"}, Exited); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	exits, err := db.Exits(id)
	if err != nil || len(exits) != keptExits || exits[0].Code != 20 || exits[keptExits-1].Code != keptExits+19 {
		t.Errorf("%d exits, %v", len(exits), err)
	}
	if last := find(t, db, id).Exit; last.Code != keptExits+19 || last.OOM != OOMUnknown {
		t.Errorf("last exit %+v", last)
	}
}

func TestFindingContainers(t *testing.T) {
	db := open(t)
	tail := strings.Repeat("0", 58)
	abc := create(t, db, Container{ID: "abc111" + tail, Name: "first", Created: time.Unix(1, 0)})
	abd := create(t, db, Container{ID: "abd222" + tail, Name: "second", Created: time.Unix(2, 0)})
	tricky := create(t, db, Container{ID: "fff333" + tail, Name: "abc1", Created: time.Unix(3, 0)})
	for ref, want := range map[string]Container{
		"first": abc, "abc11": abc, abc.ID: abc, "abd": abd, "second": abd, "f": tricky,
		"abc1": tricky, // a name goes before an id
	} {
		if got, err := db.Container(ref); err != nil || got.ID != want.ID {
			t.Errorf("%q: got %s, %v; want %s", ref, got.Name, err, want.Name)
		}
	}
	for ref, want := range map[string]error{
		"": ErrNotFound, "ab%": ErrNotFound, "a_c": ErrNotFound, "ABC": ErrNotFound, "abe": ErrNotFound, abc.ID + "0": ErrNotFound, "fir": ErrNotFound,
		"ab": ErrAmbiguous,
	} {
		if _, err := db.Container(ref); !errors.Is(err, want) || hint.Of(err) == "" {
			t.Errorf("%q: got %v, hint %q; want %v", ref, err, hint.Of(err), want)
		}
	}
	_, err := db.Container("ab")
	if want := `container "ab": ambiguous: abc111000000 (first), abd222000000 (second)`; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
	all, err := db.Containers(true)
	if err != nil || len(all) != 3 || all[0].ID != tricky.ID || all[2].ID != abc.ID {
		t.Errorf("all: %+v, %v", all, err)
	}
	if running, err := db.Containers(false); err != nil || len(running) != 0 {
		t.Errorf("running: %+v, %v", running, err)
	}
}

func TestImages(t *testing.T) {
	db := open(t)
	one, two := "sha256:"+strings.Repeat("1", 64), "sha256:"+strings.Repeat("12", 32)
	images := []Image{
		{Name: "alpine-3.19.tar.gz", Digest: one, Kind: "directory", Size: 42, Source: "https://x/y", Created: time.Unix(30, 0).UTC(), Pin: "aa"},
		{Name: "python.tar", Digest: two, Created: time.Unix(20, 0).UTC()},
		{Name: "python.tgz", Digest: one, Created: time.Unix(10, 0).UTC()},
		{Name: "plain", Digest: two, Created: time.Unix(5, 0).UTC()},
	}
	for _, i := range images {
		if err := db.AddImage(i); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := db.Images(); err != nil || !reflect.DeepEqual(got, images) {
		t.Errorf("got %+v, %v", got, err)
	}
	for ref, want := range map[string]int{
		"alpine-3.19.tar.gz": 0, "alpine-3.19": 0, "python.tar": 1, "python.tgz": 2, "plain": 3, "plain.tar.gz": 3,
		one: 0, "1111111": 0, two[7:]: 1, "sha256:12": 1, "sha256:11": 0,
	} {
		if got, err := db.Image(ref); err != nil || got != images[want] {
			t.Errorf("%q: got %q, %v; want %q", ref, got.Name, err, images[want].Name)
		}
	}
	for ref, want := range map[string]error{
		"python": ErrAmbiguous, "sha256:1": ErrAmbiguous, "11111": ErrNotFound, "none": ErrNotFound, "": ErrNotFound, "sha256:": ErrNotFound,
		"alpine-3.19.tar": ErrNotFound,
	} {
		if got, err := db.Image(ref); !errors.Is(err, want) || hint.Of(err) == "" {
			t.Errorf("%q: got %q, %v; want %v", ref, got.Name, err, want)
		}
	}
	replaced := Image{Name: "plain", Digest: one}
	if err := db.AddImage(replaced); err != nil {
		t.Fatal(err)
	}
	if got, err := db.Image("plain"); err != nil || got.Digest != one || got.Created.IsZero() {
		t.Errorf("replaced: %+v, %v", got, err)
	}
	for name, want := range map[string]int{"plain": 2, "python.tar": 0} {
		if left, err := db.RemoveImage(name); err != nil || left != want {
			t.Errorf("remove %s: %d left, %v; want %d", name, left, err, want)
		}
	}
	if _, err := db.RemoveImage("python"); !errors.Is(err, ErrNotFound) {
		t.Errorf("removal takes exact names only: %v", err)
	}
}
