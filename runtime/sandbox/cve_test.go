package sandbox

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"pocket/runtime/idmap"
	"pocket/runtime/resource"
	"pocket/runtime/rootfs"
)

// CVE-2019-5736: a container overwrites what starts programs in it, by way of /proc/PID/exe. Its root, with all
// that it may do, opens every one that it sees for writing while others join; nothing of ours is among them.
func TestCVE_2019_5736(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	before := digest(t, self)
	_, s := host(t, func(h *Spec) {
		h.IDs, h.UID, h.GID, h.Seccomp = idmap.Single(0), 0, 0, nil
		for c := 0; c <= unix.CAP_LAST_CAP; c++ {
			h.Capabilities = append(h.Capabilities, c)
		}
		// The program that attacks is bound from a copy, which it may well overwrite.
		copied := filepath.Join(t.TempDir(), "payload")
		text, err := os.ReadFile(self)
		if err = errors.Join(err, os.WriteFile(copied, text, 0o755), os.Chmod(copied, 0o755), os.Chmod(filepath.Dir(copied), 0o755)); err != nil {
			t.Fatal(err)
		}
		for i, m := range h.Root.Mounts {
			if m.Target == "/payload" {
				h.Root.Mounts[i].Source = copied
			}
		}
	})
	var said bytes.Buffer
	w := s
	w.Args, w.Stdout.Writer = []string{"/payload", "payload", "overwrite", "x"}, &said
	attacker, err := Join(w)
	if err != nil {
		t.Fatal(err)
	}
	script := "printf '#!/proc/self/exe\\n' >/tmp/x; chmod 755 /tmp/x"
	if exit, out := join(t, s, "sh", "-c", script); exit.Code != 0 {
		t.Fatal(out)
	}
	for i := range attempts(60, 200) {
		args := []string{"true"}
		if i%4 == 0 {
			args = []string{"/tmp/x"}
		}
		join(t, s, args...)
	}
	_ = attacker.Signal(unix.SIGTERM)
	if exit, err := attacker.Wait(); err != nil || exit.Code != 0 {
		t.Errorf("the attacker: %+v %v", exit, err)
	}
	if !strings.HasPrefix(said.String(), "tried ") || strings.HasPrefix(said.String(), "tried 0") || strings.Contains(said.String(), "opened") {
		t.Errorf("the attacker says %q", said.String())
	}
	if digest(t, self) != before {
		t.Error("our program was changed")
	}
}

// attempts is how often a race is tried: some times, or as often as the attack needs where POCKET_TEST_ATTACKS is whole.
func attempts(some, whole int) int {
	if os.Getenv("POCKET_TEST_ATTACKS") == "whole" {
		return whole
	}
	return some
}

func digest(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", sha256.Sum256(text))
}

// CVE-2021-30465: the place of a mount, in a folder that another container shares, is exchanged with a link while
// the mount is made. It leads to nothing of the host then: what is mounted there is found inside or not at all.
func TestCVE_2021_30465(t *testing.T) {
	shared, other := t.TempDir(), t.TempDir()
	canary := filepath.Join(t.TempDir(), "canary")
	err := errors.Join(os.Mkdir(canary, 0o755), os.WriteFile(canary+"/bird", nil, 0o644), os.Mkdir(shared+"/d", 0o755), os.Mkdir(shared+"/d/m", 0o755), os.Mkdir(shared+"/d/n", 0o755),
		os.Symlink(strings.Repeat("../", 12)+canary, shared+"/l"), os.Chmod(shared, 0o777), os.Chmod(other, 0o777),
		os.WriteFile(other+"/mine", nil, 0o644))
	if err != nil {
		t.Fatal(err)
	}
	stop, ended := make(chan struct{}), make(chan error)
	go func() { // ends when stop is closed
		for {
			select {
			case <-stop:
				ended <- nil
				return
			default:
			}
			if err := unix.Renameat2(unix.AT_FDCWD, shared+"/d", unix.AT_FDCWD, shared+"/l", unix.RENAME_EXCHANGE); err != nil {
				ended <- err
				return
			}
		}
	}()
	worked, refused := 0, error(nil)
	for range attempts(60, 1000) {
		s := spec(t, "sh", "-c", "ls /shared/d /shared/l; ls -d "+canary)
		var said bytes.Buffer
		s.Stdout.Writer = &said
		s.Root.Dirs = append(s.Root.Dirs, "/shared")
		s.Root.Mounts = append(s.Root.Mounts, rootfs.Mount{Kind: rootfs.Bind, Source: shared, Target: "/shared", Owners: true},
			rootfs.Mount{Kind: rootfs.Bind, Source: other, Target: "/shared/d/m", Owners: true},
			rootfs.Mount{Kind: rootfs.Tmpfs, Target: "/shared/d/n", Size: resource.MiB, Optional: true})
		p, err := Start(s)
		if err != nil {
			refused = err // where the link was, there is nothing inside
			continue
		}
		if exit, err := p.Wait(); err == nil && exit.Reason == Exited {
			worked++
		}
		if text := said.String(); strings.Contains(text, "bird") || strings.Contains(text, canary) {
			t.Fatalf("the host is seen inside: %q", text)
		}
	}
	close(stop)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if t.Logf("%d of %d started; the last other: %v", worked, attempts(60, 1000), refused); worked == 0 {
		t.Error("it never worked, so that nothing was tested")
	}
	if left, err := os.ReadDir(canary); err != nil || len(left) != 1 {
		t.Errorf("outside there is %v (%v)", left, err)
	}
}
