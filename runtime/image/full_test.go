package image

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"pocket/runtime/hint"
)

// TestDiskFull imports an archive on a file system that is too small for it, then one that fits. The
// file system is a tmpfs in a namespace of its own, in which this test runs once more.
func TestDiskFull(t *testing.T) {
	const marker = "POCKET_TEST_DISK"
	if dir := os.Getenv(marker); dir != "" {
		t.Run("import", func(t *testing.T) { importOnSmallDisk(t, dir) })
		t.Run("pull", func(t *testing.T) { pullOnSmallDisk(t, t.TempDir()) })
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestDiskFull$", "-test.v")
	cmd.Env = append(os.Environ(), marker+"="+t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err != nil && !errors.As(err, &exit):
		t.Skipf("no user namespace here: %v", err)
	case err != nil:
		t.Errorf("in the namespace: %v\n%s", err, out)
	case strings.Contains(string(out), "--- SKIP"):
		t.Skipf("in the namespace:\n%s", out)
	}
}

func importOnSmallDisk(t *testing.T, dir string) {
	if err := unix.Mount("none", dir, "tmpfs", 0, "size=2m"); err != nil {
		t.Skipf("no tmpfs here: %v", err)
	}
	big := write(t, pack(t, file("d/big", strings.Repeat("x", 5<<20))), t.TempDir(), "big.tar")
	small := write(t, pack(t, file("small", "x")), t.TempDir(), "small.tar")
	s := newStore(t)
	s.dir = filepath.Join(dir, "state")
	_, err := s.Resolve(t.Context(), big, nil)
	if !errors.Is(err, unix.ENOSPC) || !strings.Contains(err.Error(), "d/big") || hint.Of(err) == "" {
		t.Errorf("error is %v, hint %q", err, hint.Of(err))
	}
	checkClean(t, s, 0)
	if img := mustResolve(t, s, small, nil); content(t, img, "small") != "x" {
		t.Errorf("with space again: %+v", img)
	}
	checkClean(t, s, 1)
}
