package store

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"testing"
	"time"

	"pocket/runtime/stray"
)

// TestTornLog cuts the log of the store where a loss of power could: every report that was acknowledged before is
// there as it was recorded. POCKET_TEST_FAULTS=whole tries a thousand places.
func TestTornLog(t *testing.T) {
	cuts := 20
	if os.Getenv("POCKET_TEST_FAULTS") == "whole" {
		cuts = 1000
	}
	seed := uint64(time.Now().UnixNano())
	t.Log("seed", seed)
	s := open(t)
	run := begin(t, s, Run{Suite: "squares"})
	var acknowledged []int64 // how long the log was when the report with this number was
	for range 30 {
		keep(t, s, run, full)
		info, err := os.Stat(s.Path() + "-wal")
		if err != nil {
			t.Skip("no log here: ", err)
		}
		acknowledged = append(acknowledged, info.Size())
	}
	whole, err := s.Reports(run, "")
	if err != nil {
		t.Fatal(err)
	}
	err = stray.Torn(s.Path(), t.TempDir(), cuts, rand.New(rand.NewPCG(seed, 0)), func(copy string, upTo int64) error {
		again, err := Open(copy)
		if err != nil {
			return err
		}
		want := 0
		for _, size := range acknowledged {
			if size <= upTo {
				want++
			}
		}
		list, err := again.Reports(run, "")
		if err == nil && len(list) != want || want > 0 && !reflect.DeepEqual(list, whole[:want]) {
			err = fmt.Errorf("%d reports, want %d as they were", len(list), want)
		}
		if errors.Is(err, ErrNotFound) && want == 0 {
			err = nil // the run was not recorded yet
		}
		if _, failed := again.Begin(Run{Suite: "after"}); failed != nil {
			err = errors.Join(err, failed)
		}
		return errors.Join(err, again.Check(), again.Close())
	})
	if err != nil {
		t.Error(err)
	}
	t.Logf("%d places in a log of %d bytes", cuts, acknowledged[len(acknowledged)-1])
}
