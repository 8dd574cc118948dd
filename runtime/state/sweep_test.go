package state

import (
	"errors"
	"os"
	"testing"
)

// TestRemovalSweepsLocks: the lock of a container that was never recorded goes with the next removal; one that is
// held, and that of a recorded container, stay.
func TestRemovalSweepsLocks(t *testing.T) {
	db := open(t)
	lock := func(id string) *Lock {
		t.Helper()
		l, err := AcquireLock(db.Dir(), id)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	dead, making, kept, removed := NewID(), NewID(), NewID(), NewID()
	for _, id := range []string{kept, removed} {
		if _, err := db.CreateContainer(Container{ID: id, Name: id[:8]}); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []string{dead, kept, removed} {
		if err := lock(id).Release(); err != nil {
			t.Fatal(err)
		}
	}
	held := lock(making)
	defer held.Release()
	if err := db.RemoveContainer(removed, nil); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]bool{dead: false, removed: false, kept: true, making: true} {
		if _, err := os.Stat(LockPath(db.Dir(), id)); errors.Is(err, os.ErrNotExist) == want {
			t.Errorf("lock %s: %v", id, err)
		}
	}
}
