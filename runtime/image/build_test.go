package image

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"pocket/runtime/idmap"
	"pocket/runtime/state"
)

// Short ways to write the entries of a test's archive.

func file(name, content string) tar.Header {
	return tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(content)),
		PAXRecords: map[string]string{"TEST.content": content}}
}

func folder(name string, mode int64) tar.Header {
	return tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: mode}
}

func link(name, target string) tar.Header {
	return tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: target, Mode: 0o777}
}

func hard(name, target string) tar.Header {
	return tar.Header{Typeflag: tar.TypeLink, Name: name, Linkname: target, Mode: 0o644}
}

func node(kind byte, name string) tar.Header {
	return tar.Header{Typeflag: kind, Name: name, Mode: 0o666, Devmajor: 1, Devminor: 1}
}

// pack makes a tar of the entries. A file's content travels in a record of its header.
func pack(t testing.TB, entries ...tar.Header) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, h := range entries {
		content := h.PAXRecords["TEST.content"]
		delete(h.PAXRecords, "TEST.content")
		if err := w.WriteHeader(&h); err != nil {
			t.Fatalf("write header of %q: %v", h.Name, err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatalf("write %q: %v", h.Name, err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func zip(t testing.TB, plain []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// write makes a file of a test and returns its path.
func write(t testing.TB, content []byte, path ...string) string {
	t.Helper()
	name := filepath.Join(path...)
	if err := os.WriteFile(name, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

// ground is a temporary folder with one to unpack into and one, beside, that must never change.
type ground struct {
	t           testing.TB
	dir, canary string
	before      string
}

func newGround(t testing.TB) ground {
	t.Helper()
	base := t.TempDir()
	g := ground{t: t, dir: filepath.Join(base, "rootfs"), canary: filepath.Join(base, "canary")}
	for _, dir := range []string{g.dir, g.canary} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(t, []byte("alive"), g.canary, "bird")
	g.before = outside(t, base)
	return g
}

// outside lists everything in base but what is in its rootfs.
func outside(t testing.TB, base string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(base, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == base {
			return err
		}
		if path == filepath.Join(base, "rootfs") {
			return fs.SkipDir
		}
		st, err := d.Info()
		if err != nil {
			return err
		}
		all.WriteString(path + " " + st.Mode().String() + " " + st.ModTime().String())
		if st.Mode().IsRegular() {
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			all.Write(content)
		}
		all.WriteByte('\n')
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

// unpack unpacks an archive and checks the canary.
func (g ground) unpack(archive []byte, l Limits) (unpacked, error) {
	g.t.Helper()
	name := filepath.Join(g.t.TempDir(), "a.tar")
	f, err := os.Open(write(g.t, archive, name))
	if err != nil {
		g.t.Fatal(err)
	}
	defer f.Close()
	found, err := unpackTask{Dir: g.dir, Size: int64(len(archive)), Limits: l}.run(context.Background(), f, nil, newOwners(idmap.Map{}), nil)
	if after := outside(g.t, filepath.Dir(g.canary)); after != g.before {
		g.t.Errorf("something outside has changed, before:\n%s\nafter:\n%s", g.before, after)
	}
	return found, err
}

// tree lists the unpacked tree: a folder ends in "/", a link is "name -> target", a file "name=content".
func (g ground) tree() string {
	g.t.Helper()
	var list []string
	err := filepath.WalkDir(g.dir, func(path string, d fs.DirEntry, err error) error {
		name := strings.TrimPrefix(path, g.dir+"/")
		switch {
		case err != nil || path == g.dir:
			return err
		case d.IsDir():
			list = append(list, name+"/")
		case d.Type()&fs.ModeSymlink != 0:
			target, err := os.Readlink(path)
			list = append(list, name+" -> "+target)
			return err
		default:
			content, err := os.ReadFile(path)
			list = append(list, name+"="+string(content))
			return err
		}
		return nil
	})
	if err != nil {
		g.t.Fatal(err)
	}
	sort.Strings(list)
	return strings.Join(list, " ")
}

// newStore opens a store in an empty state folder.
func newStore(t testing.TB) *Store {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "state")
	db, err := state.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		if err := removeTree(dir); err != nil { // t.TempDir cannot remove closed folders
			t.Error(err)
		}
	})
	return Open(dir, db, idmap.Map{})
}
