package container

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/sandbox"
)

func TestRestartPoliciesAreRead(t *testing.T) {
	for text, want := range map[string]Restart{
		"": {When: Never}, "no": {When: Never}, "always": {When: Always}, "unless-stopped": {When: UnlessStopped},
		"on-failure": {When: OnFailure}, "on-failure:3": {OnFailure, 3}, "on-oom:1": {OnOOM, 1}, "on-failure:0": {When: OnFailure},
	} {
		got, err := ParseRestart(text)
		if err != nil || got != want {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
		if again, err := ParseRestart(got.String()); err != nil || again != got {
			t.Errorf("%q: written as %q, read as %+v, %v", text, got, again, err)
		}
	}
	for _, text := range []string{"sometimes", "always:3", "no:1", "on-failure:-1", "on-failure:x", "on-oom:", ":", ":3", "on-failure:99999999999"} {
		if got, err := ParseRestart(text); err == nil {
			t.Errorf("%q is read as %+v", text, got)
		}
	}
}

func TestPoliciesWant(t *testing.T) {
	for _, c := range []struct {
		policy   string
		reason   string
		status   int
		restarts int
		want     bool
	}{
		{"no", ReasonExited, 1, 0, false},
		{"on-failure", ReasonExited, 0, 0, false},
		{"on-failure", ReasonExited, 1, 0, true},
		{"on-failure:2", ReasonSignal, 139, 1, true},
		{"on-failure:2", ReasonSignal, 139, 2, false},
		{"always", ReasonExited, 0, 1000, true},
		{"unless-stopped", ReasonOOM, 137, 0, true},
		{"on-oom", ReasonExited, 1, 0, false},
		{"on-oom", ReasonSignal, 137, 0, false},
		{"on-oom", ReasonOOM, 137, 0, true},
		{"on-oom", ReasonMemory, 137, 0, true},
		{"on-oom:1", ReasonOOM, 137, 1, false},
	} {
		r, err := ParseRestart(c.policy)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.wants(c.reason, c.status, c.restarts); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

func TestDelaysDoubleUpToAMinuteAndBeginAnew(t *testing.T) {
	delay, want := time.Duration(0), 100*time.Millisecond
	for range 15 {
		if delay = nextDelay(delay, time.Second); delay != want {
			t.Fatalf("got %v, want %v", delay, want)
		}
		want = min(2*want, time.Minute)
	}
	if got := nextDelay(delay, 10*time.Second); got != 100*time.Millisecond {
		t.Errorf("after a run of 10 s: %v", got)
	}
	if got := nextDelay(delay, 10*time.Second-1); got != time.Minute {
		t.Errorf("after a run of just under 10 s: %v", got)
	}
}

// Between a restart's decision and its start a stop may come: it must not be forgotten with the restart.
func TestHaltOutlastsRestart(t *testing.T) {
	m := &monitor{ordered: make(chan struct{})}
	m.give(again, ReasonHealth, ending{})
	if !m.renew() || m.order != goOn {
		t.Fatalf("after a restart the order is %v", m.order)
	}
	m.give(again, ReasonHealth, ending{})
	m.give(halt, ReasonStopped, ending{})
	if m.renew() || m.order != halt || m.why != ReasonStopped {
		t.Errorf("after a restart and a halt the order is %v, why %q", m.order, m.why)
	}
}

// What is asked while the program is only being started is done to it as it was asked, the last one's way.
func TestAnOrderWaitsForTheProgram(t *testing.T) {
	m := &monitor{ordered: make(chan struct{})}
	soft, hard := ending{unix.SIGTERM, time.Second}, ending{unix.SIGKILL, 0}
	if m.give(again, ReasonStopped, soft) || m.how != soft || m.halted() {
		t.Errorf("of a restart there is %+v, halted %v", m.how, m.halted())
	}
	if m.give(halt, ReasonStopped, soft) || m.give(again, ReasonHealth, hard) || m.how != hard || !m.halted() {
		t.Errorf("of a stop and what came after it there is %+v, halted %v", m.how, m.halted())
	}
	m.proc = &sandbox.Process{}
	if !m.give(halt, ReasonStopped, soft) {
		t.Error("a program that runs is not to be ended at once")
	}
}
