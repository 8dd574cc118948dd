package registry

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pocket/runtime/hint"
	"pocket/runtime/internal/trial"
)

// needPrograms skips a test where the programs are missing, unless this host must have them.
func needPrograms(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := exec.LookPath(name); err != nil {
			trial.Lacks(t, "%s is not installed: %v", name, err)
		}
	}
}

// startRegistry runs Debian's docker-registry with its files in data and returns its host and port.
func startRegistry(t *testing.T, data, auth string) string {
	t.Helper()
	settings := "version: 0.1\nlog: {level: info}\nstorage: {filesystem: {rootdirectory: " + data + "}}\n" +
		"http: {addr: \"127.0.0.1:0\"}\n" + auth
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, "docker-registry", "serve", writeFile(t, "config.yml", settings, 0o600))
	out, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(); cmd.Wait() })
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, rest, ok := strings.Cut(lines.Text(), "listening on "); ok {
			go func() { // it must not block on what it logs
				for lines.Scan() {
				}
			}()
			address, _, _ := strings.Cut(rest, `"`)
			return address
		}
	}
	t.Fatal("docker-registry ended at once")
	return ""
}

func runProgram(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// umociImage makes an image of two layers in an OCI layout, the second of which removes a file.
func umociImage(t *testing.T) (layout string) {
	t.Helper()
	dir := t.TempDir()
	image := filepath.Join(dir, "layout") + ":app"
	bundle := filepath.Join(dir, "bundle")
	file := func(name string) string { return filepath.Join(bundle, "rootfs", name) }
	runProgram(t, "umoci", "init", "--layout", filepath.Join(dir, "layout"))
	runProgram(t, "umoci", "new", "--image", image)
	runProgram(t, "umoci", "unpack", "--rootless", "--image", image, bundle)
	for name, text := range map[string]string{"one": "1", "big": noise(300 << 10)} {
		if err := os.WriteFile(file(name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	runProgram(t, "umoci", "repack", "--refresh-bundle", "--image", image, bundle)
	if err := os.Remove(file("one")); err != nil {
		t.Fatal(err)
	}
	runProgram(t, "umoci", "repack", "--image", image, bundle)
	return image
}

// push copies an image into a registry, in OCI's form or docker's.
func push(t *testing.T, image, host, name, format string) {
	t.Helper()
	runProgram(t, "skopeo", "--insecure-policy", "copy", "--dest-tls-verify=false", "--format", format,
		"oci:"+image, "docker://"+host+"/"+name)
}

// realPull is a Pull from a registry that needs neither pauses nor much time.
func realPull(t *testing.T, ref string) Pull {
	t.Helper()
	r, err := Parse(ref, "")
	if err != nil {
		t.Fatal(err)
	}
	return Pull{Reference: r, Folder: t.TempDir(), Bytes: 1 << 30}
}

// TestRealRegistry fetches what umoci made and skopeo pushed; skopeo must be able to read the result.
func TestRealRegistry(t *testing.T) {
	needPrograms(t, "docker-registry", "skopeo", "umoci", "curl", "wget")
	host := startRegistry(t, t.TempDir(), "")
	image := umociImage(t)
	for _, format := range []string{"oci", "v2s2"} {
		push(t, image, host, "team/app:"+format, format)
		for _, program := range []string{"curl", "wget"} {
			t.Run(format+" "+program, func(t *testing.T) {
				path := os.Getenv("PATH")
				only(t, program)
				p := realPull(t, "docker://"+host+"/team/app:"+format)
				l := fetched(t, p, 4)
				t.Setenv("PATH", path)
				runProgram(t, "skopeo", "--insecure-policy", "copy", "oci:"+l.Dir, "docker-archive:"+filepath.Join(t.TempDir(), "out.tar"))
				again := realPull(t, host+"/team/app@"+l.Digest)
				if by := fetched(t, again, 4); by.ID != l.ID {
					t.Errorf("by digest the id is %s, by tag %s", by.ID, l.ID)
				}
				if err := l.Close(); err != nil || len(left(t, p)) != 0 {
					t.Errorf("left: %q (%v)", left(t, p), err)
				}
			})
		}
	}
	_, err := realPull(t, host+"/team/app:none").Fetch(t.Context())
	if err == nil || !strings.Contains(err.Error(), "404 Not Found: manifest unknown") {
		t.Errorf("error is %v", err)
	}
}

// TestRealLogin has a registry that wants a user and password, "u" and "secret".
func TestRealLogin(t *testing.T) {
	needPrograms(t, "docker-registry", "skopeo", "umoci", "curl")
	data := t.TempDir()
	push(t, umociImage(t), startRegistry(t, data, ""), "app:1", "oci")
	users := writeFile(t, "htpasswd", "u:$2b$04$PVyxkWgYbLCXrh95jv.j4.0kWudrEffvQUoGO8O37l7hjPjrMk5Iy\n", 0o600)
	host := startRegistry(t, data, "auth: {htpasswd: {realm: test, path: "+users+"}}\n")
	for password, want := range map[string]string{"secret": "", "wrong": "401 Unauthorized", "": "wants a login"} {
		p := realPull(t, host+"/app:1")
		if password != "" {
			p.Logins = []string{writeFile(t, "auth.json", fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, host, b64("u:"+password)), 0o600)}
		}
		_, err := p.Fetch(t.Context())
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want) || hint.Of(err) == "") {
			t.Errorf("password %q: %v (hint %q), want %q", password, err, hint.Of(err), want)
		}
	}
}

// TestRealTokens has a registry that takes tokens only, of a server that the test plays.
func TestRealTokens(t *testing.T) {
	needPrograms(t, "docker-registry", "skopeo", "umoci", "curl")
	data := t.TempDir()
	push(t, umociImage(t), startRegistry(t, data, ""), "app:1", "oci")
	s := newSigner(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"token":%q}`, s.token(t, r.FormValue("service"), r.FormValue("scope")))
	}))
	defer server.Close()
	host := startRegistry(t, data, "auth: {token: {realm: \""+server.URL+"/token\", service: test, issuer: us, rootcertbundle: "+s.bundle+"}}\n")
	fetched(t, realPull(t, host+"/app:1"), 4)
}

// signer makes tokens as docker's "Token Authentication Implementation" has them.
type signer struct {
	key    *ecdsa.PrivateKey
	der    []byte
	bundle string // PEM file of the certificate
}

func newSigner(t *testing.T) signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, about, about, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: der}); err != nil {
		t.Fatal(err)
	}
	return signer{key, der, writeFile(t, "bundle.pem", text.String(), 0o600)}
}

func (s signer) token(t *testing.T, service, scope string) string {
	part := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			t.Error(err)
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	kind, rest, _ := strings.Cut(scope, ":")
	name, action, _ := strings.Cut(rest, ":")
	now := time.Now().Unix()
	signed := part(map[string]any{"typ": "JWT", "alg": "ES256", "x5c": []string{base64.StdEncoding.EncodeToString(s.der)}}) + "." +
		part(map[string]any{"iss": "us", "sub": "u", "aud": service, "exp": now + 300, "nbf": now - 10, "iat": now, "jti": "1",
			"access": []map[string]any{{"type": kind, "name": name, "actions": []string{action}}}})
	sum := sha256.Sum256([]byte(signed))
	a, b, err := ecdsa.Sign(rand.Reader, s.key, sum[:])
	if err != nil {
		t.Error(err)
	}
	signature := append(a.FillBytes(make([]byte, 32)), b.FillBytes(make([]byte, 32))...)
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}
