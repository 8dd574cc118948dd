package image

import (
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/hint"
)

func TestStart(t *testing.T) {
	both := Config{Entrypoint: []string{"/entry", "-x"}, Cmd: []string{"serve"}, Env: []string{"A=1", "B=2"}, User: "app",
		WorkingDir: "/srv", StopSignal: "SIGINT", Volumes: map[string]struct{}{"/z": {}, "/a": {}},
		Healthcheck: &Healthcheck{Test: []string{"CMD", "true"}, Interval: time.Second, Retries: 5}}
	for _, c := range []struct {
		name  string
		image Config
		wish  Wish
		want  Start
	}{
		{"nothing", Config{}, Wish{}, Start{}},
		{"the image's", both, Wish{}, Start{Args: []string{"/entry", "-x", "serve"}, Env: []string{"A=1", "B=2"}, User: "app", Dir: "/srv",
			StopSignal: "SIGINT", Volumes: []string{"/a", "/z"}, Health: both.Healthcheck}},
		{"the user's", both, Wish{Args: []string{"other", "arg"}, Env: []string{"B=3", "C=4"}, User: "0:0", Dir: "/", StopSignal: "9",
			Health: &Healthcheck{Interval: time.Minute}},
			Start{Args: []string{"/entry", "-x", "other", "arg"}, Env: []string{"A=1", "B=3", "C=4"}, User: "0:0", Dir: "/", StopSignal: "9",
				Volumes: []string{"/a", "/z"}, Health: &Healthcheck{Test: []string{"CMD", "true"}, Interval: time.Minute, Retries: 5}}},
		{"another entrypoint drops the arguments", Config{Entrypoint: []string{"/e"}, Cmd: []string{"c"}}, Wish{Entrypoint: []string{"/f"}},
			Start{Args: []string{"/f"}}},
		{"no entrypoint", Config{Entrypoint: []string{"/e"}, Cmd: []string{"c"}}, Wish{Entrypoint: []string{}, Args: []string{"sh"}},
			Start{Args: []string{"sh"}}},
		{"another entrypoint with arguments", Config{Cmd: []string{"c"}}, Wish{Entrypoint: []string{"/f"}, Args: []string{"a"}},
			Start{Args: []string{"/f", "a"}}},
		{"the user's check alone", Config{}, Wish{Health: &Healthcheck{Test: []string{"NONE"}}}, Start{Health: &Healthcheck{Test: []string{"NONE"}}}},
	} {
		if got := c.image.Start(c.wish); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s:\n%+v, want\n%+v", c.name, got, c.want)
		}
	}
}

func TestLookupUser(t *testing.T) {
	upper, lower := t.TempDir(), t.TempDir()
	for _, dir := range []string{upper, lower} {
		if err := os.Mkdir(filepath.Join(dir, "etc"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(t, []byte("root:x:0:0:root:/root:/bin/sh\nweb:x:33:34:web:/srv/www:/bin/sh\n0:x:7:7::/:\nbad\nodd:x:-1:x::relative:\nslack:x:5:6::relative:\n"), lower, "etc/passwd")
	write(t, []byte("root:x:0:\nwww:x:34:\nssl:x:40:bin,web\nself:x:34:web\n"), lower, "etc/group")
	trees := []string{upper, lower}
	for spec, want := range map[string]User{
		"":              {UID: 0, GID: 0, Name: "root", Home: "/root"},
		"root":          {UID: 0, GID: 0, Name: "root", Home: "/root"},
		"0":             {UID: 0, GID: 0, Name: "root", Home: "/root"},
		"web":           {UID: 33, GID: 34, Groups: []int{40}, Name: "web", Home: "/srv/www"},
		"33":            {UID: 33, GID: 34, Groups: []int{40}, Name: "web", Home: "/srv/www"},
		"web:":          {UID: 33, GID: 34, Groups: []int{40}, Name: "web", Home: "/srv/www"},
		"web:ssl":       {UID: 33, GID: 40, Name: "web", Home: "/srv/www"},
		"web:99":        {UID: 33, GID: 99, Name: "web", Home: "/srv/www"},
		"1000":          {UID: 1000, Home: "/"},
		"1000:1001":     {UID: 1000, GID: 1001, Home: "/"},
		":40":           {UID: 0, GID: 40, Name: "root", Home: "/root"},
		"slack":         {UID: 5, GID: 6, Name: "slack", Home: "/"},
		"4294967294":    {UID: 4294967294, Home: "/"},
		"nobody-here":   {UID: -1},
		"web:none":      {UID: -1},
		"odd":           {UID: -1},
		"4294967295":    {UID: -1},
		"-1":            {UID: -1},
		"99999999999":   {UID: -1},
		"web:-1":        {UID: -1},
		"../etc/passwd": {UID: -1},
	} {
		got, err := LookupUser(trees, spec)
		if want.UID < 0 {
			if err == nil {
				t.Errorf("LookupUser(%q) = %+v", spec, got)
			}
		} else if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("LookupUser(%q) = %+v, %v, want %+v", spec, got, err, want)
		}
	}
}

// TestLookupUserOfHostileFiles: none of them may hang, lead out or be believed.
func TestLookupUserOfHostileFiles(t *testing.T) {
	outside := write(t, []byte("spy:x:1:1::/:\n"), t.TempDir(), "passwd")
	for name, make := range map[string]func(path string) error{
		"FIFO":         func(path string) error { return unix.Mkfifo(path, 0o600) },
		"link outside": func(path string) error { return os.Symlink(outside, path) },
		"long climb":   func(path string) error { return os.Symlink("../../../../../../.."+outside, path) },
		"endless":      func(path string) error { return os.Symlink("passwd", path) },
		"device":       func(path string) error { return os.Symlink("/dev/zero", path) },
		"magic":        func(path string) error { return os.Symlink("/proc/self/root"+outside, path) },
		"folder":       func(path string) error { return os.Mkdir(path, 0o755) },
		"huge": func(path string) error {
			write(t, []byte("spy:x:1:1::/:\n"), path)
			return os.Truncate(path, 1<<40)
		},
		"missing": func(string) error { return nil },
	} {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, "etc"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := make(filepath.Join(dir, "etc", "passwd")); err != nil {
			t.Fatal(err)
		}
		if u, err := LookupUser([]string{dir}, "spy"); err == nil || !strings.Contains(err.Error(), "no user") {
			t.Errorf("%s: %+v, %v", name, u, err)
		}
		if u, err := LookupUser([]string{dir}, "1:2"); err != nil || u.UID != 1 || u.GID != 2 {
			t.Errorf("%s: numbers are %+v, %v", name, u, err)
		}
	}
}

func FuzzFindUser(f *testing.F) {
	f.Add("root:x:0:0:root:/root:/bin/sh\n", "root")
	f.Add("a:b:c\n:::::\n", "7")
	f.Fuzz(func(t *testing.T, passwd, name string) {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, "etc"), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, []byte(passwd), dir, "etc/passwd")
		u, err := LookupUser([]string{dir}, name)
		if err == nil && (u.UID < 0 || u.GID < 0 || !strings.HasPrefix(u.Home, "/")) {
			t.Errorf("%q in %q is %+v", name, passwd, u)
		}
	})
}

func TestCheckArchitecture(t *testing.T) {
	for architecture, ok := range map[string]bool{"": true, runtime.GOARCH: true, "s390x": false, "mips64": false} {
		err := Image{Name: "app", Architecture: architecture}.CheckArchitecture()
		if (err == nil) != ok {
			t.Errorf("%q: %v", architecture, err)
		}
		if err != nil && (!strings.Contains(err.Error(), architecture) || !strings.Contains(err.Error(), runtime.GOARCH) || hint.Of(err) == "") {
			t.Errorf("%q: %v, hint %q", architecture, err, hint.Of(err))
		}
	}
	dir := t.TempDir()
	write(t, []byte("enabled\ninterpreter /usr/bin/qemu-aarch64-static\nflags: OCF\n"), dir, "qemu-aarch64")
	write(t, []byte("enabled\ninterpreter /usr/bin/qemu-mips\nflags: \n"), dir, "qemu-mips")
	write(t, []byte("disabled\ninterpreter /usr/bin/qemu-arm\nflags: F\n"), dir, "qemu-arm")
	for architecture, want := range map[string]bool{"arm64": true, "mips": false, "arm": false, "s390x": false} {
		if interpreted(dir, architecture) != want {
			t.Errorf("%s: interpreted is %v", architecture, !want)
		}
	}
}
