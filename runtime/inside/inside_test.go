package inside

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"pocket/runtime/hint"
	"pocket/runtime/idmap"
	"pocket/runtime/internal/trial"
)

func TestMain(m *testing.M) {
	if status, served := Serve(jobs); served {
		os.Exit(status)
	}
	os.Exit(m.Run())
}

type person struct{ UID, GID, Owner int }

var jobs = map[string]Job{
	"who": func(c *Call) (any, error) {
		var st unix.Stat_t
		err := unix.Stat("/proc/self", &st)
		return person{os.Getuid(), os.Getgid(), int(st.Uid)}, err
	},
	"upper": func(c *Call) (any, error) {
		text, err := io.ReadAll(c.Files[0])
		if err != nil {
			return nil, err
		}
		_, err = c.Files[1].WriteString(strings.ToUpper(string(text)))
		return len(text), err
	},
	"fail": func(c *Call) (any, error) {
		var name string
		if err := c.Args(&name); err != nil {
			return nil, err
		}
		_, err := os.Open(name)
		return nil, hint.With(err, "make %s", name)
	},
	"give": func(c *Call) (any, error) {
		var name string
		if err := c.Args(&name); err != nil {
			return nil, err
		}
		return nil, errors.Join(os.Mkdir(name, 0o700), os.WriteFile(name+"/f", nil, 0o600), os.Chown(name, 7, 7))
	},
	"remove": func(c *Call) (any, error) {
		var name string
		if err := c.Args(&name); err != nil {
			return nil, err
		}
		return nil, os.RemoveAll(name)
	},
	"die":   func(*Call) (any, error) { return nil, unix.Kill(os.Getpid(), unix.SIGKILL) },
	"again": func(*Call) (any, error) { return nil, Run(nil, "who", nil, nil) },
}

// single is a mapping that everybody can have.
func single(t *testing.T) *idmap.Map {
	t.Helper()
	m := idmap.Single(0)
	if err := Run(&m, "who", nil, nil); err != nil {
		trial.Lacks(t, "no user namespaces here: %v", err)
	}
	return &m
}

func TestJobIsRootInside(t *testing.T) {
	var got person
	if err := Run(single(t), "who", nil, &got); err != nil || got.UID != 0 || got.GID != 0 {
		t.Errorf("%+v %v", got, err)
	}
	// Our own /proc files must still be ours after the change of identity.
	if err := os.WriteFile("/proc/self/comm", []byte("still me"), 0); err != nil {
		t.Error(err)
	}
}

func TestStreams(t *testing.T) {
	ids := single(t)
	inR, inW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	outR, outW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	w, err := Start(ids, "upper", nil, inR, outW)
	if err != nil {
		t.Fatal(err)
	}
	inR.Close()
	outW.Close()
	fmt.Fprint(inW, "hello")
	inW.Close()
	text, err := io.ReadAll(outR)
	n := 0
	if err := errors.Join(err, w.Wait(&n)); err != nil || string(text) != "HELLO" || n != 5 {
		t.Errorf("%q %d %v", text, n, err)
	}
}

func TestErrorsCrossTheProcesses(t *testing.T) {
	ids := single(t)
	err := Run(ids, "fail", "/no/such", nil)
	if !errors.Is(err, os.ErrNotExist) || hint.Of(err) != "make /no/such" || err.Error() != "open /no/such: no such file or directory" {
		t.Errorf("%v, hint %q", err, hint.Of(err))
	}
	for job, want := range map[string]string{
		"die": "the process that did the job die died", "fly": `there is no job "fly"`, "again": "does not serve jobs",
	} {
		if err := Run(ids, job, nil, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", job, err, want)
		}
	}
}

// TestRange gives files to another id of a range and removes them again, as an ordinary user: in a mount
// namespace where subuid(5) has a line for that one, which only root can make.
func TestRange(t *testing.T) {
	if dir := os.Getenv("INSIDE_RANGE"); dir != "" {
		rangeAsUser(t, dir)
		return
	}
	if os.Geteuid() != 0 {
		t.Skip("only root can stand in for /etc/subuid")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	for up := filepath.Dir(dir); up != os.TempDir() && len(up) > 1; up = filepath.Dir(up) {
		if err := os.Chmod(up, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	self := filepath.Join(dir, "test")
	if out, err := exec.Command("cp", os.Args[0], self).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	script := `set -e; echo 64321:1000000:65536 > "$1/ids"; mount --bind "$1/ids" /etc/subuid; mount --bind "$1/ids" /etc/subgid
cp /etc/passwd "$1/passwd"; echo ranger:x:64321:64321::/:/bin/sh >> "$1/passwd"; mount --bind "$1/passwd" /etc/passwd
exec setpriv --reuid=64321 --regid=64321 --clear-groups --inh-caps=-all "$1/test" -test.run='^TestRange$' -test.v`
	cmd := exec.Command("unshare", "-m", "sh", "-c", script, "sh", dir)
	cmd.Env = append(os.Environ(), "INSIDE_RANGE="+dir, "HOME="+dir, "TMPDIR="+dir)
	out, err := cmd.CombinedOutput()
	if strings.Contains(string(out), "--- SKIP") {
		t.Skipf("%s", out)
	}
	if err != nil || !strings.Contains(string(out), "--- PASS: TestRange") {
		t.Errorf("%v\n%s", err, out)
	}
}

func rangeAsUser(t *testing.T, dir string) {
	ids := idmap.Default()
	if !ids.Tool {
		trial.Lacks(t, "no range of ids: %s", ids.Reason)
	}
	folder := filepath.Join(dir, "given")
	if err := Run(&ids, "give", folder, nil); err != nil {
		t.Fatal(err)
	}
	var st unix.Stat_t
	if err := unix.Lstat(folder, &st); err != nil || st.Uid != 1000006 {
		t.Errorf("it belongs to %d %v", st.Uid, err)
	}
	if err := os.RemoveAll(folder); !errors.Is(err, os.ErrPermission) {
		t.Errorf("the user itself can remove it: %v", err)
	}
	if err := Run(&ids, "remove", folder, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(folder); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
}
