package image

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/hint"
	"pocket/runtime/idmap"
	"pocket/runtime/resource"
)

// stages records what a Progress is told.
type stages struct{ seen []string }

func (s *stages) progress(stage string, done, total int64) {
	if len(s.seen) == 0 || s.seen[len(s.seen)-1] != stage {
		s.seen = append(s.seen, stage)
	}
}

func mustResolve(t *testing.T, s *Store, ref string, p Progress) Image {
	t.Helper()
	img, err := s.Resolve(t.Context(), ref, p)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func content(t *testing.T, img Image, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(img.Dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestResolveHostAndDirectory(t *testing.T) {
	s := newStore(t)
	for _, ref := range []string{"", "host"} {
		if img := mustResolve(t, s, ref, nil); img.Kind != Host || img.Dir != "/" || img.Name != "host" {
			t.Errorf("Resolve(%q) = %+v", ref, img)
		}
	}
	dir := t.TempDir()
	if img := mustResolve(t, s, dir, nil); img.Kind != Directory || !filepath.IsAbs(img.Dir) || img.Digest != "" {
		t.Errorf("Resolve(%q) = %+v", dir, img)
	}
	t.Chdir(dir)
	if err := os.Mkdir("root", 0o755); err != nil {
		t.Fatal(err)
	}
	if img := mustResolve(t, s, "root", nil); filepath.Base(img.Dir) != "root" || !filepath.IsAbs(img.Dir) {
		t.Errorf("Resolve(root) = %+v", img)
	}
}

func TestResolveErrors(t *testing.T) {
	s := newStore(t)
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ ref, want string }{
		{"alpine", `image "alpine": no such image`},
		{dir + "/none.tar", "no such file or directory"},
		{fifo, "neither a folder nor a regular file"},
		{write(t, []byte("PK\x03\x04zip"), dir, "a.zip"), "zip archives are not supported"},
		{write(t, pack(t, file("manifest.json", "[]"), file("abc/layer.tar", "x")), dir, "saved.tar"), "image with layers"},
	} {
		_, err := s.Resolve(t.Context(), c.ref, nil)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Resolve(%q): error is %v, want one with %q", c.ref, err, c.want)
		}
		if hint.Of(err) == "" {
			t.Errorf("Resolve(%q): no hint in %v", c.ref, err)
		}
	}
	if _, err := s.Resolve(t.Context(), "alpine", nil); !errors.Is(err, ErrNotFound) {
		t.Errorf("the error of a missing image is not ErrNotFound: %v", err)
	}
	checkClean(t, s, 0)
}

// checkClean fails unless exactly n images are listed and stored, and no half of one is left.
func checkClean(t *testing.T, s *Store, n int) {
	t.Helper()
	list, err := s.List()
	if err != nil || len(list) != n {
		t.Errorf("%d images are listed (%v), want %d", len(list), err, n)
	}
	trees, err := os.ReadDir(filepath.Join(s.dir, "images"))
	if err != nil || len(trees) != n {
		t.Errorf("%d trees are stored (%v), want %d", len(trees), err, n)
	}
	if _, err := os.Lstat(s.work()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is left (%v)", s.work(), err)
	}
}

func TestResolveArchiveOnce(t *testing.T) {
	s := newStore(t)
	path := write(t, zip(t, pack(t, file("f", "one"), node('3', "mem"))), t.TempDir(), "root.tar.gz")
	s.now = func() time.Time { return time.Now().Add(time.Hour) } // the file is an hour old
	var first, second stages
	img := mustResolve(t, s, path, first.progress)
	if content(t, img, "f") != "one" || img.Kind != Archive || img.Size != 3 || img.Name != "root.tar.gz" || img.Remark != "1 device node left out" {
		t.Errorf("image is %+v", img)
	}
	if want := []string{StageRead, StageUnpack}; !slices.Equal(first.seen, want) {
		t.Errorf("stages are %q, want %q", first.seen, want)
	}
	again := mustResolve(t, s, path, second.progress)
	if len(second.seen) != 0 || again.Dir != img.Dir || again.Remark != img.Remark {
		t.Errorf("the second time: stages %q, image %+v", second.seen, again)
	}
	for _, ref := range []string{img.Digest, hexOf(img.Digest)[:10], "root", "root.tar.gz"} {
		if by := mustResolve(t, s, ref, nil); by.Dir != img.Dir {
			t.Errorf("Resolve(%q) = %+v", ref, by)
		}
	}
	copied := write(t, zip(t, pack(t, file("f", "one"), node('3', "mem"))), t.TempDir(), "copy.tar.gz")
	var third stages
	mustResolve(t, s, copied, third.progress)
	if want := []string{StageRead}; !slices.Equal(third.seen, want) {
		t.Errorf("of a copy: stages %q, want %q", third.seen, want)
	}
	checkClean(t, s, 1)
}

func TestArchiveChangedJustNowIsReadAgain(t *testing.T) {
	s := newStore(t)
	path := write(t, pack(t, file("f", "one")), t.TempDir(), "root.tar")
	mustResolve(t, s, path, nil)
	var second stages
	mustResolve(t, s, path, second.progress)
	if want := []string{StageRead}; !slices.Equal(second.seen, want) {
		t.Errorf("stages are %q, want %q", second.seen, want)
	}
}

func TestChangedArchive(t *testing.T) {
	s := newStore(t)
	dir := t.TempDir()
	t.Chdir(dir)
	s.now = func() time.Time { return time.Now().Add(time.Hour) }
	write(t, pack(t, file("f", "one")), "root.tar")
	one := mustResolve(t, s, "root.tar", nil)
	write(t, pack(t, file("f", "two")), "root.tar")
	two := mustResolve(t, s, "root.tar", nil)
	if content(t, one, "f") != "one" || content(t, two, "f") != "two" {
		t.Errorf("images are %+v and %+v", one, two)
	}
	if old := mustResolve(t, s, hexOf(one.Digest)[:12], nil); old.Dir != one.Dir {
		t.Errorf("the old image is %+v, want %+v", old, one)
	}
	if err := os.Remove("root.tar"); err != nil {
		t.Fatal(err)
	}
	if img := mustResolve(t, s, "root", nil); img.Dir != two.Dir {
		t.Errorf("without the file, its name means %+v", img)
	}
	checkClean(t, s, 2)
}

func TestFailedImportLeavesNothing(t *testing.T) {
	s := newStore(t)
	s.Limits = Limits{Bytes: 100 * resource.KiB}
	good := pack(t, folder("d", 0o555), file("d/f", "content"), file("e", "x"))
	for name, archive := range map[string][]byte{
		"cut.tar": good[:1600], "out.tar": pack(t, file("a", "x"), file("../x", "y")),
		"big.tar": pack(t, file("a", strings.Repeat("x", 200<<10))),
	} {
		if _, err := s.Resolve(t.Context(), write(t, archive, t.TempDir(), name), nil); err == nil {
			t.Errorf("%s was imported", name)
		} else if !strings.Contains(err.Error(), name) {
			t.Errorf("the error does not name %s: %v", name, err)
		}
		checkClean(t, s, 0)
	}
}

func TestCancelledImport(t *testing.T) {
	s := newStore(t)
	ctx, cancel := context.WithCancel(t.Context())
	path := write(t, pack(t, file("a", strings.Repeat("x", 3<<20))), t.TempDir(), "a.tar")
	_, err := s.Resolve(ctx, path, func(stage string, _, _ int64) {
		if stage == StageUnpack {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
	checkClean(t, s, 0)
}

// TestLeftovers has the states that a process killed in an import leaves.
func TestLeftovers(t *testing.T) {
	s := newStore(t)
	path := write(t, pack(t, folder("d", 0o555), file("d/f", "x")), t.TempDir(), "a.tar")
	closed := filepath.Join(s.work(), "rootfs", "closed")
	if err := os.MkdirAll(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, []byte("half"), closed, "f")
	if err := os.Chmod(closed, 0o000); err != nil {
		t.Fatal(err)
	}
	img := mustResolve(t, s, path, nil)
	checkClean(t, s, 1)

	if _, err := s.db.RemoveImage(img.Name); err != nil { // killed between rename and record
		t.Fatal(err)
	}
	var second stages
	if again := mustResolve(t, s, path, second.progress); again.Dir != img.Dir || slices.Contains(second.seen, StageUnpack) {
		t.Errorf("stages %q, image %+v", second.seen, again)
	}
	if err := os.Remove(filepath.Join(s.home(img.Digest), "about")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Resolve(t.Context(), "a", nil); err == nil || hint.Of(err) == "" {
		t.Errorf("a damaged image: %v", err)
	}
	if mustResolve(t, s, path, nil); content(t, img, "d/f") != "x" {
		t.Error("a damaged image was not made anew")
	}
	checkClean(t, s, 1)
}

func TestImportsAtOnce(t *testing.T) {
	s := newStore(t)
	path := write(t, pack(t, file("a", strings.Repeat("x", 1<<20))), t.TempDir(), "a.tar")
	var together sync.WaitGroup
	var unpacks [4]stages
	for i := range unpacks {
		together.Go(func() {
			if _, err := s.Resolve(t.Context(), path, unpacks[i].progress); err != nil {
				t.Error(err)
			}
		})
	}
	together.Wait()
	n := 0
	for _, u := range unpacks {
		if slices.Contains(u.seen, StageUnpack) {
			n++
		}
	}
	if n != 1 {
		t.Errorf("unpacked %d times", n)
	}
	checkClean(t, s, 1)
}

func TestRemove(t *testing.T) {
	s := newStore(t)
	s.now = func() time.Time { return time.Now().Add(time.Hour) }
	archive := pack(t, folder("d", 0o500), file("d/f", "x"))
	path := write(t, archive, t.TempDir(), "a.tar")
	img := mustResolve(t, s, path, nil)
	if _, err := s.publish(label{name: "other", source: "https://example.org/a.tar", deliberate: true}, img.Digest); err != nil {
		t.Fatal(err)
	}
	if err := s.Remove(t.Context(), "other"); err != nil {
		t.Fatal(err)
	}
	if by := mustResolve(t, s, "a", nil); content(t, by, "d/f") != "x" {
		t.Errorf("removing one name of two left %+v", by)
	}
	if err := s.Remove(t.Context(), hexOf(img.Digest)[:12]); err != nil {
		t.Fatal(err)
	}
	checkClean(t, s, 0)
	if seen, err := os.ReadDir(filepath.Join(s.dir, "seen")); err != nil || len(seen) != 0 {
		t.Errorf("%d files are remembered (%v)", len(seen), err)
	}
	if err := s.Remove(t.Context(), "a"); !errors.Is(err, ErrNotFound) {
		t.Errorf("removing it again: %v", err)
	}
	mustResolve(t, s, path, nil)
	checkClean(t, s, 1)
}

func TestImageFolderIsClosed(t *testing.T) {
	s := newStore(t)
	if os.Geteuid() == 0 {
		const id = 1_900_000_000
		ids := []idmap.Range{{Inside: 0, Outside: id, Count: 65536}}
		s.owners = newOwners(idmap.Map{UIDs: ids, GIDs: ids})
	}
	img, err := s.Resolve(t.Context(), write(t, pack(t, file("a", "x")), t.TempDir(), "a.tar"), nil)
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EINVAL) {
		t.Skipf("this root cannot give files to mapped ids: %v", err)
	} else if err != nil {
		t.Fatal(err)
	}
	var home, root unix.Stat_t
	if err := errors.Join(unix.Stat(filepath.Dir(img.Dir), &home), unix.Stat(img.Dir, &root)); err != nil {
		t.Fatal(err)
	}
	if home.Mode&0o777 != 0o700 || home.Uid != root.Uid {
		t.Errorf("mode %o, owner %d; the tree's owner is %d", home.Mode&0o777, home.Uid, root.Uid)
	}
}
