//go:build failpoint

package failpoint

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

const (
	failVariable  = "POCKET_FAIL"
	traceVariable = "POCKET_FAIL_TRACE"
)

// actions are what POCKET_FAIL can have a step do, beside kill.
var actions = map[string]error{"ENOSPC": unix.ENOSPC, "EIO": unix.EIO, "EMFILE": unix.EMFILE, "ENOMEM": unix.ENOMEM}

// At is a step that can fail with an error, which wraps the error number that was asked for.
func At(step string) error {
	action := reach(step)
	if err := actions[action]; err != nil {
		return fmt.Errorf("failpoint %s: %w", step, err)
	}
	die(action)
	return nil
}

// Kill is a moment at which the process can die, and no error is possible: other actions do nothing.
func Kill(step string) { die(reach(step)) }

// Environment is what a process of ours needs of the environment for this package.
func Environment() []string {
	var env []string
	for _, name := range []string{failVariable, traceVariable} {
		if value, set := os.LookupEnv(name); set {
			env = append(env, name+"="+value)
		}
	}
	return env
}

func die(action string) {
	if action == "kill" {
		_ = unix.Kill(os.Getpid(), unix.SIGKILL)
		select {}
	}
}

var (
	mutex sync.Mutex
	count = map[string]int{} // guarded by mutex
)

// reach notes that a step is come to and returns what it is to do.
func reach(step string) (action string) {
	mutex.Lock()
	defer mutex.Unlock()
	count[step]++
	n := count[step]
	place, wanted, _ := strings.Cut(os.Getenv(failVariable), "=")
	trace := os.Getenv(traceVariable)
	if trace == "" {
		return chosen(place, wanted, step, n)
	}
	file, err := os.OpenFile(trace, os.O_RDWR|os.O_APPEND|unix.O_CLOEXEC, 0)
	if err != nil {
		return "" // a process that is confined away from it
	}
	defer file.Close() // lets the lock go
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX); err != nil {
		return ""
	}
	before, err := io.ReadAll(file)
	if err != nil {
		return ""
	}
	n = bytes.Count(before, []byte(" "+step+" ")) + 1
	action = chosen(place, wanted, step, n)
	fmt.Fprintf(file, "%d %s %d %s\n", os.Getpid(), step, n, action)
	return action
}

func chosen(place, wanted, step string, n int) string {
	if place == step+":"+strconv.Itoa(n) {
		return wanted
	}
	return ""
}
