package boot

import (
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"pocket/runtime/idmap"
	"pocket/runtime/internal/trial"
)

// namespace makes a user namespace, or skips where the host has none.
func namespace(t *testing.T, ids idmap.Map) *os.File {
	t.Helper()
	file, err := UserNS(ids)
	if err != nil {
		trial.Lacks(t, "no user namespaces here: %v", err)
	}
	t.Cleanup(func() { file.Close() })
	return file
}

func inode(t *testing.T, fd int) uint64 {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		t.Fatal(err)
	}
	return st.Ino
}

func TestANetworkNamespaceBelongsToTheUserNamespace(t *testing.T) {
	user := namespace(t, idmap.Single(0))
	n, err := NewNetNS(user, idmap.Single(0))
	if err != nil {
		t.Fatal(err)
	}
	owner, err := unix.IoctlRetInt(int(n.File.Fd()), unix.NS_GET_USERNS)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(owner)
	if inode(t, owner) != inode(t, int(user.Fd())) {
		t.Error("another user namespace owns it")
	}
	name := "/proc/" + strconv.Itoa(n.PID) + "/ns/net"
	if _, err := os.Stat(name); err != nil {
		t.Errorf("it has no name: %v", err)
	}
	if err := n.Close(); err != nil {
		t.Error(err)
	}
	if err := unix.Kill(n.PID, 0); !errors.Is(err, unix.ESRCH) {
		t.Errorf("the holder is left: %v", err)
	}
	if dumpable, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0); err != nil || dumpable != 1 {
		t.Errorf("our own memory has become undumpable: %d %v", dumpable, err)
	}
}

// TestACompanionIsRootInsideAndNobodyOutside looks at what the program is: in the user namespace, with our
// other namespaces, its signals unblocked, no descriptor but 0 to 2, and tied to us.
func TestACompanionIsRootInsideAndNobodyOutside(t *testing.T) {
	ids := idmap.Single(0)
	user := namespace(t, ids)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	const script = `id -u; readlink /proc/self/ns/user /proc/self/ns/net; grep SigBlk /proc/self/status; echo /proc/self/fd/*; read x || echo empty`
	pid, err := Companion{UserNS: user, IDs: ids, Path: "/bin/sh", Args: []string{"sh", "-c", script},
		Env: []string{"PATH=" + DefaultPath}, Stdout: w, Stderr: w}.Start()
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	var status unix.WaitStatus
	if _, err := unix.Wait4(pid, &status, 0, nil); err != nil || status != 0 {
		t.Errorf("it ended with %v, %v: %s", status, err, text)
	}
	net, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"0", "user:[" + strconv.FormatUint(inode(t, int(user.Fd())), 10) + "]", net, "SigBlk:\t0000000000000000",
		"/proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 /proc/self/fd/3", "empty"}
	if got := strings.TrimSpace(string(text)); got != strings.Join(want, "\n") {
		t.Errorf("%q, want %q", got, want)
	}
}
