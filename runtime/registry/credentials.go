package registry

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"pocket/runtime/hint"
)

// login proves to a registry who the user is. A refresh token stands for both of the others.
type login struct{ user, password, refresh string }

// basic is the value of an Authorization field (RFC 7617).
func (l login) basic() string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(l.user+":"+l.password))
}

// LoginFiles returns the files in which docker, podman and skopeo keep logins, in the order in which they
// are looked into. getenv is as os.Getenv.
func LoginFiles(getenv func(string) string) []string {
	if file := getenv("REGISTRY_AUTH_FILE"); file != "" {
		return []string{file}
	}
	var files []string
	if dir := getenv("XDG_RUNTIME_DIR"); dir != "" {
		files = append(files, filepath.Join(dir, "containers", "auth.json"))
	}
	if dir := getenv("DOCKER_CONFIG"); dir != "" {
		return append(files, filepath.Join(dir, "config.json"))
	}
	if dir := getenv("HOME"); dir != "" {
		files = append(files, filepath.Join(dir, ".docker", "config.json"))
	}
	return files
}

// loginFile is the part of such a file that matters (docker's config.json; containers-auth.json(5)).
type loginFile struct {
	Auths map[string]struct {
		Auth          string `json:"auth"`
		IdentityToken string `json:"identitytoken"`
	} `json:"auths"`
	CredHelpers map[string]string `json:"credHelpers"`
	CredsStore  string            `json:"credsStore"`
}

// findLogin looks for the login of a repository. That there is none is no error.
func findLogin(ctx context.Context, files []string, r Reference) (login, bool, error) {
	for _, path := range files {
		text, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		var file loginFile
		if err == nil {
			err = json.Unmarshal(text, &file)
		}
		if err != nil {
			return login{}, false, hint.With(fmt.Errorf("read the logins in %s: %w", path, err),
				"repair the file, or set REGISTRY_AUTH_FILE to another one")
		}
		l, found, err := file.find(ctx, r)
		if found || err != nil {
			return l, found, err
		}
	}
	return login{}, false, nil
}

func (f loginFile) find(ctx context.Context, r Reference) (login, bool, error) {
	keys := loginKeys(r)
	for key, entry := range byKey(f.Auths, keys) {
		if entry.IdentityToken != "" {
			return login{refresh: entry.IdentityToken}, true, nil
		}
		if entry.Auth == "" {
			continue // docker leaves an empty one where a helper has it
		}
		user, password, err := decodeLogin(entry.Auth)
		if err != nil {
			return login{}, false, hint.With(fmt.Errorf("the login stored for %s: %w", quote(key), err), "log in again")
		}
		return login{user: user, password: password}, true, nil
	}
	for _, helper := range byKey(f.CredHelpers, keys) {
		return askHelper(ctx, helper, r)
	}
	if f.CredsStore != "" {
		return askHelper(ctx, f.CredsStore, r)
	}
	return login{}, false, nil
}

// loginKeys are the names under which a login counts, the most special first.
func loginKeys(r Reference) []string {
	var keys []string
	for path := r.Host + "/" + r.Path; ; {
		keys = append(keys, path)
		end := strings.LastIndexByte(path, '/')
		if end < 0 {
			break
		}
		path = path[:end]
	}
	if r.Host == Hub {
		keys = append(keys, hubLogin, hubHost)
	}
	return keys
}

// byKey yields the entries whose name, less a scheme and the version of the interface, is one of keys.
func byKey[V any](entries map[string]V, keys []string) func(func(string, V) bool) {
	return func(yield func(string, V) bool) {
		for _, key := range keys {
			for name, entry := range entries {
				if plainKey(name) == key && !yield(name, entry) {
					return
				}
			}
		}
	}
}

func plainKey(name string) string {
	name = strings.TrimPrefix(strings.TrimPrefix(name, "https://"), "http://")
	name = strings.TrimSuffix(name, "/")
	return strings.TrimSuffix(strings.TrimSuffix(name, "/v1"), "/v2")
}

func decodeLogin(auth string) (user, password string, err error) {
	text, err := base64.StdEncoding.DecodeString(auth)
	if err != nil {
		return "", "", errors.New("it is not base64")
	}
	user, password, ok := strings.Cut(strings.TrimRight(string(text), "\x00"), ":")
	if !ok {
		return "", "", errors.New("it has no password")
	}
	return user, password, nil
}

// askHelper runs a credential helper (docker's docker-credential-helpers protocol): the host on its
// standard input, the login as JSON on its output.
func askHelper(ctx context.Context, name string, r Reference) (login, bool, error) {
	program := "docker-credential-" + name
	host := r.Host
	if host == Hub {
		host = "https://" + hubLogin + "/v1/"
	}
	if !isWord(name) {
		return login{}, false, fmt.Errorf("%s is not the name of a credential helper", quote(name))
	}
	cmd := exec.CommandContext(ctx, program, "get")
	cmd.Stdin = strings.NewReader(host)
	out, err := cmd.Output()
	if err != nil && bytes.Contains(out, []byte("credentials not found")) {
		return login{}, false, nil
	}
	var answer struct{ Username, Secret string }
	if err == nil {
		err = json.Unmarshal(out, &answer)
	}
	if err != nil {
		return login{}, false, hint.With(fmt.Errorf("ask %s for the login of %s: %w", program, r.Host, err),
			"repair it, or set REGISTRY_AUTH_FILE to a file with the login")
	}
	if answer.Username == "<token>" {
		return login{refresh: answer.Secret}, true, nil
	}
	return login{user: answer.Username, password: answer.Secret}, true, nil
}
