package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pocket/runtime/hint"
)

func TestFetch(t *testing.T) {
	for _, program := range []string{"curl", "wget"} {
		t.Run(program, func(t *testing.T) {
			f := newFake(t, "one", noise(700<<10), "one")
			p, _ := f.pull(t)
			only(t, program)
			var done, total int64
			p.Progress = func(d, n int64) { done, total = d, n }
			l := fetched(t, p, 4) // two different layers, config, manifest
			if done != total || total < 300<<10 {
				t.Errorf("progress ended with %d of %d", done, total)
			}
			if l.Digest != digestOf(f.docs["manifests/latest"]) {
				t.Errorf("digest is %s", l.Digest)
			}
			if err := l.Close(); err != nil || len(left(t, p)) != 0 {
				t.Errorf("left: %q (%v)", left(t, p), err)
			}
		})
	}
}

func TestFetchSkipsLayersThatAreThere(t *testing.T) {
	f := newFake(t, "one", "two", "three")
	p, _ := f.pull(t)
	p.Have = func(diffID string) bool { return diffID != digestOf([]byte("two")) }
	l := fetched(t, p, 3)
	if got := f.requests("blobs/"); len(got) != 2 {
		t.Errorf("requests are %q", got)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

func TestFetchByDigestAndPlatform(t *testing.T) {
	f := newFake(t, "one")
	other := Platform{OS: "linux", Architecture: "riscv64"}
	inner := f.put("inner", ociManifest, f.image(t, other, "for the other"))
	inner.Platform = &other
	nested := f.put("nested", ociIndex, marshal(t, document{SchemaVersion: 2, MediaType: ociIndex, Manifests: []descriptor{inner}}))
	top := f.put("top", dockerList, marshal(t, document{SchemaVersion: 2, MediaType: dockerList, Manifests: []descriptor{nested}}))
	p, _ := f.pull(t)
	p.Reference.Tag, p.Reference.Digest, p.Platform = "", top.Digest, other
	l := fetched(t, p, 3)
	if l.Digest != top.Digest {
		t.Errorf("digest is %s, want %s", l.Digest, top.Digest)
	}
	index, err := os.ReadFile(filepath.Join(l.Dir, "index.json"))
	if err != nil || !strings.Contains(string(index), inner.Digest) {
		t.Errorf("index is %s (%v)", index, err)
	}
}

// TestMisbehaving has a registry do one wrong thing at a time: the error says what, in one line, and
// nothing is left but what a later pull can go on with.
func TestMisbehaving(t *testing.T) {
	answer := func(status int, text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(len(text)))
			w.WriteHeader(status)
			fmt.Fprint(w, text)
		}
	}
	manifest := func(route http.HandlerFunc) func(*testing.T, *fake) {
		return func(_ *testing.T, f *fake) { f.routes["manifests/latest"] = route }
	}
	layer := func(route func(content []byte) http.HandlerFunc) func(*testing.T, *fake) {
		return func(_ *testing.T, f *fake) { f.routes[f.largest()] = route(f.docs[f.largest()]) }
	}
	edit := func(from, to string) func(*testing.T, *fake) {
		return func(_ *testing.T, f *fake) {
			f.put("latest", ociManifest, []byte(strings.Replace(string(f.docs["manifests/latest"]), from, to, 1)))
		}
	}
	endless := func([]byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.(http.Flusher).Flush() // no length
			for block := make([]byte, 64<<10); ; {
				if _, err := w.Write(block); err != nil {
					return
				}
			}
		}
	}
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	hang := func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}
	for _, c := range []struct {
		name, want string
		set        func(*testing.T, *fake)
	}{
		{"no such tag", "404 Not Found: manifest unknown", manifest(answer(404, `{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}`))},
		{"denied", "403 Forbidden: deni?ed", manifest(answer(403, `{"errors":[{"message":"deni\u001bed"}]}`))},
		{"always busy", "503 Service Unavailable", manifest(answer(503, ""))},
		{"a page", "not the JSON", manifest(answer(200, "<html>"))},
		{"huge manifest", "at most 4194304 are allowed", manifest(answer(200, strings.Repeat(" ", 5<<20)))},
		{"endless manifest", "longer than the 4194304 bytes", manifest(endless(nil))},
		{"silent", "", manifest(hang)},
		{"redirection loop", "more than 10 redirections", manifest(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/v2/app/manifests/latest", http.StatusFound)
		})},
		{"schema 1", "schema 1", manifest(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", schema1+"prettyjws")
			fmt.Fprint(w, `{"schemaVersion":1}`)
		})},
		{"lies about the manifest's digest", "the registry says " + someDigest, manifest(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Docker-Content-Digest", someDigest)
			fmt.Fprint(w, `{"schemaVersion":2}`)
		})},
		{"other layer", "another digest", layer(func(text []byte) http.HandlerFunc {
			return answer(200, strings.Repeat("x", len(text)))
		})},
		{"longer layer", "the manifest says", layer(func(text []byte) http.HandlerFunc { return answer(200, string(text)+"x") })},
		{"shorter layer", "the manifest says", layer(func(text []byte) http.HandlerFunc { return answer(200, string(text[1:])) })},
		{"layer that ends early", "ended after 4000 of", layer(func(text []byte) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) {
				w.(http.Flusher).Flush() // no length
				w.Write(text[:4000])
			}
		})},
		{"endless layer", "sends more than", layer(endless)},
		{"silent layer", "", layer(func([]byte) http.HandlerFunc { return hang })},
		{"missing layer", "404 Not Found", layer(func([]byte) http.HandlerFunc { return answer(404, "") })},
		{"two sizes", "two sizes", func(t *testing.T, f *fake) {
			f.put("latest", ociManifest, f.image(t, HostPlatform(), "one", "one"))
			edit(`"size":27`, `"size":28`)(t, f)
			if !strings.Contains(string(f.docs["manifests/latest"]), `"size":28`) {
				t.Fatal("the layers have another size")
			}
		}},
		{"negative size", "-5 bytes", edit(`"size":`, `"size":-5,"x":`)},
		{"bad digest", "not a digest", edit(`"digest":"sha256:`, `"digest":"sha256:../../`)},
		{"too large", "at most 1073741824 are allowed", edit(`"layers":[{`, `"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"`+someDigest+`","size":99999999999},{`)},
		{"layers not in the config", "3 layers, its manifest", edit(`"layers":[{`, `"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"`+someDigest+`"},{`)},
		{"other platform", `the image is for "linux/mips", not for linux/`, func(t *testing.T, f *fake) {
			f.put("latest", ociManifest, f.image(t, Platform{OS: "linux", Architecture: "mips"}, "one"))
		}},
		{"list without ours", "only for linux/mips", func(t *testing.T, f *fake) {
			mips := Platform{OS: "linux", Architecture: "mips"}
			d := f.put("x", ociManifest, f.image(t, mips, "one"))
			d.Platform = &mips
			f.put("latest", ociIndex, marshal(t, document{SchemaVersion: 2, Manifests: []descriptor{d}}))
		}},
		{"lists in lists", "nested more than 4 deep", func(t *testing.T, f *fake) {
			d := f.put("x", ociManifest, f.image(t, HostPlatform(), "one"))
			for i := range 6 {
				d = f.put(fmt.Sprint("nest", i), ociIndex, marshal(t, document{SchemaVersion: 2, Manifests: []descriptor{d}}))
			}
			f.put("latest", ociIndex, f.docs["manifests/nest5"])
		}},
		{"list lies about size", "the list of images says", func(t *testing.T, f *fake) {
			d := f.put("x", ociManifest, f.image(t, HostPlatform(), "one"))
			d.Size++
			f.put("latest", ociIndex, marshal(t, document{SchemaVersion: 2, Manifests: []descriptor{d}}))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t, "one", "two", noise(9000))
			c.set(t, f)
			p, _ := f.pull(t)
			if strings.HasPrefix(c.name, "silent") {
				p.idle = time.Second
			}
			_, err := p.Fetch(t.Context())
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.ContainsAny(err.Error(), "\n\x1b") || hint.Of(err) == "" {
				t.Errorf("error is %q (hint %q), want one with %q", err, hint.Of(err), c.want)
			}
			for _, name := range left(t, p) {
				if !strings.HasPrefix(name, partPrefix) {
					t.Errorf("left: %s", name)
				}
			}
		})
	}
}

// TestManifestOfOtherDigest: a reference by digest proves what comes.
func TestManifestOfOtherDigest(t *testing.T) {
	f := newFake(t, "one")
	f.docs["manifests/"+someDigest] = f.docs["manifests/latest"]
	p, _ := f.pull(t)
	p.Reference.Digest = someDigest
	_, err := p.Fetch(t.Context())
	if err == nil || !strings.Contains(err.Error(), "sent one with the digest "+digestOf(f.docs["manifests/latest"])) {
		t.Errorf("error is %v", err)
	}
}

// TestRetries: a registry that is busy at first is asked again, no sooner than it wants.
func TestRetries(t *testing.T) {
	f := newFake(t, "one")
	times := 0
	f.routes["manifests/latest"] = func(w http.ResponseWriter, r *http.Request) {
		switch times++; times {
		case 1:
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusTooManyRequests)
		case 2:
			w.WriteHeader(http.StatusBadGateway)
		case 3:
			panic(http.ErrAbortHandler)
		default:
			f.serve(w, r, "manifests/latest")
		}
	}
	p, pauses := f.pull(t)
	fetched(t, p, 3)
	if got := fmt.Sprint(*pauses); got != "[7s 1s 2s]" {
		t.Errorf("pauses are %s", got)
	}
	f.routes["manifests/latest"] = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusTooManyRequests)
	}
	_, err := p.Fetch(t.Context())
	if err == nil || !strings.Contains(err.Error(), "come back in 1h0m0s") {
		t.Errorf("error is %v", err)
	}
}

// TestResumes breaks each transfer off: within a pull and in the next one it goes on where it ended.
func TestResumes(t *testing.T) {
	content := noise(40000)
	f := newFake(t, content)
	path := f.largest()
	text := f.docs[path]
	var pieces atomic.Int32
	f.routes[path] = func(w http.ResponseWriter, r *http.Request) {
		start := 0
		fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &start)
		w.Header().Set("Content-Length", fmt.Sprint(len(text)-start))
		if start > 0 {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", start, len(text)-1, len(text)))
			w.WriteHeader(http.StatusPartialContent)
		}
		n := pieces.Add(1)
		if n <= 3 {
			w.Write(text[start : start+1000])
			w.(http.Flusher).Flush()
		}
		if n < 20 {
			panic(http.ErrAbortHandler)
		}
		w.Write(text[start:])
	}
	p, _ := f.pull(t)
	_, err := p.Fetch(t.Context())
	if err == nil || !strings.Contains(hint.Of(err), "3000 bytes") {
		t.Fatalf("error is %v, hint %q", err, hint.Of(err))
	}
	if names := left(t, p); len(names) != 2 {
		t.Errorf("left: %q", names)
	}
	pieces.Store(20)
	l := fetched(t, p, 3)
	got := f.requests(path)
	if last := got[len(got)-1]; last != path+" bytes=3000-" {
		t.Errorf("the last request is %q", last)
	}
	if err := l.Close(); err != nil || len(left(t, p)) != 0 {
		t.Errorf("left: %q (%v)", left(t, p), err)
	}
}

// TestWrongPart: what an earlier pull left may be wrong, too long for the server, or refused by it.
func TestWrongPart(t *testing.T) {
	for name, part := range map[string]string{"wrong": "xxxxx", "whole but wrong": "x", "too long": "y"} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, "one", noise(3000))
			text := f.docs[f.largest()]
			p, _ := f.pull(t)
			switch part {
			case "x":
				part = strings.Repeat("x", len(text))
			case "y":
				part = strings.Repeat("x", len(text)+5)
			}
			want := descriptor{Digest: digestOf(text), Size: int64(len(text))}
			if err := os.WriteFile(partPath(p.Folder, want), []byte(part), 0o600); err != nil {
				t.Fatal(err)
			}
			var done, total int64
			p.Progress = func(d, n int64) { done, total = d, n }
			fetched(t, p, 4)
			if done != total {
				t.Errorf("progress ended with %d of %d", done, total)
			}
		})
	}
}

// TestCancelled interrupts a pull: the parts stay, and a sweep takes them when they are old and unused.
func TestCancelled(t *testing.T) {
	f := newFake(t, "one", noise(3<<20))
	p, _ := f.pull(t)
	ctx, cancel := context.WithCancel(t.Context())
	p.Progress = func(int64, int64) { cancel() }
	if _, err := p.Fetch(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
	names := left(t, p)
	if len(names) == 0 {
		t.Error("nothing is left to go on with")
	}
	for _, name := range names {
		if !strings.HasPrefix(name, partPrefix) {
			t.Errorf("left: %s", name)
		}
	}
	if err := Sweep(p.Folder, time.Hour); err != nil || len(left(t, p)) != len(names) {
		t.Errorf("a sweep of old parts left %q of %q (%v)", left(t, p), names, err)
	}
	held, err := os.Open(filepath.Join(p.Folder, names[0]))
	if err != nil || !tryLock(held) {
		t.Fatal(err, "cannot lock")
	}
	if err := Sweep(p.Folder, 0); err != nil || len(left(t, p)) != 1 {
		t.Errorf("a sweep left %q, want what is locked (%v)", left(t, p), err)
	}
	held.Close()
	if err := Sweep(p.Folder, 0); err != nil || len(left(t, p)) != 0 {
		t.Errorf("a sweep left %q (%v)", left(t, p), err)
	}
}

// TestTwoAtOnce: pulls of one image into one folder share what arrives.
func TestTwoAtOnce(t *testing.T) {
	f := newFake(t, "one", "two", noise(500<<10))
	p, _ := f.pull(t)
	results := make(chan error, 2)
	var layouts [2]*Layout
	for i := range layouts {
		go func() {
			l, err := p.Fetch(t.Context())
			layouts[i] = l
			results <- err
		}()
	}
	for range layouts {
		if err := <-results; err != nil {
			t.Fatal(err)
		}
	}
	if got := f.requests("blobs/"); len(got) != 4 {
		t.Errorf("requests are %q", got)
	}
	for _, l := range layouts {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
	if names := left(t, p); len(names) != 0 {
		t.Errorf("left: %q", names)
	}
}
