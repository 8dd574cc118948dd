package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// crowd is a walk with an image, on which many command lines give commands at once, so many each.
func crowd(t *testing.T, most int) (w *walk, lines, times int) {
	lines, times = howMany(t, 8, most), howMany(t, 2, 50)
	w = newWalk(t)
	archive := newShellArchive(t, w.dir)
	w.must("import", archive, "image")
	return w, lines, times
}

// atOnce gives commands from many lines at the same time, and returns how each ended.
func (w *walk) atOnce(lines, times int, args func(line, time int) []string) []outcome {
	all := make([]outcome, lines*times)
	var group sync.WaitGroup
	for line := range lines {
		group.Go(func() {
			for time := range times {
				all[line*times+time] = w.try(nil, args(line, time)...)
			}
		})
	}
	group.Wait()
	return all
}

// took is how long the commands took that ended as they are to.
func took(list []outcome) string {
	var all []time.Duration
	for _, o := range list {
		all = append(all, o.took.Round(time.Millisecond))
	}
	slices.Sort(all)
	return fmt.Sprintf("%d commands: %v in the middle, %v of 95 %%, %v at most", len(all), all[len(all)/2], all[len(all)*95/100], all[len(all)-1])
}

// TestCrowdOfRuns has many command lines run containers at once: each gets what its own program says, and no
// command meets a locked database.
func TestCrowdOfRuns(t *testing.T) {
	w, lines, times := crowd(t, 64)
	list := w.atOnce(lines, times, func(line, time int) []string {
		return []string{"run", "--rm", "-v", "/data", "image", "sh", "-c", fmt.Sprint("echo ", line, " ", time)}
	})
	for i, o := range list {
		if want := fmt.Sprintf("%d %d\n", i/times, i%times); o.failed != nil || o.out != want {
			t.Errorf("line %d, run %d: %v", i/times, i%times, o)
		}
	}
	t.Log(took(list))
	w.must("rmi", "image")
	w.left(nil)
}

// TestCrowdForAName has many command lines want the same name at once: one gets it, and the others are told.
func TestCrowdForAName(t *testing.T) {
	w, lines, _ := crowd(t, 100)
	list := w.atOnce(lines, 1, func(int, int) []string { return []string{"run", "-d", "--name", "one", "image", "sleep", "1000"} })
	won := 0
	for _, o := range list {
		switch {
		case o.failed == nil:
			won++
		case !strings.Contains(o.err, `name is taken: "one"`):
			t.Error(o)
		}
	}
	if names := w.must("ps", "-a", "--format", "{{.Names}}"); won != 1 || names != "one\n" {
		t.Errorf("%d of %d got the name; there are:\n%s", won, lines, names)
	}
	t.Log(took(list))
	w.empty()
	w.must("rmi", "image")
	w.left(nil)
}

// TestCrowdOfReaders has many look on while others make, rename and remove containers: everyone who looks sees
// whole records, and what was acknowledged is there.
func TestCrowdOfReaders(t *testing.T) {
	w, readers, times := crowd(t, 100)
	writers := max(2, readers/10)
	var writing, reading sync.WaitGroup
	var over atomic.Bool
	var looks atomic.Int64
	for i := range readers {
		reading.Go(func() {
			for !over.Load() {
				name := fmt.Sprintf("w%d-", i%writers)
				o := w.try(nil, "ps", "-a", "--filter", "name="+name, "--format", "{{.Names}} {{.Image}} {{.State}}")
				looks.Add(1)
				for line := range strings.Lines(o.out) {
					if !strings.HasPrefix(line, name) || !strings.HasSuffix(line, " image:latest created\n") && !strings.HasSuffix(line, " image created\n") {
						t.Errorf("seen %q", line)
					}
				}
				if o.failed != nil {
					t.Error(o)
				}
			}
		})
	}
	for i := range writers {
		writing.Go(func() {
			for n := range times {
				name := fmt.Sprintf("w%d-%d", i, n)
				w.must("create", "--name", name, "image", "true")
				w.must("rename", name, name+"-renamed")
				if n%2 == 0 {
					w.must("rm", name+"-renamed")
				}
			}
		})
	}
	writing.Wait()
	over.Store(true)
	reading.Wait()
	if n := len(strings.Fields(w.must("ps", "-aq"))); n != writers*(times/2) {
		t.Errorf("%d containers are left, want %d", n, writers*(times/2))
	}
	t.Logf("%d looks beside %d changes", looks.Load(), writers*times*2)
	w.empty()
	w.must("rmi", "image")
	w.left(nil)
}
