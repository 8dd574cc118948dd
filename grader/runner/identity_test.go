package runner

import (
	"os"
	"path/filepath"
	"testing"

	"pocket/runtime/image"
)

func TestIdentity(t *testing.T) {
	dir := t.TempDir()
	folder := image.Image{Kind: image.Directory, Dir: dir}
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[string]string{}
	see := func(what string, found image.Image, memory int) {
		t.Helper()
		id := identity(found, memory)
		if id != identity(found, memory) {
			t.Errorf("%s: two identities", what)
		}
		if other := seen[id]; other != "" {
			t.Errorf("%s has the identity of %s", what, other)
		}
		seen[id] = what
	}
	see("an empty folder", folder, 1)
	see("the same without a controller", folder, 0)
	write("usr/bin/gcc", "")
	see("a compiler", folder, 1)
	write("var/lib/dpkg/status", "gcc")
	see("a record", folder, 1)
	write("var/lib/dpkg/status", "gcc, g++")
	see("another record", folder, 1)
	see("an image", image.Image{Digest: "sha256:1"}, 1)
	see("another image", image.Image{Digest: "sha256:2"}, 1)
	see("the host", image.Image{Kind: image.Host, Dir: "/"}, 1)
}
