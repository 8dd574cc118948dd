package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"pocket/runtime/cgroup"
	"pocket/runtime/resource"
)

// pocketDocker runs this program with a state folder of its own and returns its standard output.
func pocketDocker(t *testing.T, root string, status int, args ...string) []byte {
	t.Helper()
	cmd := &exec.Cmd{Path: "/proc/self/exe", Args: append([]string{"pocket-docker"}, args...)}
	cmd.Env = append(os.Environ(), "POCKET_ROOT="+root)
	out, err := cmd.Output()
	if got := cmd.ProcessState.ExitCode(); got != status {
		stderr := ""
		if exit, ok := err.(*exec.ExitError); ok {
			stderr = string(exit.Stderr)
		}
		t.Fatalf("%q: status %d, want %d; %s", args, got, status, stderr)
	}
	return out
}

// TestOOMFlag ends containers in turn by a real lack of memory and by a plain SIGKILL, which look the same
// from outside, and wants the flag right each time. POCKET_TEST_OOMS is how many of each.
func TestOOMFlag(t *testing.T) {
	if err := canMakeNamespaces(); err != nil {
		if os.Getenv("POCKET_TEST_REQUIRE") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	rounds := 3
	if text := os.Getenv("POCKET_TEST_OOMS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		rounds = n
	}
	root := filepath.Join(t.TempDir(), "state")
	counted := countsOOM(t)
	for i := range rounds {
		name := strconv.Itoa(i)
		pocketDocker(t, root, 137, "run", "-q", "--name", "oom"+name, "--memory", "24m", "host",
			"dd", "if=/dev/zero", "of=/dev/null", "bs=256M", "count=1")
		pocketDocker(t, root, 137, "run", "-q", "--name", "kill"+name, "--memory", "24m", "host", "sh", "-c", "kill -9 $$")
		want := map[string]string{"oom": "true", "kill": "false"}
		for kind, flag := range want {
			if !counted {
				flag = "unknown"
			}
			if got := oomKilled(t, root, kind+name); got != flag {
				t.Errorf("round %d, %s: OOMKilled %s, want %s", i, kind, got, flag)
			}
		}
	}
	t.Logf("%d of each; the kernel's count is read: %v", rounds, counted)
}

func countsOOM(t *testing.T) bool {
	g, _, err := cgroup.Detect().New(resource.Limits{}, false)
	if err != nil {
		t.Fatal(err)
	}
	_, counted := g.OOMKills()
	if err := g.Remove(); err != nil {
		t.Error(err)
	}
	return counted
}

func oomKilled(t *testing.T, root, name string) string {
	t.Helper()
	var list []struct {
		State struct{ OOMKilled any }
	}
	if err := json.Unmarshal(pocketDocker(t, root, 0, "inspect", name), &list); err != nil || len(list) != 1 {
		t.Fatalf("inspect %s: %v", name, err)
	}
	switch flag := list[0].State.OOMKilled.(type) {
	case string:
		return flag
	case bool:
		return strconv.FormatBool(flag)
	}
	return "unknown" // null
}
