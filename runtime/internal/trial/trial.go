// Package trial lets tests ask a host for what it may lack.
package trial

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// Lacks skips the test, because the host has not what it needs. Where POCKET_TEST_REQUIRE is set the host must
// have everything, and the test fails.
func Lacks(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("POCKET_TEST_REQUIRE") != "" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// OnSmallDisk calls do with a folder on a file system of so many bytes, written as tmpfs(5) has its size: in a
// namespace of its own, in which the test, which does nothing else, runs once more.
func OnSmallDisk(t *testing.T, size string, do func(t *testing.T, dir string)) {
	t.Helper()
	const marker = "POCKET_TEST_DISK"
	if dir := os.Getenv(marker); dir != "" {
		if err := unix.Mount("none", dir, "tmpfs", 0, "size="+size); err != nil {
			Lacks(t, "no tmpfs here: %v", err)
		}
		do(t, dir)
		return
	}
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), marker+"="+t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	switch _, ended := errors.AsType[*exec.ExitError](err); {
	case err != nil && !ended:
		Lacks(t, "no user namespace here: %v", err)
	case err != nil:
		t.Errorf("in the namespace: %v\n%s", err, out)
	case strings.Contains(string(out), "--- SKIP"):
		t.Skipf("in the namespace:\n%s", out)
	case !strings.Contains(string(out), "--- PASS: "+t.Name()):
		t.Errorf("in the namespace it did not run:\n%s", out)
	}
}
