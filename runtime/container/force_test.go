package container

import (
	"io"
	"os"
	"os/exec"
	"testing"
	"time"

	"pocket/runtime/state"
)

// TestEnd wants a process killed that is meant, and none that only has its number.
func TestEnd(t *testing.T) {
	cmd := exec.Command("/proc/self/exe", "-test.run=^TestEndWaits$")
	cmd.Env = append(cmd.Environ(), "POCKET_TEST_WAITS=1")
	_, err := cmd.StdinPipe() // it waits for the end of this
	must(t, err)
	must(t, cmd.Start())
	meant, err := state.Identify(cmd.Process.Pid)
	must(t, err)
	other, elsewhere := meant, meant
	other.Start++
	elsewhere.Boot = "another boot"
	for _, p := range []state.Process{{}, other, elsewhere} {
		must(t, end(p, time.Minute))
	}
	if !meant.Alive() {
		t.Fatal("one that only had the number was killed")
	}
	must(t, end(meant, time.Minute))
	if meant.Alive() {
		t.Error("it runs on")
	}
	if err := cmd.Wait(); err == nil || err.Error() != "signal: killed" {
		t.Errorf("it ended by itself: %v", err)
	}
	must(t, end(meant, time.Minute)) // it is gone
}

// TestEndWaits is the process of TestEnd.
func TestEndWaits(t *testing.T) {
	if os.Getenv("POCKET_TEST_WAITS") != "" {
		_, _ = io.Copy(io.Discard, os.Stdin)
	}
}
