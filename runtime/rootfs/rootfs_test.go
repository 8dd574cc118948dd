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
