package judge

import (
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

// TestLeftovers: a workspace goes when its owner is dead, and nothing else does.
func TestLeftovers(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	left := func(name string) string { return filepath.Join(tmp, workspacePrefix+name) }
	write(t, filepath.Join(left("dead"), marker), "")
	write(t, filepath.Join(left("dead"), "build-1", "sub", "main"), "x")
	write(t, filepath.Join(left("unmarked"), "main"), "x")
	if err := os.Mkdir(left("killed-at-once"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(tmp, "other", marker), "")
	write(t, filepath.Join(tmp, "pocket-grade-file"), "")
	write(t, filepath.Join(left("linked-mark"), "main"), "x")
	for link, target := range map[string]string{
		left("link"): filepath.Join(tmp, "other"), filepath.Join(left("linked-mark"), marker): filepath.Join(tmp, "other", marker),
		filepath.Join(left("dead"), "escape"): filepath.Join(tmp, "other"),
	} {
		if err := os.Symlink(target, link); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(left("dead"), "build-1", "sub"), 0o500); err != nil { // as go makes its modules
		t.Fatal(err)
	}
	alive, err := OpenWorkspace()
	if err != nil {
		t.Fatal(err)
	}
	second, err := OpenWorkspace()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"other", "pocket-grade-file", "pocket-grade-link", "pocket-grade-linked-mark", "pocket-grade-unmarked",
		filepath.Base(alive.dir), filepath.Base(second.dir)}
	slices.Sort(want)
	if got := listed(t, tmp); !slices.Equal(got, want) {
		t.Errorf("left %q, want %q", got, want)
	}
	if got := listed(t, filepath.Join(tmp, "other")); !slices.Equal(got, []string{marker}) {
		t.Errorf("a link was followed: %q", got)
	}
	// Killed: the kernel drops the lock, the folder stays.
	if err := alive.lock.Close(); err != nil {
		t.Fatal(err)
	}
	removeLeftovers(tmp)
	if got := listed(t, tmp); slices.Contains(got, filepath.Base(alive.dir)) || !slices.Contains(got, filepath.Base(second.dir)) {
		t.Errorf("left %q", got)
	}
	if err := second.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(second.dir); !os.IsNotExist(err) {
		t.Errorf("closed, but %v", err)
	}
}

// TestWorkspacesAtOnce: whoever opens a workspace gets one, whatever others take for leftovers meanwhile.
func TestWorkspacesAtOnce(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for range 20 {
				w, err := OpenWorkspace()
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := os.Stat(filepath.Join(w.dir, marker)); err != nil {
					t.Error(err)
				}
				if err := w.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if got := listed(t, tmp); len(got) > 0 {
		t.Errorf("left %q", got)
	}
}
