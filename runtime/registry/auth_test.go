package registry

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"pocket/runtime/hint"
)

// guard lets only requests with that Authorization field through.
func (f *fake) guard(t *testing.T, want, challenge string) {
	t.Helper()
	for path := range f.docs {
		f.routes[path] = func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != want {
				w.Header().Set("WWW-Authenticate", challenge)
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			f.serve(w, r, path)
		}
	}
}

func (f *fake) loginFile(t *testing.T, entry string) []string {
	t.Helper()
	text := fmt.Sprintf(`{"auths":{%q:%s}}`, strings.TrimPrefix(f.URL, "http://"), entry)
	return []string{writeFile(t, "config.json", text, 0o600)}
}

func TestTokens(t *testing.T) {
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, strings.TrimSpace(r.Method+" "+r.FormValue("service")+" "+r.FormValue("scope")+" "+
			r.FormValue("refresh_token")+" "+r.Header.Get("Authorization")))
		fmt.Fprint(w, `{"token":"good"}`)
	}))
	defer server.Close()
	basic := login{user: "u", password: "p"}.basic()
	for _, program := range []string{"curl", "wget"} {
		for entry, want := range map[string]string{
			`{}`:                            "GET s p repository:app:pull",
			`{"auth":"` + b64("u:p") + `"}`: "GET s p repository:app:pull  " + basic,
			`{"identitytoken":"r&=r"}`:      "POST s p repository:app:pull r&=r",
		} {
			t.Run(program, func(t *testing.T) {
				asked = nil
				f := newFake(t, "one")
				f.guard(t, "Bearer good", `Bearer realm="`+server.URL+`/token?x=y",service="s p"`)
				p, _ := f.pull(t)
				only(t, program)
				p.Logins = f.loginFile(t, entry)
				fetched(t, p, 3)
				if len(asked) != 1 || asked[0] != want {
					t.Errorf("the token server was asked %q, want %q", asked, want)
				}
			})
		}
	}
}

// TestTokenExpires: the second token is asked for when the first is not taken any more.
func TestTokenExpires(t *testing.T) {
	n := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n++
		fmt.Fprintf(w, `{"token":"t%d"}`, n)
	}))
	defer server.Close()
	f := newFake(t, "one")
	challenge := `Bearer realm="` + server.URL + `",scope="repository:app:pull"`
	f.guard(t, "Bearer t2", challenge)
	manifest := "manifests/latest"
	f.routes[manifest] = func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer t1" {
			w.Header().Set("WWW-Authenticate", challenge)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		f.serve(w, r, manifest)
	}
	p, _ := f.pull(t)
	fetched(t, p, 3)
	if n != 2 {
		t.Errorf("%d tokens", n)
	}
}

func TestBasic(t *testing.T) {
	f := newFake(t, "one")
	f.guard(t, login{user: "u", password: "p"}.basic(), `Basic realm="x"`)
	p, _ := f.pull(t)
	for entry, want := range map[string]string{
		`{"auth":"` + b64("u:p") + `"}`:     "",
		`{"auth":"` + b64("u:wrong") + `"}`: "401 Unauthorized",
		`{}`:                                "wants a login",
	} {
		p.Logins = f.loginFile(t, entry)
		before := len(f.requests("manifests/"))
		_, err := p.Fetch(t.Context())
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(hint.Of(err), "docker login")) {
			t.Errorf("%s: %v, want %q", entry, err, want)
		}
		if n := len(f.requests("manifests/")) - before; n > 3 {
			t.Errorf("%s: %d requests", entry, n)
		}
	}
}

func TestBadChallenges(t *testing.T) {
	down := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/denied":
			w.WriteHeader(http.StatusForbidden)
		case "/inject":
			fmt.Fprint(w, `{"token":"a\r\nX: y"}`)
		case "/stale":
			fmt.Fprint(w, `{"token":"bad"}`)
		}
	}))
	defer down.Close()
	for challenge, want := range map[string]string{
		`Bearer realm="` + down.URL + `/denied"`: "get a token from " + down.URL + "/denied: the server answers 403",
		`Bearer realm="` + down.URL + `/inject"`: "not allowed",
		`Bearer realm="` + down.URL + `/stale"`:  "401 Unauthorized",
		`Bearer realm="` + down.URL + `/empty"`:  "not the JSON",
		`Bearer realm="file:///etc/passwd"`:      "not an http or https URL",
		`Bearer service="x"`:                     "not an http or https URL",
		`Negotiate`:                              "unknown kind",
		``:                                       "unknown kind",
	} {
		f := newFake(t, "one")
		f.guard(t, "Bearer good", challenge)
		p, _ := f.pull(t)
		_, err := p.Fetch(t.Context())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", challenge, err, want)
		}
		if n := len(f.requests("manifests/")); n > 3 {
			t.Errorf("%s: %d requests", challenge, n)
		}
	}
}

// TestRedirectionDropsToken: blobs often lie with somebody else, who must not see the token.
func TestRedirectionDropsToken(t *testing.T) {
	f := newFake(t, "one")
	path := f.largest()
	var got []string
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.URL.String()+" "+r.Header.Get("Authorization"))
		f.serve(w, r, path)
	}))
	defer elsewhere.Close()
	f.guard(t, login{user: "u", password: "p"}.basic(), `Basic realm="x"`)
	guarded := f.routes[path]
	f.routes[path] = func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("Authorization") == "":
			guarded(w, r)
		case r.URL.RawQuery == "":
			http.Redirect(w, r, r.URL.Path+"?again", http.StatusTemporaryRedirect)
		default:
			http.Redirect(w, r, elsewhere.URL+"/x?signed=1", http.StatusTemporaryRedirect)
		}
	}
	p, _ := f.pull(t)
	p.Logins = f.loginFile(t, `{"auth":"`+b64("u:p")+`"}`)
	fetched(t, p, 3)
	if len(got) != 1 || got[0] != "/x?signed=1 " {
		t.Errorf("the other server saw %q", got)
	}
}

func TestUnreachable(t *testing.T) {
	f := newFake(t, "one")
	f.Close()
	p, _ := f.pull(t)
	_, err := p.Fetch(t.Context())
	if err == nil || hint.Of(err) == "" || strings.Contains(err.Error(), "exit status") {
		t.Errorf("error is %v, hint %q", err, hint.Of(err))
	}
}

// TestTLS: a registry on this host may have any certificate.
func TestTLS(t *testing.T) {
	f := newFake(t, "one")
	secure := httptest.NewTLSServer(f)
	defer secure.Close()
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	f.URL = strings.Replace(secure.URL, "https", "http", 1)
	for _, program := range []string{"curl", "wget"} {
		t.Run(program, func(t *testing.T) {
			p, _ := f.pull(t)
			only(t, program)
			fetched(t, p, 3)
		})
	}
}
