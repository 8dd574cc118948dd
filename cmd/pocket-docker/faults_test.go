//go:build failpoint

package main

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pocket/runtime/stray"
)

// TestFaults has each failpoint of pocket-docker fail in each way, each time it is come to in the life of a few
// containers: whatever happens, ps is right afterwards, the same command succeeds when it is given again, and
// nothing strays.
func TestFaults(t *testing.T) {
	howMany(t, 1, 1)
	var slowest []time.Duration
	archives := t.TempDir()
	archive := newShellArchive(t, archives)
	server := httptest.NewServer(http.FileServer(http.Dir(archives)))
	defer server.Close()
	life := commandsOfALife(server.URL+"/"+shellArchive, archive)
	known, err := stray.Points("../../runtime", ".")
	if err != nil || len(known) == 0 {
		t.Fatal(len(known), err)
	}
	healthy := newFaultyWalk(t, "")
	want := healthy.live(life)
	come := healthy.trace()
	for step := range known {
		if !slices.ContainsFunc(come, func(p passed) bool { return p.step == step }) {
			t.Errorf("the failpoint %s is never come to", step)
		}
	}
	places := faultsOf(come, known)
	t.Logf("%d failpoints, come to %d times: %d faults", len(known), len(come), len(places))
	tried, met := 0, 0
	every := max(1, len(places)/howMany(t, 16, len(places)))
	for i, fail := range places {
		if i%every != every/2 {
			continue
		}
		tried++
		t.Run(fail, func(t *testing.T) {
			w := newFaultyWalk(t, fail)
			files := w.live(life)
			for _, name := range stray.Beyond(want, files) {
				t.Error("left behind in the state folder:", name)
			}
			if w.fired() {
				met++
			} else {
				t.Log("was not come to this time")
			}
			slowest = append(slowest, w.ps...)
		})
	}
	slices.Sort(slowest)
	if n := len(slowest); n > 0 {
		t.Logf("%d faults tried, %d met; ps afterwards took %v in the middle, %v of 95 %%, %v at most", tried, met, slowest[n/2], slowest[n*95/100], slowest[n-1])
	}
	if met < tried-max(tried/20, 4) { // what is done side by side is not come to as often each time
		t.Errorf("of %d faults only %d were met", tried, met)
	}
}

// commandsOfALife go through everything that a container and an image are for.
func commandsOfALife(url, archive string) [][]string {
	return [][]string{
		{"pull", "--name", "pulled", url},
		{"import", archive, "layered"},
		{"run", "--rm", "-v", "/data", "--memory", "64m", "pulled", "sh", "-c", "echo hello"},
		{"run", "-d", "--name", "one", "-v", "/data", "layered", "sh", "-c", "echo hello; exec sleep 1000"},
		{"stop", "one"},
		{"start", "one"},
		{"rm", "-f", "-v", "one"},
		{"rmi", "pulled"},
		{"rmi", "layered"},
	}
}

// passed is a line of the trace.
type passed struct {
	pid    int
	step   string
	n      int
	action string
}

// faultsOf are all that can be tried: each failpoint, each time it was come to, with each action.
func faultsOf(come []passed, killOnly map[string]bool) []string {
	all := map[string]bool{}
	for _, p := range come {
		actions := []string{"kill", "ENOSPC", "EIO", "EMFILE", "ENOMEM"}
		if killOnly[p.step] {
			actions = actions[:1]
		}
		for _, action := range actions {
			all[fmt.Sprintf("%s:%d=%s", p.step, p.n, action)] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// faultyWalk is a walk on which something fails.
type faultyWalk struct {
	*walk
	faulty []string        // of the environment
	ps     []time.Duration // how long each ps took
}

func newFaultyWalk(t *testing.T, fail string) *faultyWalk {
	w := &faultyWalk{walk: newWalk(t)}
	if err := os.WriteFile(w.path("trace"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	w.faulty = []string{"POCKET_FAIL=" + fail, "POCKET_FAIL_TRACE=" + w.path("trace")}
	return w
}

func (w *faultyWalk) trace() (list []passed) {
	w.t.Helper()
	text, err := os.ReadFile(w.path("trace"))
	if err != nil {
		w.t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		words := append(strings.Fields(line), "")
		var p passed
		var errPID, errN error
		p.pid, errPID = strconv.Atoi(words[0])
		p.n, errN = strconv.Atoi(words[2])
		if p.step, p.action = words[1], words[3]; errPID != nil || errN != nil {
			w.t.Fatalf("line %q of the trace", line)
		}
		list = append(list, p)
	}
	return list
}

func (w *faultyWalk) fired() bool {
	return slices.ContainsFunc(w.trace(), func(p passed) bool { return p.action != "" })
}

// live gives the commands one after the other. The one that meets the fault may fail; then it is given again. It
// returns what is left in the state folder.
func (w *faultyWalk) live(commands [][]string) []string {
	w.t.Helper()
	fired := false
	for _, args := range commands {
		o := w.try(w.faulty, args...)
		if now := w.fired(); now && !fired {
			fired = true
			w.right()
			if o.failed != nil {
				o = w.again(args)
			}
		}
		if o.failed != nil {
			w.t.Errorf("%q: %v", args, o)
		}
	}
	makers := map[int]bool{}
	for _, p := range w.trace() {
		makers[p.pid] = true
	}
	return w.left(makers)
}

// again gives a command again. What it made before it died has to be removed first, as a user would, and what it
// was to remove may be gone.
func (w *faultyWalk) again(args []string) outcome {
	w.t.Helper()
	switch args[0] {
	case "run":
		w.empty()
	case "import": // another of the same name would leave the first under its id, as docker does
		if images := w.must("images", "-q", args[2]); images != "" {
			w.must("rmi", args[2])
		}
	}
	o := w.try(w.faulty, args...)
	if o.failed != nil && args[0] == "rmi" && strings.Contains(o.err, "no such image") {
		return outcome{}
	}
	return o
}

// right looks whether ps is: what it shows as running can be reached, and its monitor lives.
func (w *faultyWalk) right() {
	w.t.Helper()
	began := time.Now()
	list := w.must("ps", "-a", "--format", "{{.ID}} {{.State}}")
	w.ps = append(w.ps, time.Since(began))
	for line := range strings.Lines(list) {
		id, state, _ := strings.Cut(strings.TrimSpace(line), " ")
		if state != "running" {
			continue
		}
		o := w.try(nil, "exec", id, "/bin/true")
		if o.failed == nil {
			continue
		}
		// It may have been ending when ps looked: what was killed had begun it. Then it is shown as ended now.
		if now := strings.TrimSpace(w.must("ps", "-a", "--no-trunc", "--filter", "id="+id, "--format", "{{.State}}")); now == "running" {
			w.t.Errorf("ps shows %s as running, and it cannot be entered: %v", id, o)
		}
	}
}
