package transfer

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestCommandsHideSecrets: arguments can be read by everyone on the host.
func TestCommandsHideSecrets(t *testing.T) {
	r := Request{URL: `https://user:secret@h/x?token="a\b`, Header: []string{"Authorization: Bearer secret"}, Form: "pw=secret",
		Start: 5, Validator: `"tag"`}
	for _, command := range []func(Request, time.Duration) invocation{curl, wget} {
		call := command(r, Idle)
		if text := strings.Join(call.args, " "); strings.Contains(text, "secret") || strings.Contains(text, "token") {
			t.Errorf("arguments are %q", call.args)
		}
		if n := strings.Count(call.input+call.file, "secret"); n != 3 {
			t.Errorf("%d secrets in %q and %q", n, call.input, call.file)
		}
	}
	config := curl(r, Idle).input
	for _, want := range []string{`token=\"a\\b"`, `proto = "=https"`, `header = "Range: bytes=5-"`, `header = "If-Range: \"tag\""`} {
		if !strings.Contains(config, want) {
			t.Errorf("configuration lacks %q:\n%s", want, config)
		}
	}
}

// with leaves one program in $PATH.
func with(t *testing.T, program string) Client {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		if os.Getenv("POCKET_TEST_REQUIRE") != "" && program == "curl" {
			t.Fatal(err)
		}
		t.Skipf("%s is not installed", program)
	}
	dir := t.TempDir()
	if err := os.Symlink(path, filepath.Join(dir, program)); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	c, err := Find()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestAsk has a server that answers with what it was asked; a proxy must not come in between.
func TestAsk(t *testing.T) {
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("WWW-Authenticate", "Bearer x")
		switch r.URL.Path {
		case "/401":
			w.WriteHeader(http.StatusUnauthorized)
		case "/307":
			w.Header().Set("Location", "/there")
			w.WriteHeader(http.StatusTemporaryRedirect)
		default:
			fmt.Fprintf(w, "%s %q %q %q", r.Method, r.Header.Get("Authorization"), r.Header.Get("Accept"), r.FormValue("pw"))
		}
	}))
	defer web.Close()
	fields := []string{`Authorization: Basic a"b\c==`, "Accept: text/x, text/y"}
	for _, program := range []string{"curl", "wget"} {
		for _, c := range []struct {
			name   string
			r      Request
			status int
			body   string
		}{
			{"plain", Request{URL: web.URL + "/x", Header: []string{"Accept: a"}, Whole: true}, 200, `GET "" "a" ""`},
			{"fields", Request{URL: web.URL + "/x", Header: fields}, 200, `GET "Basic a\"b\\c==" "text/x, text/y" ""`},
			{"form", Request{URL: web.URL + "/x", Header: fields[1:], Form: "pw=a%26b"}, 200, `POST "" "text/x, text/y" "a&b"`},
			{"refused", Request{URL: web.URL + "/401"}, 401, ""},
			{"moved", Request{URL: web.URL + "/307", Header: fields}, 307, ""},
		} {
			t.Run(program+" "+c.name, func(t *testing.T) {
				client := with(t, program)
				t.Setenv("http_proxy", "http://127.0.0.1:1")
				a, err := client.Ask(t.Context(), c.r)
				if err != nil {
					t.Fatal(err)
				}
				defer a.Close()
				body, _ := a.Body.ReadString(0)
				if a.Status != c.status || body != c.body || a.Challenges[0] != "Bearer x" {
					t.Errorf("answer %d %q %q", a.Status, body, a.Challenges)
				}
			})
		}
	}
}

// TestAskSilent has a server that says nothing at all.
func TestAskSilent(t *testing.T) {
	release := make(chan struct{})
	web := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer web.Close()
	defer close(release)
	client := with(t, "curl")
	client.Idle = time.Second
	_, err := client.Ask(t.Context(), Request{URL: web.URL})
	if ReasonOf(err) != Silent {
		t.Errorf("error is %v", err)
	}
}
