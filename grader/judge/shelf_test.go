package judge

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"
)

// age makes a folder on the shelf that was used last so long ago.
func age(t *testing.T, s shelf, name string, ago time.Duration) {
	t.Helper()
	path, when := filepath.Join(string(s), name), time.Now().Add(-ago)
	write(t, filepath.Join(path, "file"), name)
	if err := os.Chtimes(path, when, when); err != nil {
		t.Fatal(err)
	}
}

func TestTidy(t *testing.T) {
	s := shelf(t.TempDir())
	for i := range 7 {
		age(t, s, fmt.Sprintf("go-%d", i), time.Duration(i)*24*time.Hour)
	}
	age(t, s, ".old", 2*draftAge)
	age(t, s, ".old-in-use", 2*draftAge)
	age(t, s, ".young", draftAge/2)
	for name, how := range map[string]int{"go-5": syscall.LOCK_SH, ".old-in-use": syscall.LOCK_EX} {
		inUse, err := lock(filepath.Join(string(s), name), how)
		if err != nil {
			t.Fatal(err)
		}
		defer inUse.Close()
	}
	s.tidy()
	want := []string{".old-in-use", ".young", "go-0", "go-1", "go-2", "go-3", "go-5"}
	if got := listed(t, string(s)); !slices.Equal(got, want) {
		t.Errorf("kept %q, want %q", got, want)
	}
}

func TestTakeCountsAsUse(t *testing.T) {
	s := shelf(t.TempDir())
	for i := range keptCaches + 1 {
		age(t, s, fmt.Sprintf("go-%d", i), time.Duration(i+1)*time.Hour)
	}
	last := fmt.Sprintf("go-%d", keptCaches)
	folder := s.take(last)
	if folder == nil {
		t.Fatal("not taken")
	}
	if err := folder.Close(); err != nil {
		t.Fatal(err)
	}
	s.tidy()
	if got := listed(t, string(s)); len(got) != keptCaches || !slices.Contains(got, last) {
		t.Errorf("kept %q, want %s among them", got, last)
	}
}

func TestTake(t *testing.T) {
	s := shelf(t.TempDir())
	age(t, s, "there", 0)
	age(t, s, "removed", 0)
	write(t, filepath.Join(string(s), "file"), "")
	if err := os.Symlink("there", filepath.Join(string(s), "link")); err != nil {
		t.Fatal(err)
	}
	removing, err := lock(filepath.Join(string(s), "removed"), syscall.LOCK_EX)
	if err != nil {
		t.Fatal(err)
	}
	defer removing.Close()
	for name, want := range map[string]bool{"there": true, "missing": false, "file": false, "link": false, "removed": false} {
		folder := s.take(name)
		if (folder != nil) != want {
			t.Errorf("%s: taken %v, want %v", name, folder != nil, want)
		}
		if err := closed(folder); err != nil {
			t.Error(err)
		}
	}
}

func TestPublishSecond(t *testing.T) {
	s := shelf(t.TempDir())
	for _, text := range []string{"first", "second"} {
		draft, err := s.draft()
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(draft.Name(), "file"), text)
		folder, err := s.publish(draft, "go-1")
		if err != nil {
			t.Fatal(err)
		}
		defer folder.Close()
		got, err := os.ReadFile(filepath.Join(folder.Name(), "file"))
		if string(got) != "first" || err != nil {
			t.Errorf("%q, %v: what is in use was replaced", got, err)
		}
	}
	if got := listed(t, string(s)); !slices.Equal(got, []string{"go-1"}) {
		t.Errorf("left %q", got)
	}
}

func TestOurs(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o770); err != nil {
		t.Fatal(err)
	}
	if err := ours(dir, 0); err != nil {
		t.Error(err)
	}
	if ours(dir, 0o022) == nil {
		t.Error("the group can write, and it counts as ours alone")
	}
	if os.Geteuid() != 0 && ours("/", 0) == nil {
		t.Error("/ counts as ours")
	}
	if got := nearest(filepath.Join(dir, "a", "b")); got != dir {
		t.Errorf("nearest is %s, want %s", got, dir)
	}
}
