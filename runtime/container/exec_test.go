package container

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"pocket/runtime/idmap"
	"pocket/runtime/image"
	"pocket/runtime/sandbox"
	"pocket/runtime/state"
)

func TestExecHasWhatTheContainerHas(t *testing.T) {
	cfg := Config{Hostname: "h", Env: []string{"A=1", "B=2"}, Dir: "/tmp", UID: 0, Capabilities: []int{1}}
	ids := idmap.Map{UIDs: []idmap.Range{{Inside: 0, Outside: 1000, Count: 10}}, GIDs: []idmap.Range{{Inside: 0, Outside: 1000, Count: 10}}}
	x := Exec{Args: []string{"sh"}, Env: []string{"B=3"}, Terminal: true}
	spec, err := x.spec(cfg, ids)
	if err != nil {
		t.Fatal(err)
	}
	env := strings.Join(spec.Env, " ")
	if !strings.HasSuffix(env, "HOME=/root HOSTNAME=h TERM=xterm A=1 B=3") || spec.Dir != "/tmp" || !slices.Equal(spec.Capabilities, []int{1}) || spec.Seccomp == nil {
		t.Errorf("%+v", spec)
	}
	if !slices.Equal(cfg.Env, []string{"A=1", "B=2"}) {
		t.Errorf("the config has changed: %q", cfg.Env)
	}
	e := &Engine{}
	x = Exec{Args: []string{"sh"}, Dir: "/usr", Privileged: true}
	if err := e.asUser(&cfg, "1", "5:6"); err != nil {
		t.Fatal(err)
	}
	if spec, err = x.spec(cfg, ids); err != nil || spec.Dir != "/usr" || spec.UID != 5 || spec.GID != 6 || len(spec.Capabilities) < 40 {
		t.Errorf("%+v %v", spec, err)
	}
	if err = e.asUser(&cfg, "1", "11"); err == nil {
		_, err = x.spec(cfg, ids)
	}
	if err == nil || !strings.Contains(err.Error(), "user 11:") {
		t.Errorf("a user without an id: %v", err)
	}
}

// Users are those of the container's files as they are now.
func TestExecUser(t *testing.T) {
	layer := t.TempDir()
	e := &Engine{Dir: t.TempDir()}
	upper := filepath.Join(e.Folder("1"), "layer", "upper")
	for dir, text := range map[string]string{layer: "old:x:7:7::/old:\n", upper: "old:x:7:7::/old:\nnew:x:8:9::/new:\n"} {
		if err := os.MkdirAll(filepath.Join(dir, "etc"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "etc/passwd"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cfg := Config{Env: []string{"A=1"}, From: image.Image{Kind: image.Directory, Layers: []string{layer}}}
	if err := e.asUser(&cfg, "1", "new"); err != nil || cfg.UID != 8 || cfg.GID != 9 || cfg.Home != "/new" {
		t.Errorf("%+v %v", cfg, err)
	}
	if err := e.asUser(&cfg, "1", ":5"); err != nil || cfg.UID != 8 || cfg.GID != 5 {
		t.Errorf("another group alone: %d:%d %v", cfg.UID, cfg.GID, err)
	}
	if err := e.asUser(&cfg, "1", ":"); err != nil || cfg.UID != 8 {
		t.Errorf("neither user nor group: %d:%d %v", cfg.UID, cfg.GID, err)
	}
	for _, bad := range []string{"nobody-there", "-1", "4294967295", "0x0", "+1", "new:nogroup"} { // CVE-2026-30892
		if err := e.asUser(&cfg, "1", bad); err == nil {
			t.Errorf("%q is user %d:%d", bad, cfg.UID, cfg.GID)
		}
	}
}

func TestExecWhereNothingRuns(t *testing.T) {
	self, err := state.Self()
	if err != nil {
		t.Fatal(err)
	}
	other := self
	other.Start++ // another process had this number
	for _, c := range []struct {
		status state.Status
		init   state.Process
		want   string
	}{
		{state.Created, state.Process{}, "is not running"}, {state.Exited, self, "is not running"}, {state.Paused, self, "is paused"},
		{state.Restarting, state.Process{}, "is restarting"}, {state.Running, other, "is not running"},
		{state.Running, state.Process{}, "is not running"}, {state.Running, self, ""},
	} {
		file, err := openInit(state.Container{Name: "box", Status: c.status, Init: c.init})
		if file != nil {
			file.Close()
		}
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.HasSuffix(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.status, err, c.want)
		}
	}
}

func TestExecMistakes(t *testing.T) {
	for _, x := range []Exec{{}, {Args: []string{""}}, {Args: []string{"a"}, Dir: "b"}, {Args: []string{"a\x00"}}, {Args: []string{"a"}, Env: []string{"A=\x00"}}} {
		if err := x.check(); err == nil {
			t.Errorf("%+v is no mistake", x)
		}
	}
	for _, c := range []struct {
		err  error
		want int
	}{{&sandbox.ExecError{Errno: unix.ENOENT}, 127}, {&sandbox.ExecError{Errno: unix.EACCES}, 126},
		{errors.Join(sandbox.ErrDirectory, unix.ENOENT), 126}, {sandbox.ErrEnded, 125}} {
		if got := Status(c.err); got != c.want {
			t.Errorf("%v: status %d, want %d", c.err, got, c.want)
		}
	}
}
