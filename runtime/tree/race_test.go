package tree

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestCVE_2018_15664 unpacks into and packs a container's folder while a program of the container exchanges
// it with a link to the host, over and over: CVE-2018-15664, CVE-2019-10152, CVE-2023-0778.
func TestCVE_2018_15664(t *testing.T) {
	base := t.TempDir()
	must(t, errors.Join(os.MkdirAll(base+"/root/d", 0o755), os.Mkdir(base+"/outside", 0o755),
		os.WriteFile(base+"/root/d/f", []byte("inside"), 0o644), os.WriteFile(base+"/outside/f", []byte("SECRET"), 0o644),
		os.Symlink(base+"/outside", base+"/root/l")))
	stop, ended := make(chan struct{}), make(chan error)
	go func() { // ends when stop is closed
		for {
			select {
			case <-stop:
				ended <- nil
				return
			default:
			}
			err := unix.Renameat2(unix.AT_FDCWD, base+"/root/d", unix.AT_FDCWD, base+"/root/l", unix.RENAME_EXCHANGE)
			if err != nil {
				ended <- err
				return
			}
		}
	}()
	fd, err := openFolder(base + "/root")
	must(t, err)
	defer closeFD(fd)
	p := &place{fd: fd, resolve: insideRoot}
	worked, tries := 0, 500
	if os.Getenv("POCKET_TEST_ATTACKS") == "whole" {
		tries = 5000
	}
	for range tries {
		if _, err := p.unpack("/d", archive(t, reg("evil")), Rules{}, false); err == nil {
			worked++
		}
		_, _ = p.unpack("/", archive(t, dir("d"), reg("d/evil")), Rules{}, false)
		at, err := p.at("/d/", false)
		if err != nil {
			continue
		}
		var b bytes.Buffer
		if _, err := p.pack(at, "d", &b); err == nil && strings.Contains(b.String(), "SECRET") {
			t.Error("a file of the host was packed")
		}
		closeFD(at)
	}
	close(stop)
	must(t, <-ended)
	if got := list(t, base+"/outside"); got != "f" {
		t.Errorf("outside has %q", got)
	}
	if t.Logf("%d of %d worked", worked, tries); worked == 0 {
		t.Error("it never worked, so that nothing was tested")
	}
}
