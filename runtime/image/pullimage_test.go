package image

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/hint"
	"pocket/runtime/internal/trial"
	"pocket/runtime/registry"
)

// registryOf serves the blobs of layouts as a registry: team/app with the tag latest for top.
func registryOf(t *testing.T, top descriptor, layouts ...layout) *server {
	t.Helper()
	needCurl(t)
	routes := map[string]http.HandlerFunc{"/v2/": func(http.ResponseWriter, *http.Request) {}}
	for _, l := range layouts {
		files, err := filepath.Glob(filepath.Join(l.dir, "blobs", "sha256", "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			digest := digestPrefix + filepath.Base(file)
			routes["/v2/team/app/blobs/"+digest] = serveContent(text)
			routes["/v2/team/app/manifests/"+digest] = serveDocument(text)
			if digest == top.Digest {
				routes["/v2/team/app/manifests/latest"] = serveDocument(text)
			}
		}
	}
	return serve(t, routes)
}

func needCurl(t *testing.T) {
	t.Helper()
	only(t, "curl")
}

// serveDocument gives a manifest the media type that it calls itself.
func serveDocument(text []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var d struct {
			MediaType string `json:"mediaType"`
		}
		if json.Unmarshal(text, &d) == nil && d.MediaType != "" {
			w.Header().Set("Content-Type", d.MediaType)
		}
		serveContent(text)(w, r)
	}
}

func pullOf(t *testing.T, web *server, rest string) registry.Pull {
	t.Helper()
	ref, err := registry.Parse(strings.TrimPrefix(web.URL, "http://")+"/team/app"+rest, "")
	if err != nil {
		t.Fatal(err)
	}
	return registry.Pull{Reference: ref}
}

func mustPullImage(t *testing.T, s *Store, web *server, rest, name string) Image {
	t.Helper()
	img, err := s.PullImage(t.Context(), pullOf(t, web, rest), name, nil)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// onlyLock fails if more than the lock is left of a pull.
func onlyLock(t *testing.T, s *Store) {
	t.Helper()
	entries, err := os.ReadDir(s.tmp())
	if err != nil || len(entries) != 1 {
		t.Errorf("left: %v (%v)", entries, err)
	}
}

func TestPullImage(t *testing.T) {
	l := newLayout(t)
	base, two := pack(t, file("base", "b")), pack(t, file("two", "2"))
	web := registryOf(t, l.image(document{}, base, two, base), l)
	s := newStore(t)
	img := mustPullImage(t, s, web, "", "")
	host := strings.TrimPrefix(web.URL, "http://")
	if img.Name != host+"/team/app:latest" || img.Source != "docker://"+img.Name || len(img.Layers) != 3 {
		t.Errorf("image is %+v", img)
	}
	onlyLock(t, s)

	// Another name, the digest: nothing but the documents is fetched again.
	before := len(web.requests())
	byDigest := mustPullImage(t, s, web, "@"+img.Manifest, "")
	if want := host + "/team/app:" + hexOf(img.Manifest)[:12]; byDigest.Name != want || byDigest.ID != img.ID {
		t.Errorf("by digest: %s %s, want %s %s", byDigest.Name, byDigest.ID, want, img.ID)
	}
	if named := mustPullImage(t, s, web, "", "mine"); named.Name != "mine:latest" {
		t.Errorf("name is %s", named.Name)
	}
	for _, request := range web.requests()[before:] {
		if strings.Contains(request, "/blobs/") && !strings.Contains(request, img.ID) {
			t.Errorf("fetched again: %s", request)
		}
	}
	if by := mustResolve(t, s, host+"/team/app@"+img.Manifest, nil); by.ID != img.ID {
		t.Errorf("resolved: %+v", by)
	}
	onlyLock(t, s)
}

// TestPullImageOfList: the digest that the image is known by is the list's.
func TestPullImageOfList(t *testing.T) {
	l := newLayout(t)
	list := l.json(typeIndex, index{SchemaVersion: 2, MediaType: typeIndex, Manifests: []descriptor{
		l.image(document{Architecture: "mips", OS: "linux"}, pack(t, file("f", "theirs"))), l.image(document{}, pack(t, file("f", "ours"))),
	}})
	web := registryOf(t, list, l)
	s := newStore(t)
	img := mustPullImage(t, s, web, "", "")
	if img.Manifest != list.Digest || content(t, img, "f") != "ours" {
		t.Errorf("image is %+v", img)
	}
	if by := mustPullImage(t, s, web, ":latest@"+list.Digest, ""); by.ID != img.ID || by.Name != img.Name {
		t.Errorf("by digest: %+v", by)
	}
}

// TestPullImageThatLies: what the uncompressed layers are is known only when they are unpacked.
func TestPullImageThatLies(t *testing.T) {
	l := newLayout(t)
	top := l.image(document{}, pack(t, file("f", "x")))
	text, err := os.ReadFile(filepath.Join(l.dir, blobName(top.Digest)))
	if err != nil {
		t.Fatal(err)
	}
	var m manifest
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	m.Layers[0] = l.blob(typeLayer, pack(t, file("f", "y")))
	web := registryOf(t, l.json(typeManifest, m), l)
	s := newStore(t)
	_, err = s.PullImage(t.Context(), pullOf(t, web, ""), "", nil)
	if err == nil || strings.Contains(err.Error(), "\n") || hint.Of(err) == "" {
		t.Errorf("error is %v (hint %q)", err, hint.Of(err))
	}
	checkClean(t, s, 0)
	onlyLock(t, s)
}

func TestPullImageRefusesNames(t *testing.T) {
	web := registryOf(t, descriptor{})
	s := newStore(t)
	_, err := s.PullImage(t.Context(), pullOf(t, web, ""), "Not/A name", nil)
	if err == nil || hint.Of(err) == "" || len(web.requests()) != 0 {
		t.Errorf("error is %v (hint %q), requests %q", err, hint.Of(err), web.requests())
	}
}

// TestPullImageLosesLayer removes a stored layer between the moment when it is left out of the pull and
// the one when it is needed: it is fetched after all.
func TestPullImageLosesLayer(t *testing.T) {
	base := pack(t, file("base", "b"))
	first, second := newLayout(t), newLayout(t)
	first.index(first.image(document{}, base))
	top := second.image(document{}, base, pack(t, file("two", "2")))
	s := newStore(t)
	mustLoad(t, s, first, "a")
	web := registryOf(t, top, second)
	var removed error
	pull := pullOf(t, web, "")
	img, err := s.PullImage(t.Context(), pull, "", func(stage string, _, _ int64) {
		if stage == StageDownload && s.HasLayer(digestOfText(base)) && !slices.Contains(web.requests(), "/v2/team/app/blobs/"+digestOfText(base)) {
			removed = s.Remove(t.Context(), "a:latest")
		}
	})
	if err != nil || removed != nil || len(img.Layers) != 2 {
		t.Errorf("image is %+v (%v, %v)", img, err, removed)
	}
	if !slices.Contains(web.requests(), "/v2/team/app/blobs/"+digestOfText(base)) {
		t.Errorf("the layer was not fetched: %q", web.requests())
	}
}

// TestSweepDownloads: what was left long ago goes, what is younger or in use stays.
func TestSweepDownloads(t *testing.T) {
	s := newStore(t)
	if err := s.folders(); err != nil {
		t.Fatal(err)
	}
	long := time.Now().Add(-time.Hour)
	name := func(kind string) string { return filepath.Join(s.tmp(), kind) }
	for _, file := range []string{"download-old", "download-old.validator", "download-used", "download-used.validator", "blob-old-1", "blob-used-1", "other"} {
		write(t, []byte("x"), name(file))
		if err := os.Chtimes(name(file), long, long); err != nil {
			t.Fatal(err)
		}
	}
	write(t, []byte("x"), name("download-new"))
	for _, file := range []string{"download-used", "blob-used-1"} {
		held, err := lock(t.Context(), name(file), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer held.Close()
	}
	if err := s.SweepDownloads(time.Minute); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(s.tmp())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if want := []string{"blob-used-1", "download-new", "download-used", "download-used.validator", "other"}; !slices.Equal(names, want) {
		t.Errorf("left: %q, want %q", names, want)
	}
}

func pullOnSmallDisk(t *testing.T, dir string) {
	if err := unix.Mount("none", dir, "tmpfs", 0, "size=2m"); err != nil {
		trial.Lacks(t, "no tmpfs here: %v", err)
	}
	defer unix.Unmount(dir, unix.MNT_DETACH)
	l := newLayout(t)
	noise := make([]byte, 5<<20)
	for i := range noise {
		noise[i] = byte(i * i >> 7)
	}
	big := registryOf(t, l.image(document{}, pack(t, file("small", "x")), pack(t, file("big", string(noise)))), l)
	s := newStore(t)
	s.dir = filepath.Join(dir, "state")
	l2 := newLayout(t)
	small := registryOf(t, l2.image(document{}, pack(t, file("small", "x"))), l2)
	_, err := s.PullImage(t.Context(), pullOf(t, small, ""), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	fill := write(t, make([]byte, 1<<20), dir, "fill")
	bigger := newLayout(t)
	plain := pack(t, file("big", string(noise)))
	web := registryOf(t, bigger.image(document{}, plain), bigger)
	for _, from := range []*server{big, web} {
		_, err := s.PullImage(t.Context(), pullOf(t, from, ""), "", nil)
		if !errors.Is(err, unix.ENOSPC) || strings.Contains(err.Error(), "\n") || !strings.Contains(hint.Of(err), "make room") {
			t.Errorf("error is %v, hint %q", err, hint.Of(err))
		}
	}
	checkClean(t, s, 1)
	if err := os.Remove(fill); err != nil {
		t.Fatal(err)
	}
	mustPullImage(t, s, small, "", "again")
}
