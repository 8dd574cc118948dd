package state

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"pocket/runtime/stray"
)

// TestTornLog cuts the log of the record where a loss of power could: what was acknowledged before is there.
// POCKET_TEST_FAULTS=whole tries a thousand places.
func TestTornLog(t *testing.T) {
	cuts := 20
	if os.Getenv("POCKET_TEST_FAULTS") == "whole" {
		cuts = 1000
	}
	seed := uint64(time.Now().UnixNano())
	t.Log("seed", seed)
	db := open(t)
	path := filepath.Join(db.Dir(), "state.db")
	var acknowledged []int64 // how long the log was when the change with this number was
	for i := range 40 {
		create(t, db, Container{Name: fmt.Sprint("c", i)})
		info, err := os.Stat(path + "-wal")
		if err != nil {
			t.Skip("no log here: ", err)
		}
		acknowledged = append(acknowledged, info.Size())
	}
	err := stray.Torn(path, t.TempDir(), cuts, rand.New(rand.NewPCG(seed, 0)), func(copy string, whole int64) error {
		again, err := Open(filepath.Dir(copy))
		if err != nil {
			return err
		}
		want := 0
		for _, size := range acknowledged {
			if size <= whole {
				want++
			}
		}
		list, err := again.Containers(true)
		if err == nil && len(list) != want {
			err = fmt.Errorf("%d containers, want %d", len(list), want)
		}
		for i := range list {
			if name := fmt.Sprint("c", len(list)-1-i); list[i].Name != name { // the latest first
				err = errors.Join(err, fmt.Errorf("container %d is %q", i, list[i].Name))
			}
		}
		if _, failed := again.CreateContainer(Container{Name: "after"}); failed != nil {
			err = errors.Join(err, failed)
		}
		return errors.Join(err, again.Check(), again.Close())
	})
	if err != nil {
		t.Error(err)
	}
	t.Logf("%d places in a log of %d bytes", cuts, acknowledged[len(acknowledged)-1])
}
