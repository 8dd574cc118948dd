package registry

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pocket/runtime/internal/trial"
)

// fake is a registry that holds one repository, app, and misbehaves where a route says so.
type fake struct {
	*httptest.Server
	docs   map[string][]byte // by path below /v2/app/
	kinds  map[string]string // content types
	routes map[string]http.HandlerFunc

	mu   sync.Mutex
	seen []string // "path range authorization"
}

func digestOf(content []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(content)) }

// newFake has the image latest, of layers with these contents, for this host's platform.
func newFake(t *testing.T, layers ...string) *fake {
	t.Helper()
	f := &fake{docs: map[string][]byte{}, kinds: map[string]string{}, routes: map[string]http.HandlerFunc{}}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	f.put("latest", ociManifest, f.image(t, HostPlatform(), layers...))
	return f
}

func (f *fake) put(tag, kind string, text []byte) descriptor {
	for _, name := range []string{tag, digestOf(text)} {
		f.docs["manifests/"+name] = text
		f.kinds["manifests/"+name] = kind
	}
	return descriptor{MediaType: kind, Digest: digestOf(text), Size: int64(len(text))}
}

func (f *fake) blob(content []byte, kind string) descriptor {
	f.docs["blobs/"+digestOf(content)] = content
	return descriptor{MediaType: kind, Digest: digestOf(content), Size: int64(len(content))}
}

// image stores an image's blobs and returns its manifest. What the layers hold is no tar: a registry does
// not look into them, and neither does the code under test.
func (f *fake) image(t *testing.T, p Platform, layers ...string) []byte {
	t.Helper()
	m := document{SchemaVersion: 2, MediaType: ociManifest, Layers: []descriptor{}}
	var c config
	c.Platform = p
	for _, content := range layers {
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		if _, err := z.Write([]byte(content)); err != nil || z.Close() != nil {
			t.Fatal("cannot compress a layer")
		}
		m.Layers = append(m.Layers, f.blob(packed.Bytes(), "application/vnd.oci.image.layer.v1.tar+gzip"))
		c.RootFS.DiffIDs = append(c.RootFS.DiffIDs, digestOf([]byte(content)))
	}
	d := f.blob(marshal(t, c), ociConfig)
	m.Config = &d
	return marshal(t, m)
}

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/v2/app/")
	f.mu.Lock()
	f.seen = append(f.seen, strings.Join(strings.Fields(path+" "+r.Header.Get("Range")+" "+r.Header.Get("Authorization")), " "))
	route := f.routes[path]
	f.mu.Unlock()
	switch {
	case route != nil:
		route(w, r)
	case r.URL.Path == "/v2/":
	default:
		f.serve(w, r, path)
	}
}

func (f *fake) serve(w http.ResponseWriter, r *http.Request, path string) {
	text, ok := f.docs[path]
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}`)
		return
	}
	w.Header().Set("Content-Type", f.kinds[path])
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(text))
}

// largest is the path of the largest blob, which is a layer.
func (f *fake) largest() (path string) {
	for name, text := range f.docs {
		if strings.HasPrefix(name, "blobs/") && len(text) > len(f.docs[path]) {
			path = name
		}
	}
	return path
}

// requests are those for paths with that beginning.
func (f *fake) requests(prefix string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(f.seen), func(s string) bool { return !strings.HasPrefix(s, prefix) })
}

// noise does not compress, so that sizes are what they look like.
func noise(n int) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "%x", sha256.Sum256(fmt.Append(nil, i)))
	}
	return b.String()[:n]
}

// pull is a Pull of app that does not wait between attempts but notes how long it would have.
func (f *fake) pull(t *testing.T) (Pull, *[]time.Duration) {
	t.Helper()
	needCurl(t)
	pauses := &[]time.Duration{}
	ref, err := Parse(strings.TrimPrefix(f.URL, "http://")+"/app", "")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	return Pull{Reference: ref, Folder: t.TempDir(), Bytes: 1 << 30, idle: 20 * time.Second,
		sleep: func(ctx context.Context, d time.Duration) error {
			mu.Lock()
			defer mu.Unlock()
			*pauses = append(*pauses, d)
			return ctx.Err()
		}}, pauses
}

func needCurl(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		trial.Lacks(t, "curl is not installed: %v", err)
	}
}

// only leaves one program in $PATH.
func only(t *testing.T, program string) {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("%s is not installed", program)
	}
	dir := t.TempDir()
	if err := os.Symlink(path, filepath.Join(dir, program)); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
}

// fetched runs p and checks the layout: each blob has the digest that is its name.
func fetched(t *testing.T, p Pull, blobs int) *Layout {
	t.Helper()
	l, err := p.Fetch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(l.Dir, "blobs", "sha256", "*"))
	if err != nil || len(files) != blobs {
		t.Errorf("blobs are %q (%v), want %d", files, err, blobs)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil || digestOf(text) != "sha256:"+filepath.Base(file) {
			t.Errorf("%s has the digest %s (%v)", file, digestOf(text), err)
		}
	}
	return l
}

// left are the names of what is in the folder of a pull.
func left(t *testing.T, p Pull) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(p.Folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}
