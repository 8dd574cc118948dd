package tree

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"pocket/runtime/hint"
	"pocket/runtime/internal/trial"
)

func TestRemoveTree(t *testing.T) {
	base := t.TempDir()
	dir := filepath.Join(base, "c")
	outside := filepath.Join(base, "outside")
	must(t, os.MkdirAll(filepath.Join(dir, "work/work"), 0o700))
	must(t, os.MkdirAll(outside, 0o700))
	must(t, os.WriteFile(filepath.Join(outside, "canary"), nil, 0o600))
	must(t, os.Symlink(outside, filepath.Join(dir, "link")))
	must(t, os.Symlink("../outside", filepath.Join(dir, "work/link")))
	must(t, unix.Mkfifo(filepath.Join(dir, "fifo"), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "work/file"), []byte("x"), 0))
	must(t, os.Chmod(filepath.Join(dir, "work/work"), 0))
	must(t, removeTree(dir))
	if _, err := os.Lstat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there: %v", dir, err)
	}
	if _, err := os.Lstat(filepath.Join(outside, "canary")); err != nil {
		t.Errorf("removal went through a link: %v", err)
	}
	must(t, removeTree(dir))
	must(t, removeTree(filepath.Join(base, "no/such")))
}

func TestRemoveTreeDoesNotFollowItsOwnName(t *testing.T) {
	base := t.TempDir()
	must(t, os.MkdirAll(filepath.Join(base, "real/sub"), 0o700))
	must(t, os.Symlink("real", filepath.Join(base, "link")))
	if err := removeTree(filepath.Join(base, "link")); err == nil {
		t.Error("a link was accepted as a container's folder")
	}
	if _, err := os.Stat(filepath.Join(base, "real/sub")); err != nil {
		t.Error(err)
	}
}

func TestRemoveDeepTree(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "c")
	must(t, os.Mkdir(dir, 0o700))
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	must(t, err)
	for range 2000 {
		must(t, unix.Mkdirat(fd, "some-directory-name", 0o700))
		next, err := unix.Openat(fd, "some-directory-name", unix.O_RDONLY|unix.O_DIRECTORY, 0)
		must(t, err)
		unix.Close(fd)
		fd = next
	}
	unix.Close(fd)
	must(t, removeTree(dir))
	if _, err := os.Lstat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("still there: %v", err)
	}
}

// TestRemoveByMany has many remove one tree at once, wide and deep: for each of them it is gone.
func TestRemoveByMany(t *testing.T) {
	for range 3 {
		dir := filepath.Join(t.TempDir(), "c")
		for i := range 40 {
			must(t, os.MkdirAll(filepath.Join(dir, strconv.Itoa(i), strings.Repeat("d/", i*3)), 0o700))
			must(t, os.WriteFile(filepath.Join(dir, strconv.Itoa(i), "file"), nil, 0o600))
		}
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if err := removeTree(dir); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if _, err := os.Lstat(dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("still there: %v", err)
		}
	}
}

func TestRemoveTreeLeavesMounts(t *testing.T) {
	base := t.TempDir()
	dir, target := filepath.Join(base, "c"), filepath.Join(base, "c/upper/mnt")
	outside := filepath.Join(base, "outside")
	must(t, os.MkdirAll(target, 0o700))
	must(t, os.MkdirAll(outside, 0o700))
	must(t, os.WriteFile(filepath.Join(outside, "canary"), nil, 0o600))
	if err := unix.Mount(outside, target, "", unix.MS_BIND, ""); err != nil {
		if os.Geteuid() != 0 {
			t.Skip("only root can mount in the tests' own namespace: ", err)
		}
		trial.Lacks(t, "cannot mount here: %v", err)
	}
	defer unix.Unmount(target, unix.MNT_DETACH)
	err := removeTree(dir)
	if !errors.Is(err, unix.EBUSY) || !strings.Contains(hint.Of(err), target) {
		t.Errorf("error %v, hint %q", err, hint.Of(err))
	}
	parent, openErr := os.Open(base)
	must(t, openErr)
	defer parent.Close()
	// Also when the list of mounts had not shown it.
	if err := removeTop(parent, dir); err == nil {
		t.Error("a mount was descended into without an error")
	}
	if _, err := os.Lstat(filepath.Join(outside, "canary")); err != nil {
		t.Error(err)
	}
}

func TestMountBelow(t *testing.T) {
	info := []byte("22 1 8:1 / / rw - ext4 /dev/sda rw\n23 22 0:5 / /a/b\\040c/d rw - tmpfs none rw\nshort\n")
	for dir, want := range map[string]string{"/a/b c": "/a/b c/d", "/a/b": "", "/a/b c/d": "/a/b c/d", "/a/b c/d/e": ""} {
		if got := mountBelow(info, dir); got != want {
			t.Errorf("below %s: %q, want %q", dir, got, want)
		}
	}
}

func FuzzMountBelow(f *testing.F) {
	f.Add([]byte("23 22 0:5 / /a\\0 rw - tmpfs none rw\n"))
	f.Fuzz(func(t *testing.T, info []byte) {
		if at := mountBelow(info, "/a"); at != "" && at != "/a" && !strings.HasPrefix(at, "/a/") {
			t.Errorf("%q", at)
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
