package main

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"pocket/runtime/state"
)

// TestReboot leaves containers as a loss of power does, and gives the numbers of their processes to a bystander:
// whatever is done then, the containers count as ended, and no signal comes to the bystander.
func TestReboot(t *testing.T) {
	count, most := 0, howMany(t, 6, 1000)
	for name, was := range map[string]func(state.Process) state.Process{
		// After a boot the same number may even have been given at the same tick.
		"another boot": func(p state.Process) state.Process {
			p.Boot = "00000000-0000-4000-8000-000000000000"
			return p
		},
		"the same boot": func(p state.Process) state.Process {
			p.Start--
			return p
		},
	} {
		for _, then := range [][]string{{"rm", "-f", "one"}, {"stop", "one"}, {"restart", "one"}, {"ps", "-a"}, {"kill", "one"}, {"start", "one"},
			{"boot"}, {"pause", "one"}, {"exec", "one", "true"}, {"wait", "one"}, {"prune", "-f"}} {
			if count++; count > most {
				return
			}
			t.Run(name+"/"+then[0], func(t *testing.T) { reboot(t, was, then) })
		}
	}
}

func reboot(t *testing.T, was func(state.Process) state.Process, then []string) {
	w := newWalk(t)
	archive := newShellArchive(t, w.dir)
	w.must("import", archive, "image")
	w.must("run", "-d", "--name", "one", "--restart", "always", "image", "sleep", "1000")
	w.must("run", "-d", "--name", "two", "image", "sleep", "1000")
	bystander, signalled := w.bystander()
	w.powerOff()
	self, err := state.Identify(bystander.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	w.record(was(self))

	o := w.try(nil, then...)
	if refused := slices.Contains([]string{"kill", "pause", "exec"}, then[0]); refused != (o.failed != nil) {
		t.Errorf("%q: %v", then, o)
	}
	states := w.must("ps", "-a", "--format", "{{.Names}} {{.State}}")
	if then[0] != "prune" && !strings.Contains(states, "two exited\n") {
		t.Errorf("ps shows:\n%s", states)
	}
	starts := slices.Contains([]string{"start", "restart", "boot"}, then[0])
	if starts != strings.Contains(states, "one running\n") {
		t.Errorf("after %q ps shows:\n%s", then, states)
	}
	w.empty()
	w.must("rmi", "image")
	if got := signalled(); got != "" {
		t.Errorf("the bystander: %s", got)
	}
	w.left(nil)
}

// bystander starts a process that has nothing to do with us. signalled ends it, and says what came to it before.
func (w *walk) bystander() (cmd *exec.Cmd, signalled func() string) {
	w.t.Helper()
	cmd = exec.Command("sleep", "1000")
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	return cmd, func() string {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", cmd.Process.Pid))
		said := ""
		if _, rest, ok := strings.Cut(string(status), ") "); err != nil || !ok || !strings.HasPrefix(rest, "S ") {
			said = fmt.Sprintf("%v %q", err, status)
		}
		if err := cmd.Process.Signal(unix.SIGTERM); err != nil {
			said += err.Error()
		}
		_ = cmd.Wait()
		if ended := cmd.ProcessState.Sys().(syscall.WaitStatus); ended.Signal() != syscall.SIGTERM {
			said += fmt.Sprint(" ended by ", ended.Signal())
		}
		return said
	}
}

// powerOff kills the monitors and waits until nothing of them is left.
func (w *walk) powerOff() {
	w.t.Helper()
	for _, pid := range strings.Fields(w.must("ps", "-q", "--no-trunc")) {
		text := w.must("inspect", "--format", "{{.State.MonitorPid}}", pid)
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil {
			w.t.Fatal(err)
		}
		if err := unix.Kill(n, unix.SIGKILL); err != nil {
			w.t.Fatal(err)
		}
	}
}

// record has both processes of all containers be this one, in the record.
func (w *walk) record(p state.Process) {
	w.t.Helper()
	db, err := state.Open(w.path("state"))
	if err != nil {
		w.t.Fatal(err)
	}
	list, err := db.Containers(true)
	if err != nil {
		w.t.Error(err)
	}
	for _, c := range list {
		if err := db.MarkRunning(c.ID, state.Start{Monitor: p, Init: p, Time: c.Started}); err != nil {
			w.t.Error(err)
		}
	}
	if err := db.Close(); err != nil {
		w.t.Error(err)
	}
}
