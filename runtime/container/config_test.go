package container

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"pocket/runtime/hint"
	"pocket/runtime/image"
	"pocket/runtime/resource"
	"pocket/runtime/rootfs"
	"pocket/runtime/sandbox"
)

func TestEnvironment(t *testing.T) {
	path := "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	for _, c := range []struct {
		cfg  Config
		want []string
	}{
		{Config{Hostname: "h"}, []string{path, "HOME=/root", "HOSTNAME=h"}},
		{Config{Hostname: "h", UID: 5, Terminal: true}, []string{path, "HOME=/", "HOSTNAME=h", "TERM=xterm"}},
		{Config{Env: []string{"A=1", "PATH=/bin", "A=2"}}, []string{"PATH=/bin", "HOME=/root", "HOSTNAME=", "A=2"}},
	} {
		if got := c.cfg.environment(); fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%+v: %q, want %q", c.cfg, got, c.want)
		}
	}
}

func TestCheck(t *testing.T) {
	dir := t.TempDir()
	for want, cfg := range map[string]Config{
		"":                              {Args: []string{"sh"}, Volumes: []Volume{{Host: dir, Target: "/mnt"}}, Dir: "/x"},
		"is not an absolute path below": {Args: []string{"sh"}, Tmpfs: []Tmpfs{{Target: "/.."}}},
		"it does not exist":             {Args: []string{"sh"}, Volumes: []Volume{{Host: dir + "/no", Target: "/mnt"}}},
		"working directory \"x\"":       {Args: []string{"sh"}, Dir: "x"},
		"contains a zero byte":          {Args: []string{"sh", "a\x00b"}},
		"more than 64 bytes":            {Args: []string{"sh"}, Hostname: strings.Repeat("h", 65)},
	} {
		err := cfg.check()
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%+v: %v, want %q", cfg, err, want)
		}
	}
}

func TestTargets(t *testing.T) {
	dir := t.TempDir()
	for target, want := range map[string]string{
		"/": "below /", "/x/..": "below /", "mnt": "below /",
		"/proc": "over /proc,", "/proc/": "over /proc,", "/proc/x": "over /proc,", "/x/../proc/1/fd": "over /proc,", "//proc": "over /proc,",
		"/sys": "over /sys,", "/sys/firmware/efi": "over /sys/firmware,", "/dev": "over /dev,", "/dev/.": "over /dev,",
		"/dev/null": "over /dev/null,", "/dev/pts/0": "over /dev/pts,", "/dev/fd": "over /dev/fd,",
		"/mnt": "", "/procession": "", "/dev/shm": "", "/dev/log": "", "/dev/nullity": "", "/sys/fs/cgroup": "", "/x/proc": "",
	} {
		for name, cfg := range map[string]Config{
			"volume": {Args: []string{"sh"}, Volumes: []Volume{{Host: dir, Target: target}}},
			"tmpfs":  {Args: []string{"sh"}, Tmpfs: []Tmpfs{{Target: target}}},
		} {
			err := cfg.check()
			if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want) || hint.Of(err) == "") {
				t.Errorf("%s on %s: %v, want …%s", name, target, err, want)
			}
		}
	}
}

func TestMounts(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	must(t, os.WriteFile(file, nil, 0o600))
	cfg := Config{
		Volumes: []Volume{{Host: dir, Target: "/a/b/c"}, {Host: file, Target: "/a/f/", ReadOnly: true}},
		Tmpfs:   []Tmpfs{{Target: "/a", Size: resource.MiB}},
	}
	list, err := (&monitor{Engine: &Engine{}, cfg: &cfg}).mounts()
	must(t, err)
	got := ""
	for _, m := range list {
		got += fmt.Sprintln(m.Kind, m.Target, m.ReadOnly, m.File)
	}
	if want := fmt.Sprintln(rootfs.Tmpfs, "/a", false, false) + fmt.Sprintln(rootfs.Bind, "/a/f", true, true) +
		fmt.Sprintln(rootfs.Bind, "/a/b/c", false, false); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	cfg.Tmpfs = append(cfg.Tmpfs, Tmpfs{Target: "/a/f"})
	if err := cfg.checkMounts(); err == nil || !strings.Contains(err.Error(), "two mounts have the same target /a/f") {
		t.Errorf("error %v", err)
	}
}

func TestStatus(t *testing.T) {
	for err, want := range map[error]int{
		&sandbox.ExecError{Path: "x", Errno: unix.ENOENT}:                      127,
		&sandbox.ExecError{Path: "x", Errno: unix.ENOTDIR}:                     127,
		fmt.Errorf("y: %w", &sandbox.ExecError{Path: "x", Errno: unix.EACCES}): 126,
		&sandbox.ExecError{Path: "x", Errno: unix.ENOEXEC}:                     126,
		&Interrupted{unix.SIGTERM}:                                             143,
		os.ErrInvalid:                                                          125,
	} {
		if got := Status(err); got != want {
			t.Errorf("%v: %d, want %d", err, got, want)
		}
	}
}

func TestRequestedAndNotFirm(t *testing.T) {
	list := Requested(resource.Limits{Memory: 64 * resource.MiB, CPUs: 0.5})
	if got := fmt.Sprint(list); got != "[{memory 64MiB  none } {cpus 0.5  none }]" {
		t.Errorf("requested %s", got)
	}
	list[0].By = resource.ByPoll
	list[1].Remark = "no cpu controller"
	want := "[the limit memory 64MiB is held only by poll the limit cpus 0.5 is not enforced: no cpu controller]"
	if got := fmt.Sprint(notFirm(list)); got != want {
		t.Errorf("not firm: %s", got)
	}
}

func TestInherit(t *testing.T) {
	img := image.Image{Name: "app:1", Kind: image.Layered, Config: image.Config{
		Entrypoint: []string{"/entry"}, Cmd: []string{"serve"}, Env: []string{"A=image", "B=image"}, User: "5:6", WorkingDir: "srv",
		StopSignal: "SIGRTMIN+3", Shell: []string{"/bin/ash", "-c"},
		Healthcheck: &image.Healthcheck{Test: []string{"CMD-SHELL", "check me"}, Retries: 2},
	}}
	var all Config
	if err := all.inherit(img); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprintf("%v %v %v %v %v %d", all.Args, all.Env, all.Dir, all.UID, all.GID, int(all.StopSignal)) != "[/entry serve] [A=image B=image] /srv 5 6 37" {
		t.Errorf("config is %+v", all)
	}
	if all.Health == nil || fmt.Sprintf("%q", all.Health.Test) != `["/bin/ash" "-c" "check me"]` || all.Health.Retries != 2 {
		t.Errorf("health is %+v", all.Health)
	}
	own := Config{Args: []string{"x"}, Entrypoint: []string{}, Env: []string{"A=own"}, User: "7", Dir: "/", StopSignal: unix.SIGINT, NoHealth: true}
	if err := own.inherit(img); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprintf("%v %v %v %v %v %d %v", own.Args, own.Env, own.Dir, own.UID, own.GID, int(own.StopSignal), own.Health) != "[x] [A=own B=image] / 7 0 2 <nil>" {
		t.Errorf("config is %+v", own)
	}
}

func TestInheritErrors(t *testing.T) {
	for want, img := range map[string]image.Image{
		"no program is given":          {Kind: image.Archive},
		`stop signal "SIGNO" is none`:  {Config: image.Config{Cmd: []string{"x"}, StopSignal: "SIGNO"}},
		`stop signal "RTMIN+99" is no`: {Config: image.Config{Cmd: []string{"x"}, StopSignal: "RTMIN+99"}},
		"contains a zero byte":         {Config: image.Config{Cmd: []string{"a\x00b"}}},
		`the image has no user "app"`:  {Config: image.Config{Cmd: []string{"x"}, User: "app"}},
		"is for \"s390x\", this host":  {Name: "far", Architecture: "s390x", Config: image.Config{Cmd: []string{"x"}}},
	} {
		var c Config
		if err := c.inherit(img); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %q", err, want)
		}
	}
}

func TestHealthOf(t *testing.T) {
	for _, test := range [][]string{nil, {}, {"NONE"}, {"NONE", "x"}, {"CMD"}, {"OTHER", "x"}} {
		if h := healthOf(image.Config{Healthcheck: &image.Healthcheck{Test: test}}); h != nil {
			t.Errorf("%q: %+v", test, h)
		}
	}
	if h := healthOf(image.Config{Healthcheck: &image.Healthcheck{Test: []string{"CMD", "a", "b"}}}); h == nil || fmt.Sprint(h.Test) != "[a b]" {
		t.Errorf("%+v", h)
	}
}
