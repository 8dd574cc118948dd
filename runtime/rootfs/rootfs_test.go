package rootfs

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestHostShowsNothingPrivate(t *testing.T) {
	p := Host(Person{"student", 1000, 1000, "/work"})
	if p.Mounts[0].Target != "/" || p.Mounts[0].Kind != Tmpfs || !p.Seal {
		t.Errorf("the root is %+v, sealed %v", p.Mounts[0], p.Seal)
	}
	for _, m := range p.Mounts[1:] {
		if !m.ReadOnly {
			t.Errorf("%s can be written to", m.Target)
		}
		for _, private := range []string{"/", "/home", "/root", "/var", "/etc", "/etc/shadow", "/etc/ssh", "/etc/ssl", "/opt", "/srv", "/proc", "/sys", "/dev"} {
			if m.Source == private {
				t.Errorf("%s is shown", private)
			}
		}
	}
	for _, f := range p.Files {
		if f.Path == "/etc/passwd" && !strings.Contains(f.Content, "student:x:1000:1000::/work:") {
			t.Errorf("passwd: %q", f.Content)
		}
	}
}

func TestViewBindsATreePieceByPiece(t *testing.T) {
	tree := t.TempDir()
	for _, d := range []string{"usr", "proc", "tmp", "opt"} {
		if err := os.Mkdir(filepath.Join(tree, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("usr/bin", filepath.Join(tree, "bin")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(tree, "README"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	p, err := View(tree)
	if err != nil {
		t.Fatal(err)
	}
	var targets []string
	for _, m := range p.Mounts[1:] {
		targets = append(targets, m.Target)
		if !m.ReadOnly || m.File != (m.Target == "/README") {
			t.Errorf("%+v", m)
		}
	}
	slices.Sort(targets)
	if !slices.Equal(targets, []string{"/README", "/opt", "/usr"}) {
		t.Errorf("bound: %q", targets)
	}
	if !slices.Equal(p.Links, []Link{{"/bin", "usr/bin"}}) || !slices.Equal(p.Dirs, []string{"/proc", "/tmp"}) {
		t.Errorf("links %v, folders %v", p.Links, p.Dirs)
	}
	if _, err := View(filepath.Join(tree, "nowhere")); err == nil {
		t.Error("a tree that is not there")
	}
}

func TestAtLeast(t *testing.T) {
	for release, want := range map[string]bool{
		"6.8": true, "6.8.0-31-generic": true, "6.18.44-fc": true, "7.0.0": true,
		"6.7.12": false, "6.1.0-18-amd64": false, "5.10": false, "": false, "x": false, "6": false,
	} {
		if got := atLeast(release, 6, 8); got != want {
			t.Errorf("atLeast(%q) = %v", release, got)
		}
	}
}
