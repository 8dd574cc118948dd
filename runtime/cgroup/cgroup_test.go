package cgroup

import (
	"os"
	"path/filepath"
	"testing"

	"pocket/runtime/resource"
)

func TestReadMounts(t *testing.T) {
	dir := t.TempDir()
	info, own := filepath.Join(dir, "mountinfo"), filepath.Join(dir, "cgroup")
	write := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(info, `31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 /docker/abc /sys/fs/cgroup/mem\040ory rw - cgroup cgroup rw,memory
41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
`)
	write(own, "5:memory:/docker/abc/x\n2:cpu,cpuacct:/\n0::/user.slice/a\n")
	h, err := readMounts(info, own)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"cpu": "/sys/fs/cgroup/cpu,cpuacct", "cpuacct": "/sys/fs/cgroup/cpu,cpuacct", "memory": "/sys/fs/cgroup/mem ory/x",
	} {
		if h.v1[name] != want {
			t.Errorf("%s: %q, want %q", name, h.v1[name], want)
		}
	}
	if h.v2 != "/sys/fs/cgroup/unified/user.slice/a" || h.v2Mount != "/sys/fs/cgroup/unified" {
		t.Errorf("v2: %+v", h)
	}
}

func TestNoControlGroups(t *testing.T) {
	var h *Host
	g, held, err := h.New(resource.Limits{Memory: resource.MiB, Processes: 3, CPUs: 1}, false)
	if err != nil || len(held) != 0 {
		t.Fatalf("%v %v", held, err)
	}
	if _, _, ok := g.CPU(); ok {
		t.Error("CPU known without accounting")
	}
	if _, _, ok := g.Peak(); ok {
		t.Error("peak known without a controller")
	}
	if _, ok := g.OOMKills(); ok {
		t.Error("OOM known without a controller")
	}
	if g.Folder() != -1 || g.Entries() != nil || g.Remove() != nil {
		t.Error("an empty group has something")
	}
}

func TestEveryLimitIsReadBack(t *testing.T) {
	h := Detect()
	g, held, err := h.New(resource.Limits{Memory: 64 * resource.MiB, Processes: 7, CPUs: 0.5}, false)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"memory": "64MiB", "processes": "7", "cpus": "0.5"}
	for _, c := range []struct {
		limit string
		Controller
	}{{"memory", h.Memory}, {"processes", h.Pids}, {"cpus", h.CPU}} {
		found := false
		for _, e := range held {
			if e.Limit == c.limit {
				found = true
				if e.Enforced != want[c.limit] || e.By != by[c.Version] {
					t.Errorf("%s: %+v", c.limit, e)
				}
			}
		}
		if found != (c.Version != 0) {
			t.Errorf("%s held: %v, controller: %+v", c.limit, found, c.Controller)
		}
		if c.Version == 0 && c.Reason == nil {
			t.Errorf("%s: not usable without a reason", c.limit)
		}
	}
	dirs := append([]string(nil), g.dirs...)
	if err := g.Remove(); err != nil {
		t.Error(err)
	}
	for _, d := range dirs {
		if _, err := os.Stat(d); !os.IsNotExist(err) {
			t.Errorf("%s is left: %v", d, err)
		}
	}
	t.Logf("controllers: %+v", h.Controllers())
}

// TestTwoHostsOfAProcessShareNoGroup: both number their groups from one, and each group is one sandbox's alone.
func TestTwoHostsOfAProcessShareNoGroup(t *testing.T) {
	limits := resource.Limits{Memory: 64 * resource.MiB, Processes: 7}
	seen := map[string]bool{}
	for range 2 {
		h := Detect()
		g, _, err := h.New(limits, true)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := g.Remove(); err != nil {
				t.Error(err)
			}
		})
		if want := len(h.dirs()); h.unified == "" && len(g.dirs) > want {
			t.Errorf("%d groups in %d hierarchies", len(g.dirs), want)
		}
		for _, c := range []Controller{h.Memory, h.Pids, h.Account, h.CPU} {
			if c.Version != 0 && g.dir(c) == "" {
				t.Errorf("no group for %s: %q", c.Name, g.dirs)
			}
		}
		for _, dir := range g.dirs {
			if seen[dir] {
				t.Errorf("%s is both groups'", dir)
			}
			seen[dir] = true
		}
	}
}
