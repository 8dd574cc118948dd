package image

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// layout writes OCI layouts for tests.
type layout struct {
	t   testing.TB
	dir string
}

func newLayout(t testing.TB) layout {
	t.Helper()
	l := layout{t, filepath.Join(t.TempDir(), "packed")}
	if err := os.MkdirAll(filepath.Join(l.dir, "blobs", "sha256"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, []byte(`{"imageLayoutVersion":"1.0.0"}`), l.dir, "oci-layout")
	return l
}

func (l layout) blob(kind string, content []byte) descriptor {
	d := descriptor{MediaType: kind, Digest: digestOfText(content), Size: int64(len(content))}
	write(l.t, content, l.dir, blobName(d.Digest))
	return d
}

func (l layout) json(kind string, value any) descriptor {
	text, err := json.Marshal(value)
	if err != nil {
		l.t.Fatal(err)
	}
	return l.blob(kind, text)
}

// image writes an image of these tars, the lowest first, every second one compressed.
func (l layout) image(d document, tars ...[]byte) descriptor {
	m := manifest{SchemaVersion: 2, MediaType: typeManifest}
	if d.Architecture == "" {
		d.Architecture, d.OS = runtime.GOARCH, "linux"
	}
	d.RootFS = layerIDs{Type: "layers"}
	for i, plain := range tars {
		d.RootFS.DiffIDs = append(d.RootFS.DiffIDs, digestOfText(plain))
		if i%2 == 1 {
			plain = zip(l.t, plain)
		}
		m.Layers = append(m.Layers, l.blob(typeLayer, plain))
	}
	m.Config = l.json(typeConfig, d)
	made := l.json(typeManifest, m)
	made.Platform = &platform{Architecture: d.Architecture, OS: d.OS}
	return made
}

func (l layout) index(manifests ...descriptor) {
	text, err := json.Marshal(index{SchemaVersion: 2, Manifests: manifests})
	if err != nil {
		l.t.Fatal(err)
	}
	write(l.t, text, l.dir, "index.json")
}

func (l layout) load(s *Store, name string) (Image, error) {
	return s.LoadLayout(l.t.Context(), l.dir, name, "docker://"+name, nil)
}

func mustLoad(t testing.TB, s *Store, l layout, name string) Image {
	t.Helper()
	img, err := l.load(s, name)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// marksOf lists a layer's tree with overlay's marks: "x!" is a whiteout, "d/*" an opaque folder.
func marksOf(t testing.TB, s *Store, tree string) string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(tree, func(path string, d os.DirEntry, err error) error {
		if err != nil || path == tree {
			return err
		}
		name := strings.TrimPrefix(path, tree+"/")
		var st unix.Stat_t
		if err := unix.Lstat(path, &st); err != nil {
			return err
		}
		switch {
		case st.Mode&unix.S_IFMT == unix.S_IFCHR && st.Rdev == 0:
			name += "!"
		case d.IsDir():
			name += "/"
			value := make([]byte, 8)
			if n, err := unix.Lgetxattr(path, s.marks()+"overlay.opaque", value); err == nil && string(value[:n]) == "y" {
				name += "*"
			}
		}
		list = append(list, name)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

func TestLayersAreSharedAndMarked(t *testing.T) {
	s := newStore(t)
	base := pack(t, folder("etc", 0o750), file("etc/a", "a"), file("etc/b", "b"), folder("d", 0o755), file("d/x", "x"), file("f", "f"))
	for _, c := range []struct {
		name    string
		entries []tar.Header
		want    string
	}{
		{"whiteout", []tar.Header{file("etc/.wh.a", "")}, "etc/ etc/a!"},
		{"opaque", []tar.Header{file("d/.wh..wh..opq", ""), file("d/y", "y")}, "d/* d/y"},
		{"opaque last", []tar.Header{folder("d", 0o755), file("d/y", "y"), file("d/.wh..wh..opq", "")}, "d/* d/y"},
		{"whiteout, then a folder", []tar.Header{file(".wh.d", ""), folder("d", 0o755)}, "d/*"},
		{"a folder, then whiteout", []tar.Header{folder("d", 0o755), file(".wh.d", "")}, "d/*"},
		{"whiteout, then in it", []tar.Header{file(".wh.d", ""), file("d/z", "z")}, "d/* d/z"},
		{"whiteout, then a file", []tar.Header{file(".wh.f", ""), file("f", "new")}, "f"},
		{"a file, then whiteout", []tar.Header{file("f", "new"), file(".wh.f", "")}, "f"},
		{"marks of aufs", []tar.Header{folder(".wh..wh.plnk", 0o700), file(".wh..wh.aufs", "")}, ""},
		{"a mark of the root", []tar.Header{file(".wh..wh..opq", ""), file("g", "g")}, "g"},
		{"from the root", []tar.Header{file("/g", "g"), hard("/h", "/g")}, "g h"},
	} {
		l := newLayout(t)
		l.index(l.image(document{}, base, pack(t, c.entries...)))
		img := mustLoad(t, s, l, "team/app")
		if got := marksOf(t, s, img.Layers[0]); got != c.want {
			t.Errorf("%s: the layer is %q, want %q", c.name, got, c.want)
		}
		if c.name == "a mark of the root" {
			if len(img.Layers) != 1 {
				t.Errorf("%s: %d layers are shown", c.name, len(img.Layers))
			}
		} else if len(img.Layers) != 2 || marksOf(t, s, img.Layers[1]) != "d/ d/x etc/ etc/a etc/b f" {
			t.Errorf("%s: layers are %q", c.name, img.Layers)
		}
		if img.Name != "team/app:latest" || img.Kind != Layered || img.Architecture != runtime.GOARCH {
			t.Errorf("%s: image is %+v", c.name, img)
		}
		if st, err := os.Stat(filepath.Join(img.Layers[0], "etc")); err == nil && st.Mode().Perm() != 0o750 {
			t.Errorf("%s: a folder without an entry has the mode %v, below it is 0750", c.name, st.Mode())
		}
	}
	if layers, err := os.ReadDir(filepath.Join(s.dir, "layers")); err != nil || len(layers) != 12 {
		t.Errorf("%d layers are stored (%v), want 12: the lowest is shared", len(layers), err)
	}
}

func TestLayersAreRefused(t *testing.T) {
	for _, c := range []struct {
		name    string
		entries []tar.Header
		want    string
	}{
		{"a whiteout of nothing", []tar.Header{file("etc/.wh.", "")}, "a whiteout of nothing"},
		{"a whiteout of ..", []tar.Header{file("etc/.wh...", "")}, "a whiteout of nothing"},
		{"a whiteout of .", []tar.Header{file(".wh..", "")}, "a whiteout of nothing"},
		{"a whiteout outside", []tar.Header{file("../.wh.x", "")}, "leads out"},
		{"a link outside", []tar.Header{hard("x", "../../etc/passwd")}, "leads out"},
		{"a link to the layer below", []tar.Header{hard("x", "etc/a")}, "link to"},
	} {
		s, l := newStore(t), newLayout(t)
		l.index(l.image(document{}, pack(t, folder("etc", 0o755), file("etc/a", "a")), pack(t, c.entries...)))
		if _, err := l.load(s, "app"); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v, want one with %q", c.name, err, c.want)
		}
		checkClean(t, s, 0)
	}
}

func TestLayoutIsChecked(t *testing.T) {
	tarball := pack(t, file("f", "f"))
	for _, c := range []struct {
		name, want string
		spoil      func(layout)
	}{
		{"a blob of other content", "its digest is", func(l layout) {
			l.index(l.image(document{}, tarball))
			write(t, pack(t, file("f", "g")), l.dir, blobName(digestOfText(tarball)))
		}},
		{"a missing blob", "no such file", func(l layout) {
			l.index(l.image(document{}, tarball))
			if err := os.Remove(filepath.Join(l.dir, blobName(digestOfText(tarball)))); err != nil {
				t.Fatal(err)
			}
		}},
		{"a wrong diff id", "the configuration says", func(l layout) {
			d := document{Architecture: runtime.GOARCH, OS: "linux", RootFS: layerIDs{DiffIDs: []string{digestOfText(nil)}}}
			m := manifest{SchemaVersion: 2, Config: l.json(typeConfig, d), Layers: []descriptor{l.blob(typeLayer, tarball)}}
			l.index(l.json(typeManifest, m))
		}},
		{"a wrong size", "the manifest says", func(l layout) {
			d := document{RootFS: layerIDs{DiffIDs: []string{digestOfText(tarball)}}}
			b := l.blob(typeLayer, tarball)
			b.Size++
			l.index(l.json(typeManifest, manifest{SchemaVersion: 2, Config: l.json(typeConfig, d), Layers: []descriptor{b}}))
		}},
		{"fewer layers", "names 1 layers, the manifest 0", func(l layout) {
			d := document{RootFS: layerIDs{DiffIDs: []string{digestOfText(tarball)}}}
			l.index(l.json(typeManifest, manifest{SchemaVersion: 2, Config: l.json(typeConfig, d), Layers: []descriptor{}}))
		}},
		{"no layers", "names no layers", func(l layout) { l.index(l.image(document{})) }},
		{"a digest that is a path", "is not a digest", func(l layout) {
			l.index(descriptor{Digest: "sha256:../../etc/passwd"})
		}},
		{"another schema", "schema version 1", func(l layout) { l.index(l.json(typeManifest, manifest{SchemaVersion: 1})) }},
		{"index and manifest at once", "at once", func(l layout) {
			l.index(l.blob(typeManifest, []byte(`{"schemaVersion":2,"manifests":[],"layers":[]}`))) // CVE-2021-41190
		}},
		{"an index in itself", "without end", func(l layout) {
			inner := l.image(document{}, tarball)
			for range maxIndexes + 1 {
				inner = l.json(typeIndex, index{SchemaVersion: 2, Manifests: []descriptor{inner}})
			}
			l.index(inner)
		}},
		{"no image", "names no image", func(l layout) { l.index() }},
		{"no JSON", "index.json", func(l layout) { write(t, []byte("{"), l.dir, "index.json") }},
		{"other processors", "is for linux/mips, linux/s390x, not for linux/" + runtime.GOARCH, func(l layout) {
			l.index(l.json(typeIndex, index{SchemaVersion: 2, Manifests: []descriptor{
				l.image(document{Architecture: "mips", OS: "linux"}, tarball), l.image(document{Architecture: "s390x", OS: "linux"}, tarball)}}))
		}},
	} {
		s, l := newStore(t), newLayout(t)
		if err := s.folders(); err != nil {
			t.Fatal(err)
		}
		c.spoil(l)
		if _, err := l.load(s, "app"); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v, want one with %q", c.name, err, c.want)
		}
		checkClean(t, s, 0)
	}
}

func TestLayoutForOurProcessor(t *testing.T) {
	s, l := newStore(t), newLayout(t)
	l.index(l.json(typeIndex, index{SchemaVersion: 2, Manifests: []descriptor{
		l.image(document{Architecture: "mips", OS: "linux"}, pack(t, file("f", "mips"))),
		l.image(document{}, pack(t, file("f", "ours"))),
	}}))
	img := mustLoad(t, s, l, "app:1")
	if content(t, img, "f") != "ours" {
		t.Errorf("image is %+v", img)
	}
	for _, ref := range []string{"app:1", DefaultDomain + "/library/app:1", "app@" + img.Manifest, "app:1@" + img.Manifest, img.ID, hexOf(img.ID)[:8]} {
		if found := mustResolve(t, s, ref, nil); found.ID != img.ID {
			t.Errorf("%q is %+v", ref, found)
		}
	}
	if _, err := s.Resolve(t.Context(), "app", nil); !errors.Is(err, ErrNotFound) {
		t.Errorf("app:latest was found, or: %v", err)
	}
}

// TestRemoveKeepsSharedLayers also sees a new image take a name.
func TestRemoveKeepsSharedLayers(t *testing.T) {
	s := newStore(t)
	base, one, two := pack(t, file("base", "b")), pack(t, file("one", "1")), pack(t, file("two", "2"))
	first, second := newLayout(t), newLayout(t)
	first.index(first.image(document{}, base, one))
	second.index(second.image(document{}, base, two))
	a := mustLoad(t, s, first, "a")
	b := mustLoad(t, s, second, "a")
	if old := mustResolve(t, s, hexOf(a.ID)[:shortDigest], nil); old.Name != hexOf(a.ID)[:shortDigest] {
		t.Errorf("who lost its name is %+v", old)
	}
	if err := s.Remove(t.Context(), a.ID); err != nil {
		t.Fatal(err)
	}
	if s.HasLayer(digestOfText(one)) || !s.HasLayer(digestOfText(base)) || !s.HasLayer(digestOfText(two)) {
		t.Error("the wrong layers were removed")
	}
	if again := mustResolve(t, s, "a", nil); again.ID != b.ID {
		t.Errorf("image is %+v", again)
	}
	if err := s.Remove(t.Context(), "a:latest"); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(filepath.Join(s.dir, "layers")); err != nil || len(left) != 0 {
		t.Errorf("%d layers are left (%v)", len(left), err)
	}
	checkClean(t, s, 0)
}

// TestStoredLayerIsNotNeededAgain: who pulls leaves out what HasLayer knows.
func TestStoredLayerIsNotNeededAgain(t *testing.T) {
	s := newStore(t)
	base := pack(t, file("base", "b"))
	first, second := newLayout(t), newLayout(t)
	first.index(first.image(document{}, base))
	second.index(second.image(document{}, base, pack(t, file("two", "2"))))
	mustLoad(t, s, first, "a")
	if err := os.Remove(filepath.Join(second.dir, blobName(digestOfText(base)))); err != nil {
		t.Fatal(err)
	}
	if img := mustLoad(t, s, second, "b"); len(img.Layers) != 2 {
		t.Errorf("image is %+v", img)
	}
}

// TestReplay makes every layer's tar again, to the byte.
func TestReplay(t *testing.T) {
	s := newStore(t)
	long := strings.Repeat("folder/", 30) + "name"
	for _, entries := range [][]tar.Header{
		{},
		{folder("d", 0o500), file("d/a", "content"), hard("d/b", "d/a"), link("l", "d"), file("l/through", "link"), file("empty", "")},
		{node(tar.TypeChar, "null"), node(tar.TypeFifo, "pipe"), file(".wh.gone", ""), file(long, "long")},
		{{Typeflag: tar.TypeReg, Name: "closed", Mode: 0, Size: 3, PAXRecords: map[string]string{"TEST.content": "abc", "SCHILY.xattr.user.x": "y"}}},
	} {
		l := newLayout(t)
		packed := append(pack(t, entries...), make([]byte, 8<<10)...)
		l.index(l.image(document{}, packed))
		img := mustLoad(t, s, l, "app")
		out, err := tarOf(t, s, digestOfText(packed))
		if err != nil || !bytes.Equal(out, packed) {
			t.Errorf("%d entries: another tar came out (%v)", len(entries), err)
		}
		if len(entries) != 1 {
			continue
		}
		closed := filepath.Join(img.Dir, "closed")
		if err := errors.Join(os.Chmod(closed, 0o600), os.WriteFile(closed, []byte("abd"), 0)); err != nil {
			t.Fatal(err)
		}
		if _, err := tarOf(t, s, digestOfText(packed)); !errors.Is(err, errDamaged) {
			t.Errorf("a changed tree: %v", err)
		}
	}
}

func tarOf(t testing.TB, s *Store, diffID string) ([]byte, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "layer.tar")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := s.writeLayer(f, diffID); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

// TestTree merges layers as overlay would show them.
func TestTree(t *testing.T) {
	s, l := newStore(t), newLayout(t)
	l.index(l.image(document{},
		pack(t, folder("etc", 0o750), file("etc/a", "a"), file("etc/b", "b"), folder("d", 0o755), file("d/x", "x"), file("f", "f"), hard("g", "f")),
		pack(t, file("etc/.wh.a", ""), file("d/.wh..wh..opq", ""), file("d/y", "y"), file(".wh.f", "")),
		pack(t, folder("f", 0o500), file("f/in", "in"), file("etc/b", "B"), link("l", "etc"), file("l2", "")),
	))
	img := mustLoad(t, s, l, "app")
	for _, how := range []string{"shared", "again", "copied"} {
		dir, err := s.Tree(t.Context(), img, nil)
		if how == "copied" {
			dir = filepath.Join(s.dir, "copy") // newStore can remove closed folders
			if err = os.Mkdir(dir, 0o755); err == nil {
				err = s.Copy(t.Context(), img, dir)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		g := ground{t: t, dir: dir}
		if got, want := g.tree(), "d/ d/y=y etc/ etc/b=B f/ f/in=in g=f l -> etc l2="; got != want {
			t.Errorf("%s: tree is %q, want %q", how, got, want)
		}
		if st, err := os.Stat(filepath.Join(dir, "f")); err != nil || st.Mode().Perm() != 0o500 {
			t.Errorf("%s: %v, %v", how, st, err)
		}
	}
	if got := mustResolve(t, s, "app", nil); len(got.Layers) != 3 {
		t.Errorf("image is %+v", got)
	}
	if err := s.Remove(t.Context(), "app"); err != nil {
		t.Fatal(err)
	}
	checkClean(t, s, 0)
}
