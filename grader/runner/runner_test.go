package runner

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pocket/grader"
	"pocket/runtime/resource"
)

var limits = resource.Limits{CPU: 10 * time.Second, Wall: 20 * time.Second, Memory: 256 * resource.MiB, Processes: 32,
	Output: resource.MiB, Files: 16 * resource.MiB}

func newRunner(t *testing.T) *Runner {
	t.Helper()
	r, err := New(t.Context(), "host", nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestEnvironmentOfAJobWins(t *testing.T) {
	env := environment([]string{"HOME=/x", "A=1", "A=2"})
	if !slices.Contains(env, "HOME=/x") || slices.Contains(env, "HOME=/work") || slices.Contains(env, "A=1") || !slices.Contains(env, "A=2") {
		t.Errorf("%q", env)
	}
}

// TestInputIsNoWayToTheHostsFile: the program may open its input again, but not to write.
func TestInputIsNoWayToTheHostsFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "in")
	if err := os.WriteFile(path, []byte("original\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	o := newRunner(t).Run(t.Context(), grader.Job{Args: []string{"sh", "-c", "cat; echo forged > /proc/self/fd/0"},
		Stdin: grader.Text{Path: path}, Limits: limits})
	if o.Err != nil || string(o.Stdout) != "original\n" || o.ExitCode == 0 {
		t.Errorf("%+v, output %q", o, o.Stdout)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "original\n" {
		t.Errorf("the file holds %q %v", text, err)
	}
}

func TestMasksCannotBeOpened(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"in", "ans"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	o := newRunner(t).Run(t.Context(), grader.Job{Args: []string{"sh", "-c", "cat /mnt/in; cat /mnt/ans; chmod 644 /mnt/ans; cat /mnt/ans; touch /mnt/new"},
		Mounts: []grader.Volume{{Host: dir, Target: "/mnt", Masks: []string{"ans"}}}, Limits: limits})
	if o.Err != nil || string(o.Stdout) != "in\n" || o.ExitCode == 0 {
		t.Errorf("%+v\n%q\n%q", o, o.Stdout, o.Stderr)
	}
}

// TestSave: only regular files come out, links are not followed.
func TestSave(t *testing.T) {
	to := t.TempDir()
	script := `cd /work/out; mkdir -p a/b; echo x > a/b/file; echo y > run; chmod +x run
ln -s /etc/passwd link; ln -s /etc dir; mkfifo pipe; echo done`
	o := newRunner(t).Run(t.Context(), grader.Job{Args: []string{"sh", "-c", script}, Save: to, Limits: limits})
	if o.Err != nil || o.ExitCode != 0 {
		t.Fatalf("%+v %q", o, o.Stderr)
	}
	var found []string
	err := filepath.WalkDir(to, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			info, _ := e.Info()
			found = append(found, strings.TrimPrefix(path, to)+" "+info.Mode().String())
		}
		return err
	})
	if want := []string{"/a/b/file -rw-r--r--", "/run -rwxr-xr-x"}; err != nil || !slices.Equal(found, want) {
		t.Errorf("%q %v, want %q", found, err, want)
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	o := newRunner(t).Run(ctx, grader.Job{Args: []string{"sleep", "1000"}, Limits: limits})
	if !o.Interrupted || !errors.Is(o.Err, context.Canceled) {
		t.Errorf("%+v", o)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if o = newRunner(t).Run(ctx, grader.Job{Args: []string{"sleep", "1000"}, Limits: limits}); !o.Interrupted {
		t.Errorf("%+v", o)
	}
}

func TestAProgramThatIsNotThere(t *testing.T) {
	o := newRunner(t).Run(t.Context(), grader.Job{Args: []string{"no-such-program"}, Limits: limits})
	if !o.NotFound || !errors.Is(o.Err, unix.ENOENT) {
		t.Errorf("%+v", o)
	}
}
