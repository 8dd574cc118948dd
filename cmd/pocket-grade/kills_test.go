//go:build failpoint

package main

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"
)

// TestRandomKills kills a grader at a random moment: no verdict is held against a student for it, the same command
// comes to the right ones, and nothing strays.
func TestRandomKills(t *testing.T) {
	rounds := howMany(t, 3, 200)
	healthy := newFaultyWalk(t, "")
	began := time.Now()
	healthy.grade()
	span := time.Since(began)
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0))
	killed, tried := 0, 0
	for ; killed < rounds; tried++ {
		if tried == 10*rounds {
			t.Fatalf("%d of %d graders were killed", killed, tried)
		}
		w := newFaultyWalk(t, "")
		cmd := w.command(context.Background(), w.faulty, w.run()...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() { defer close(ended); _ = cmd.Wait() }() // the status tells
		select {
		case <-time.After(time.Duration(random.Int64N(int64(span)))):
			_ = cmd.Process.Kill() // it may have ended
		case <-ended:
		}
		<-ended
		if cmd.ProcessState.ExitCode() == -1 {
			killed++
		}
		w.fair()
		w.grade()
	}
	t.Logf("%d of %d graders were killed, seed %d", killed, tried, seed)
}
