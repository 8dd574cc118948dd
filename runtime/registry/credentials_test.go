package registry

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func b64(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

func writeFile(t *testing.T, name, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFindLogin(t *testing.T) {
	helpers := t.TempDir()
	for name, script := range map[string]string{
		"docker-credential-good":   `#!/bin/sh` + "\n" + `read -r host; echo "{\"ServerURL\":\"$host\",\"Username\":\"$host\",\"Secret\":\"pw\"}"` + "\n",
		"docker-credential-token":  "#!/bin/sh\necho '{\"Username\":\"<token>\",\"Secret\":\"r\"}'\n",
		"docker-credential-none":   "#!/bin/sh\necho credentials not found in native keychain; exit 1\n",
		"docker-credential-broken": "#!/bin/sh\nexit 3\n",
	} {
		if err := os.WriteFile(filepath.Join(helpers, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", helpers+":"+os.Getenv("PATH"))
	for _, c := range []struct{ file, ref, want string }{
		{`{"auths":{"h.example":{"auth":"` + b64("u:p:q") + `"}}}`, "h.example/a", "u p:q "},
		{`{"auths":{"https://h.example/v2/":{"auth":"` + b64("u:p") + `"}}}`, "h.example/a", "u p "},
		{`{"auths":{"h.example":{"auth":"` + b64("u:p") + `"},"h.example/a":{"auth":"` + b64("v:q") + `"}}}`, "h.example/a/b", "v q "},
		{`{"auths":{"h.example":{"auth":"` + b64("u:p") + `"}}}`, "h.example:5000/a", "none"},
		{`{"auths":{"h.example":{"auth":"` + b64("u:p") + `"}}}`, "h.example.org/a", "none"},
		{`{"auths":{"h.example":{"identitytoken":"r","auth":"` + b64("u:") + `"}}}`, "h.example/a", "  r"},
		{`{"auths":{"https://` + hubLogin + `/v1/":{"auth":"` + b64("u:p") + `"}}}`, Hub + "/a", "u p "},
		{`{"auths":{"h.example":{}},"credHelpers":{"h.example":"good"}}`, "h.example/a", "h.example pw "},
		{`{"credsStore":"good"}`, Hub + "/a", "https://" + hubLogin + "/v1/ pw "},
		{`{"credsStore":"token"}`, "h.example/a", "  r"},
		{`{"credsStore":"none"}`, "h.example/a", "none"},
		{`{"credsStore":"broken"}`, "h.example/a", "error: docker-credential-broken"},
		{`{"credsStore":"missing"}`, "h.example/a", "error: docker-credential-missing"},
		{`{"credsStore":"../x"}`, "h.example/a", "error: not the name of a credential helper"},
		{`{"auths":{"h.example":{"auth":"!"}}}`, "h.example/a", "error: not base64"},
		{`{"auths":{"h.example":{"auth":"` + b64("u") + `"}}}`, "h.example/a", "error: no password"},
		{`{`, "h.example/a", "error: read the logins in"},
		{`{}`, "h.example/a", "none"},
	} {
		ref, err := Parse(c.ref, "")
		if err != nil {
			t.Fatal(err)
		}
		l, found, err := findLogin(t.Context(), []string{"/nonexistent", writeFile(t, "config.json", c.file, 0o600)}, ref)
		got := l.user + " " + l.password + " " + l.refresh
		if !found {
			got = "none"
		}
		if want, ok := strings.CutPrefix(c.want, "error: "); ok {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s for %s: %v, want %q", c.file, c.ref, err, want)
			}
		} else if err != nil || got != c.want {
			t.Errorf("%s for %s: %q, %v, want %q", c.file, c.ref, got, err, c.want)
		}
	}
}

func TestLoginFiles(t *testing.T) {
	env := map[string]string{"HOME": "/h", "XDG_RUNTIME_DIR": "/r"}
	files := func() []string { return LoginFiles(func(name string) string { return env[name] }) }
	if got := files(); !slices.Equal(got, []string{"/r/containers/auth.json", "/h/.docker/config.json"}) {
		t.Errorf("files are %q", got)
	}
	env["DOCKER_CONFIG"] = "/d"
	if got := files(); !slices.Equal(got, []string{"/r/containers/auth.json", "/d/config.json"}) {
		t.Errorf("files are %q", got)
	}
	env["REGISTRY_AUTH_FILE"] = "/a"
	if got := files(); !slices.Equal(got, []string{"/a"}) {
		t.Errorf("files are %q", got)
	}
}
