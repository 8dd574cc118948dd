package main

import (
	"testing"
	"time"

	"pocket/runtime/state"
)

// The delays between runs double from 100 ms on: none is shorter. How much longer they are depends on the
// machine, and is shown.
func TestRestartDelays(t *testing.T) {
	needNamespaces(t)
	root := t.TempDir()
	t.Setenv("POCKET_ROOT", root)
	pocket(t, "run", "-d", "--name", "box", "--restart", "on-failure:4", "host", "sh", "-c", "exit 1")
	t.Cleanup(func() { pocket(t, "rm", "-f", "box") })
	db, err := state.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	c, err := db.Container("box")
	if err != nil {
		t.Fatal(err)
	}
	var exits []state.Exit
	for len(exits) < 5 {
		pocket(t, "wait", "box") // until the end of the run that is, or comes
		if exits, err = db.Exits(c.ID); err != nil {
			t.Fatal(err)
		}
	}
	want := 100 * time.Millisecond
	for i := 1; i < len(exits); i++ {
		delay := exits[i].Started.Sub(exits[i-1].Finished)
		t.Logf("restart %d after %v", i, delay)
		if delay < want {
			t.Errorf("restart %d came after %v, before %v had passed", i, delay, want)
		}
		want *= 2
	}
}
