package boot

import (
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"pocket/runtime/internal/linux"
)

// joinList composes the list of a program that joins, as an ordinary user's process would or as root's.
func joinList(t *testing.T, p Plan, privileged bool) *linux.Spawn {
	t.Helper()
	c := &composer{Plan: p, inner: &linux.Program{}}
	all := 0
	for _, kind := range namespaceKinds {
		all |= kind.flag
	}
	spawn, err := c.joining(c.entering(26, all, privileged), linux.NewValue("master"), linux.NewValue("terminal"))
	if err != nil {
		t.Fatal(err)
	}
	return spawn
}

func TestJoinList(t *testing.T) {
	p := plan(t, runtime.GOARCH)
	p.UID, p.GID, p.SetupUID, p.SetupGID = 1000, 1000, 0, 0
	spawn := joinList(t, p, false)
	golden(t, "join_"+runtime.GOARCH, spawn.Outer.String()+"--\n"+spawn.Inner.String())
	p.Terminal = true
	spawn = joinList(t, p, true)
	golden(t, "join_terminal_"+runtime.GOARCH, spawn.Outer.String()+"--\n"+spawn.Inner.String())
}

// TestJoinOrder states what must come before what.
func TestJoinOrder(t *testing.T) {
	p := plan(t, runtime.GOARCH)
	p.Terminal, p.UID, p.SetupUID = true, 1000, 0
	spawn := joinList(t, p, true)
	steps := append(spawn.Outer.Steps(), spawn.Inner.Steps()...)
	at := func(step string) int {
		for i, s := range steps {
			if s == step {
				return i
			}
		}
		t.Fatalf("no step %q in %q", step, steps)
		return -1
	}
	for _, pair := range [][2]string{
		{"enter the control group", "enter the sandbox's namespaces"}, // its file is the host's
		{"drop the supplementary groups", "enter the sandbox's namespaces"},
		{"set the user ids", "open a terminal"}, // an owner without an id inside could not be changed
		{"drop a capability", "become the user"},
		{"give the result", "close the descriptors"},
		{"close the descriptors", "change to the working directory /work"}, // CVE-2024-21626
		{"become the user", "change to the working directory /work"},
		{"set the capabilities", "set no_new_privs"},
		{"install the seccomp filter", "start the step before the program"},
	} {
		if at(pair[0]) >= at(pair[1]) {
			t.Errorf("%q comes after %q", pair[0], pair[1])
		}
	}
	if last := steps[len(steps)-1]; last != "start the step before the program" {
		t.Errorf("the last step is %q", last)
	}
}

func TestNamespacesThatAreOursAreNotEntered(t *testing.T) {
	if flags, err := foreign(unix.Getpid()); err != nil || flags != 0 {
		t.Errorf("of ourselves: %#x %v", flags, err)
	}
}
