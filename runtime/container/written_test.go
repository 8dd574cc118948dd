package container

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"pocket/runtime/resource"
)

// TestOccupied: files count once, links lead nowhere, also where a folder was a moment ago, and nothing is waited for.
func TestOccupied(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	large := make([]byte, 1<<20)
	for _, path := range []string{filepath.Join(outside, "secret"), filepath.Join(dir, "file")} {
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.Write(large)
		if err := errors.Join(err, f.Sync(), f.Close()); err != nil { // some file systems give it blocks only then
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, strings.Repeat("d/", 20)), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(filepath.Join(dir, "file"), filepath.Join(dir, "d/d/again")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "d/out")); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(filepath.Join(dir, "d/fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	size, whole := occupied(dir)
	if size < resource.MiB || size >= 2*resource.MiB || !whole {
		t.Errorf("%s, whole %v", size.Human(), whole)
	}
	if size, whole := occupied(filepath.Join(dir, "d/out")); size != 0 || whole {
		t.Errorf("a link: %s, whole %v", size.Human(), whole)
	}
	if size, whole := occupied(filepath.Join(dir, "not/there")); size != 0 || !whole {
		t.Errorf("nothing: %s, whole %v", size.Human(), whole)
	}
	if err := os.MkdirAll(filepath.Join(dir, strings.Repeat("e/", mostFolders+1)), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, whole := occupied(dir); whole {
		t.Error("too deep, and taken for the whole")
	}
}
