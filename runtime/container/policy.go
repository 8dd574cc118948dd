package container

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"pocket/runtime/hint"
)

// Restart is a restart policy: when a container that has ended is started again.
type Restart struct {
	When  RestartWhen
	Limit int // with OnFailure and OnOOM: starts after the first one; 0 for any number
}

// RestartWhen says after which ends a container is started again.
type RestartWhen string

// The policies. A stop or kill by the user ends all of them.
const (
	Never         RestartWhen = "no"
	OnFailure     RestartWhen = "on-failure" // an exit status other than 0
	OnOOM         RestartWhen = "on-oom"     // it ran out of memory, and nothing else
	Always        RestartWhen = "always"     // also when the machine has started (Engine.Boot)
	UnlessStopped RestartWhen = "unless-stopped"
)

// ParseRestart reads no, always, unless-stopped, on-failure[:N] or on-oom[:N].
func ParseRestart(text string) (Restart, error) {
	name, count, counted := strings.Cut(text, ":")
	r := Restart{When: RestartWhen(name)}
	switch r.When {
	case "":
		if !counted {
			return Restart{When: Never}, nil
		}
	case Never, Always, UnlessStopped:
		if !counted {
			return r, nil
		}
		return Restart{}, fmt.Errorf("the restart policy %s takes no number", name)
	case OnFailure, OnOOM:
		if !counted {
			return r, nil
		}
		n, err := strconv.ParseInt(count, 10, 31)
		if err != nil || n < 0 {
			return Restart{}, fmt.Errorf("%q is not how often to start it again at most (0 for without end)", count)
		}
		r.Limit = int(n)
		return r, nil
	}
	return Restart{}, hint.With(fmt.Errorf("%q is not a restart policy", text),
		"use no, on-failure[:N], on-oom[:N], always or unless-stopped")
}

// String writes the policy as ParseRestart reads it.
func (r Restart) String() string {
	if r.When == "" {
		return string(Never)
	}
	if r.Limit > 0 {
		return fmt.Sprintf("%s:%d", r.When, r.Limit)
	}
	return string(r.When)
}

// wants says whether a container that ended so is started again, after it was already restarts times.
func (r Restart) wants(reason string, status, restarts int) bool {
	if r.Limit > 0 && restarts >= r.Limit {
		return false
	}
	switch r.When {
	case Always, UnlessStopped:
		return true
	case OnFailure:
		return status != 0
	case OnOOM:
		return reason == ReasonOOM || reason == ReasonMemory
	}
	return false
}

// The delays before a start by the policy are docker's: they double from the first to the last one, and
// begin anew after a run of at least settled (moby, restartmanager.go).
const (
	firstDelay = 100 * time.Millisecond
	lastDelay  = time.Minute
	settled    = 10 * time.Second
)

// nextDelay returns how long to wait after a run of ran; before is how long it was the last time, 0 for
// the first.
func nextDelay(before, ran time.Duration) time.Duration {
	if before == 0 || ran >= settled {
		return firstDelay
	}
	return min(2*before, lastDelay)
}

// The reasons of an exit, beside those of package sandbox for the limits on time and output.
const (
	ReasonExited  = "exited"  // it ended by itself
	ReasonSignal  = "signal"  // a signal ended it
	ReasonOOM     = "oom"     // the kernel's OOM killer
	ReasonMemory  = "memory"  // over its limit on memory, as our poller saw it
	ReasonHealth  = "health"  // its health check had it ended
	ReasonStopped = "stopped" // the user had it ended
)
