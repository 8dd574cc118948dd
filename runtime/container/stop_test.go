package container

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"pocket/runtime/state"
)

// TestFindBesideALostContainer wants the others to be found when the loss of one cannot be recorded.
func TestFindBesideALostContainer(t *testing.T) {
	dir := t.TempDir()
	db, err := state.Open(dir)
	must(t, err)
	defer db.Close()
	e := &Engine{Dir: dir, DB: db}
	ended, err := db.CreateContainer(state.Container{Name: "ended"})
	must(t, err)
	must(t, db.Finish(ended.ID, state.Exit{}, state.Exited, nil))
	lost, err := db.CreateContainer(state.Container{Name: "lost"})
	must(t, err)
	must(t, db.MarkRunning(lost.ID, state.Start{Monitor: state.Process{PID: 1}, Time: time.Now()}))
	must(t, os.MkdirAll(filepath.Join(dir, "locks", lost.ID), 0o700)) // nobody can lock a folder for writing

	if c, err := e.Find("ended"); err != nil || c.ID != ended.ID {
		t.Errorf("ended: %+v, %v", c, err)
	}
	if c, err := e.Find("lost"); err == nil {
		t.Errorf("one that is lost was found running: %+v", c)
	}
	must(t, os.Remove(filepath.Join(dir, "locks", lost.ID)))
	if c, err := e.Find("lost"); err != nil || c.Status != state.Exited || c.Exit.Reason != state.Lost {
		t.Errorf("lost: %+v, %v", c, err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestRemoveBesideAStart wants nothing to be taken from a container that a monitor has got just now.
func TestRemoveBesideAStart(t *testing.T) {
	dir := t.TempDir()
	db, err := state.Open(dir)
	must(t, err)
	defer db.Close()
	e := &Engine{Dir: dir, DB: db}
	c, err := db.CreateContainer(state.Container{Name: "started"})
	must(t, err)
	must(t, os.MkdirAll(filepath.Join(e.Folder(c.ID), "layer"), 0o700))
	lock, err := state.AcquireLock(dir, c.ID)
	must(t, err)
	if err := e.removeEnded(c, true); err == nil {
		t.Error("removed")
	}
	if _, err := os.Stat(filepath.Join(e.Folder(c.ID), "layer")); err != nil {
		t.Error(err)
	}
	must(t, lock.Release())
	must(t, e.removeEnded(c, true))
	must(t, e.removeEnded(c, true)) // another rm was quicker
	if entries, err := os.ReadDir(filepath.Join(dir, "locks")); err != nil || len(entries) > 0 {
		t.Errorf("left: %v, %v", entries, err)
	}
}
