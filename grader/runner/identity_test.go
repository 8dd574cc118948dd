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
	write("opt/tool/lib/deep/inside/library", "1")
	see("a library deep inside", folder, 1)
	write("opt/tool/lib/deep/inside/library", "2")
	see("another one in its place", folder, 1)
	if err := os.Chmod(filepath.Join(dir, "usr/bin/gcc"), 0o700); err != nil {
		t.Fatal(err)
	}
	see("other permissions", folder, 1)
	see("an image", image.Image{Digest: "sha256:1"}, 1)
	see("another image", image.Image{Digest: "sha256:2"}, 1)
	see("the host", image.Image{Kind: image.Host, Dir: "/"}, 1)

	host := image.Image{Kind: image.Host, Dir: dir}
	see("as the host", host, 1)
	write("usr/bin/gcc", "other")
	see("as the host, with another compiler", host, 1)
	write("var/lib/dpkg/status", "none")
	see("as the host, with other packages", host, 1)
}

func TestNoIdentityOfWhatCannotBeRead(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root can read everything")
	}
	dir := t.TempDir()
	closed := filepath.Join(dir, "closed")
	if err := os.Mkdir(closed, 0); err != nil {
		t.Fatal(err)
	}
	if id := identity(image.Image{Kind: image.Directory, Dir: dir}, 1); id != "" {
		t.Errorf("what lies in a closed folder cannot be known, but the identity is %q", id)
	}
}

func BenchmarkIdentity(b *testing.B) {
	for b.Loop() {
		identity(image.Image{Kind: image.Host, Dir: "/"}, 1)
	}
}
