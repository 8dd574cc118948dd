package image

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
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

	"pocket/runtime/hint"
	"pocket/runtime/resource"
)

// only leaves one of the clients in $PATH, "" for none.
func only(t *testing.T, program string) {
	t.Helper()
	dir := t.TempDir()
	if program != "" {
		path, err := exec.LookPath(program)
		if err != nil {
			t.Skipf("%s is not installed", program)
		}
		if err := os.Symlink(path, filepath.Join(dir, program)); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir)
	t.Setenv("no_proxy", "127.0.0.1")
}

// server is a web server on the loopback that notes what it was asked for.
type server struct {
	*httptest.Server
	mu   sync.Mutex
	seen []string
}

func serve(t *testing.T, routes map[string]http.HandlerFunc) *server {
	t.Helper()
	s := &server{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.seen = append(s.seen, strings.TrimSpace(r.URL.Path+" "+r.Header.Get("Range")))
		s.mu.Unlock()
		if route := routes[r.URL.Path]; route != nil {
			route(w, r)
			return
		}
		http.NotFound(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.seen)
}

// content serves bytes as file servers do, with ranges.
func serveContent(archive []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", fmt.Sprintf(`"%x"`, sha256.Sum256(archive)))
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(archive))
	}
}

// cut announces all of archive and breaks off after n bytes of what was asked for.
func cut(archive []byte, n int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var all httptest.ResponseRecorder
		all.Body = &bytes.Buffer{}
		serveContent(archive)(&all, r)
		for name, values := range all.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(all.Code)
		if _, err := w.Write(all.Body.Bytes()[:min(n, all.Body.Len())]); err != nil {
			return // the client has gone
		}
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
}

func redirect(to string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
}

func digestHex(content []byte) string { return fmt.Sprintf("%x", sha256.Sum256(content)) }

// noDownloads fails if something of a download is left.
func noDownloads(t *testing.T, s *Store) {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(s.tmp(), "download-*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left: %q (%v)", left, err)
	}
}

func TestPull(t *testing.T) {
	archive := zip(t, pack(t, file("f", "pulled")))
	routes := map[string]http.HandlerFunc{
		"/dl/root-1.0.tar.gz": serveContent(archive), "/moved": redirect("/hop"), "/hop": redirect("dl/root-1.0.tar.gz"),
		"/loop": redirect("/loop"), "/gone": redirect("ftp://example.org/x"),
		"/busy": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
		"/page": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, strings.Repeat("<html>", 200)) },
		"/cut.tar.gz": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(len(archive)))
			if _, err := w.Write(archive[:50]); err != nil {
				return // the client has gone
			}
		},
	}
	upper := strings.ToUpper(digestHex(archive))
	for _, program := range []string{"curl", "wget"} {
		for _, c := range []struct{ name, path, as, pin, want string }{
			{"file name", "/dl/root-1.0.tar.gz", "", "", "root-1.0.tar.gz"},
			{"name and pin", "/dl/root-1.0.tar.gz?token=x", "mine", "sha256:" + upper, "mine"},
			{"redirected", "/moved", "", "", "moved"},
			{"missing", "/nope.tar", "", "", "error: the server answers 404 Not Found"},
			{"unavailable", "/busy", "", "", "error: the server answers 503"},
			{"redirection loop", "/loop", "", "", "error: more than 10 redirections"},
			{"other protocol", "/gone", "", "", "error: not an http or https URL"},
			{"wrong pin", "/dl/root-1.0.tar.gz", "", strings.Repeat("0", 64), "error: its sha256 is " + digestHex(archive)},
			{"a page", "/page", "", "", "error: not a tar archive"},
			{"cut short", "/cut.tar.gz", "", "", fmt.Sprintf("error: of %d bytes", len(archive))},
		} {
			t.Run(program+" "+c.name, func(t *testing.T) {
				only(t, program)
				s, web := newStore(t), serve(t, routes)
				img, err := s.Pull(t.Context(), web.URL+c.path, c.as, c.pin, nil)
				if want, ok := strings.CutPrefix(c.want, "error: "); ok {
					if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
						t.Errorf("error is %q, want one with %q", err, want)
					}
					checkClean(t, s, 0)
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if img.Name != c.want || content(t, img, "f") != "pulled" || strings.Contains(img.Source, "token") {
					t.Errorf("image is %+v", img)
				}
				if by := mustResolve(t, s, strings.TrimSuffix(c.want, ".tar.gz"), nil); by.Dir != img.Dir {
					t.Errorf("by its name: %+v", by)
				}
				checkClean(t, s, 1)
				noDownloads(t, s)
			})
		}
	}
}

func TestPullRefuses(t *testing.T) {
	s := newStore(t)
	for _, c := range []struct{ url, name, pin, want string }{
		{"file:///etc/passwd", "", "", "not an http or https URL"},
		{"alpine", "", "", "not an http or https URL"},
		{"https:///x.tar", "", "", "not an http or https URL"},
		{"docker://alpine", "", "", "not an http or https URL"},
		{"https://example.org/a b.tar", "", "", "not allowed"},
		{"https://example.org/a\nurl=x.tar", "", "", "not allowed"},
		{"https://example.org/", "", "", "no file name"},
		{"https://example.org", "", "", "no file name"},
		{"https://example.org/host", "", "", "no file name"},
		{"https://example.org/a.tar", "a/b", "", "other characters"},
		{"https://example.org/a.tar", "-x", "", "other characters"},
		{"https://example.org/a.tar", "host", "", "the host's own"},
		{"https://example.org/a.tar", "", "abc", "not a sha256"},
		{"https://user:secret@example.org/a.tar", "", "abc", "https://example.org/a.tar"},
	} {
		_, err := s.Pull(t.Context(), c.url, c.name, c.pin, nil)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret") || hint.Of(err) == "" {
			t.Errorf("Pull(%q, %q, %q): %v (hint %q), want %q", c.url, c.name, c.pin, err, hint.Of(err), c.want)
		}
	}
}

func TestPullWithoutClient(t *testing.T) {
	only(t, "")
	s := newStore(t)
	_, err := s.Pull(t.Context(), "http://127.0.0.1:1/a.tar", "", "", nil)
	if err == nil || !strings.Contains(err.Error(), "neither curl nor wget") || !strings.Contains(hint.Of(err), "install curl") {
		t.Errorf("error is %v, hint %q", err, hint.Of(err))
	}
}

func TestPullUnreachable(t *testing.T) {
	only(t, "curl")
	web := serve(t, nil)
	web.Close()
	_, err := newStore(t).Pull(t.Context(), web.URL+"/a.tar", "", "", nil)
	if err == nil || hint.Of(err) == "" || strings.Contains(err.Error(), "exit status") {
		t.Errorf("error is %v, hint %q", err, hint.Of(err))
	}
}

func TestPullPinnedIsNotFetchedAgain(t *testing.T) {
	only(t, "curl")
	archive := pack(t, file("f", "x"))
	s, web := newStore(t), serve(t, map[string]http.HandlerFunc{"/a.tar": serveContent(archive)})
	for _, name := range []string{"a", "b"} {
		if _, err := s.Pull(t.Context(), web.URL+"/a.tar", name, digestHex(archive), nil); err != nil {
			t.Fatal(err)
		}
	}
	if got := web.requests(); len(got) != 1 {
		t.Errorf("requests: %q", got)
	}
	if list, err := s.List(); err != nil || len(list) != 2 {
		t.Errorf("images: %v (%v)", list, err)
	}
}

// TestPullResumes breaks each transfer off; the next goes on where it ended.
func TestPullResumes(t *testing.T) {
	only(t, "curl")
	archive := pack(t, file("f", strings.Repeat("0123456789", 1000)))
	s := newStore(t)
	web := serve(t, map[string]http.HandlerFunc{"/a.tar": cut(archive, 2000)})
	url := web.URL + "/a.tar"
	_, err := s.Pull(t.Context(), url, "", "", nil)
	if err == nil || !strings.Contains(err.Error(), "after 6000 of") || !strings.Contains(hint.Of(err), "6000 bytes") {
		t.Fatalf("error is %v, hint %q", err, hint.Of(err))
	}
	want := []string{"/a.tar", "/a.tar bytes=2000-", "/a.tar bytes=4000-"}
	if got := web.requests(); !slices.Equal(got, want) {
		t.Fatalf("requests are %q, want %q", got, want)
	}
	img, err := s.Pull(t.Context(), url, "", digestHex(archive), nil)
	if err != nil {
		t.Fatal(err)
	}
	if content(t, img, "f") != strings.Repeat("0123456789", 1000) {
		t.Error("the content is wrong")
	}
	noDownloads(t, s)
}

// TestPullOfChangedFile: a part of the old file must not become a part of the new one.
func TestPullOfChangedFile(t *testing.T) {
	only(t, "curl")
	s := newStore(t)
	one, two := pack(t, file("f", strings.Repeat("1", 9000))), pack(t, file("f", strings.Repeat("2", 9000)))
	changed := false
	web := serve(t, map[string]http.HandlerFunc{"/a.tar": func(w http.ResponseWriter, r *http.Request) {
		if changed {
			serveContent(two)(w, r)
			return
		}
		changed = true
		cut(one, 3000)(w, r)
	}})
	img, err := s.Pull(t.Context(), web.URL+"/a.tar", "", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if content(t, img, "f") != strings.Repeat("2", 9000) {
		t.Error("the content is wrong")
	}
}

// TestPullCompletePart: the process was killed when all had arrived, or more than there is.
func TestPullCompletePart(t *testing.T) {
	archive := pack(t, file("f", "x"))
	for name, c := range map[string]struct {
		part []byte
		want []string
	}{
		"complete": {archive, []string{fmt.Sprintf("/a.tar bytes=%d-", len(archive))}},
		"too long": {append(bytes.Clone(archive), "more"...), []string{fmt.Sprintf("/a.tar bytes=%d-", len(archive)+4), "/a.tar"}},
	} {
		t.Run(name, func(t *testing.T) {
			only(t, "curl")
			s, web := newStore(t), serve(t, map[string]http.HandlerFunc{"/a.tar": serveContent(archive)})
			if err := s.folders(); err != nil {
				t.Fatal(err)
			}
			d, err := openDownload(t.Context(), s.tmp(), web.URL+"/a.tar", nil)
			if err == nil {
				err = d.restart(fmt.Sprintf(`"%x"`, sha256.Sum256(archive)))
			}
			if err != nil {
				t.Fatal(err)
			}
			write(t, c.part, d.part.Name())
			d.part.Close()
			if _, err := s.Pull(t.Context(), web.URL+"/a.tar", "", "", nil); err != nil {
				t.Fatal(err)
			}
			if got := web.requests(); !slices.Equal(got, c.want) {
				t.Errorf("requests are %q, want %q", got, c.want)
			}
		})
	}
}

func TestPullTooLarge(t *testing.T) {
	only(t, "curl")
	archive := pack(t, file("f", strings.Repeat("x", 200<<10)))
	web := serve(t, map[string]http.HandlerFunc{"/said": serveContent(archive), "/unsaid": func(w http.ResponseWriter, _ *http.Request) {
		w.(http.Flusher).Flush() // without a length
		if _, err := w.Write(archive); err != nil {
			return // the client has gone
		}
	}})
	for _, path := range []string{"/said", "/unsaid"} {
		s := newStore(t)
		s.Limits.Bytes = 100 * resource.KiB
		if _, err := s.Pull(t.Context(), web.URL+path, "", "", nil); err == nil || !strings.Contains(err.Error(), "the file is larger than") {
			t.Errorf("%s: error is %v", path, err)
		}
	}
}

func TestPullCancelled(t *testing.T) {
	only(t, "curl")
	archive := pack(t, file("f", strings.Repeat("x", 2<<20)))
	release := make(chan struct{})
	web := serve(t, map[string]http.HandlerFunc{"/a.tar": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(archive)))
		if _, err := w.Write(archive[:1<<20]); err == nil {
			w.(http.Flusher).Flush()
		}
		<-release
	}})
	defer close(release)
	ctx, cancel := context.WithCancel(t.Context())
	s := newStore(t)
	_, err := s.Pull(ctx, web.URL+"/a.tar", "", "", func(stage string, _, _ int64) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
	checkClean(t, s, 0)
}

// TestRedirectionOutOfTLS has a client that answers what a server with TLS could.
func TestRedirectionOutOfTLS(t *testing.T) {
	dir := t.TempDir()
	script := "#!/bin/sh\nprintf 'HTTP/1.1 302 Found\\r\\nLocation: http://example.org/x\\r\\n\\r\\n'\n"
	if err := os.WriteFile(filepath.Join(dir, "curl"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	_, err := newStore(t).Pull(t.Context(), "https://example.org/a.tar", "", "", nil)
	if err == nil || !strings.Contains(err.Error(), "from https to") {
		t.Errorf("error is %v", err)
	}
}
