package sandbox

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/cgroup"
	"pocket/runtime/resource"
)

// hosts are the two worlds: what this host has, and nothing.
func hosts() map[string]*cgroup.Host { return map[string]*cgroup.Host{"groups": groups, "none": nil} }

func TestPausedMeansNothingRuns(t *testing.T) {
	for name, host := range hosts() {
		t.Run(name, func(t *testing.T) {
			s := payload(t, "spin", "3")
			s.Groups, s.Live = host, true
			p := started(t, s)
			by, err := p.Pause()
			if again, err2 := p.Pause(); err != nil || err2 != nil || again != by {
				t.Fatalf("%q %v, %q %v", by, err, again, err2)
			}
			// A thread that has just stopped is charged for the last of its way out of the processor a moment
			// later; of one that runs no two readings are the same.
			var first, second resource.Stats
			until(t, func() bool {
				first, second = stats(t, p), stats(t, p)
				return first.CPU == second.CPU
			})
			if !first.Paused || !p.Paused() || !first.CPU.Known() {
				t.Errorf("while paused by %s: %+v", by, first)
			}
			if err := p.Resume(); err != nil {
				t.Fatal(err)
			}
			until(t, func() bool { return stats(t, p).CPU.Value > second.CPU.Value })
			if _, err := p.Pause(); err != nil {
				t.Fatal(err)
			}
			if err := p.Signal(unix.SIGKILL); err != nil {
				t.Error(err)
			}
			if exit, err := p.Wait(); err != nil || exit.Signal != unix.SIGKILL {
				t.Errorf("killed while paused: %+v %v", exit, err)
			}
			if _, err := p.Pause(); !errors.Is(err, os.ErrProcessDone) {
				t.Errorf("pause of what has ended: %v", err)
			}
			if err := p.Resume(); !errors.Is(err, os.ErrProcessDone) {
				t.Errorf("resume of what has ended: %v", err)
			}
			t.Logf("paused by %s", by)
		})
	}
}

// Where processes are stopped one by one, a sandbox that was started just now has none yet that could be.
func TestPausedAsSoonAsItIsStarted(t *testing.T) {
	for range 8 {
		s := spec(t, "sleep", "1000")
		s.Groups, s.Live = nil, true
		p := started(t, s)
		if _, err := p.Pause(); err != nil {
			t.Fatal(err)
		}
		if list := p.members(); len(list) != 1 || state(list[0]) != "T" {
			t.Fatalf("%v are not one that stands", list)
		}
		p.Kill()
	}
}

func TestLimitEndsWhatIsPaused(t *testing.T) {
	for name, host := range hosts() {
		t.Run(name, func(t *testing.T) {
			s := spec(t, "sleep", "1000")
			s.Groups, s.Live, s.Limits.Wall = host, true, 300*time.Millisecond
			p := started(t, s)
			if _, err := p.Pause(); err != nil && !errors.Is(err, os.ErrProcessDone) {
				t.Fatal(err)
			}
			if exit, err := p.Wait(); err != nil || exit.Reason != OverWall {
				t.Errorf("%+v %v", exit, err)
			}
		})
	}
}

func TestStoppedByItselfStaysStopped(t *testing.T) {
	s := spec(t, "sh", "-c", "kill -STOP $$; exit 7")
	s.Groups, s.Live = nil, true
	p := started(t, s)
	until(t, func() bool { list := p.members(); return len(list) == 1 && state(list[0]) == "T" })
	if _, err := p.Pause(); err != nil {
		t.Fatal(err)
	}
	if err := p.Resume(); err != nil {
		t.Fatal(err)
	}
	if list := p.members(); len(list) != 1 || state(list[0]) != "T" {
		t.Errorf("%v is not stopped any more", list)
	}
	if err := p.Signal(unix.SIGCONT); err != nil {
		t.Error(err)
	}
	if exit, err := p.Wait(); err != nil || exit.Code != 7 {
		t.Errorf("%+v %v", exit, err)
	}
}

func TestStatsAndUpdate(t *testing.T) {
	for name, host := range hosts() {
		t.Run(name, func(t *testing.T) {
			s := payload(t, "spin", "2")
			s.Groups, s.Live = host, true
			s.Limits.Memory = 128 * resource.MiB
			p := started(t, s)
			until(t, func() bool { return stats(t, p).Processes.Value >= 2 })
			st := stats(t, p)
			if st.Memory.Value < 100*1024 || st.Memory.Value > int64(s.Limits.Memory) || !st.Memory.Known() ||
				st.MemoryLimit.Value != int64(s.Limits.Memory) {
				t.Errorf("%+v", st)
			}
			held, err := p.Update(resource.Limits{Memory: 256 * resource.MiB, CPUs: 0.5, Cpuset: "0"})
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range held {
				if e.Enforced == "" || e.By == resource.ByNone || e.By == "" {
					t.Errorf("%+v", e)
				}
			}
			if got := stats(t, p).MemoryLimit; got.Value != int64(256*resource.MiB) {
				t.Errorf("limit after the update: %+v", got)
			}
			now := map[string]string{}
			for _, e := range p.Enforcement() {
				if now[e.Limit] != "" {
					t.Errorf("%s is told twice", e.Limit)
				}
				now[e.Limit] = e.Requested
			}
			if now["memory"] != "256MiB" || now["cpus"] != "0.5" || now["cpuset"] != "0" || now["wall"] == "" {
				t.Errorf("%+v", now)
			}
			if _, err := p.Update(resource.Limits{Memory: 512 * resource.MiB, Swap: 256 * resource.MiB}); err == nil ||
				!strings.Contains(err.Error(), "more than memory and swap") {
				t.Errorf("swap below memory: %v", err)
			}
			if _, err := p.Update(resource.Limits{Stack: resource.MiB}); err == nil {
				t.Error("the stack of a running program was changed")
			}
			if _, err := p.Update(resource.Limits{Wall: time.Millisecond}); err != nil {
				t.Fatal(err)
			}
			if exit, err := p.Wait(); err != nil || exit.Reason != OverWall {
				t.Errorf("%+v %v", exit, err)
			}
		})
	}
}

func started(t *testing.T, s Spec) *Process {
	t.Helper()
	p, err := Start(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Kill()
		_, _ = p.Wait()
	})
	return p
}

func stats(t *testing.T, p *Process) resource.Stats {
	t.Helper()
	s, err := p.Stats()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// until waits for something that the kernel tells nobody of.
func until(t *testing.T, so func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !so(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it never came")
		}
	}
}
