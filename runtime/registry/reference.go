// Package registry fetches images from OCI registries (the OCI distribution specification) into an OCI
// layout folder.
//
// Nothing that a registry says is believed: the digest and the size of every document and blob are
// compared with what the reference or the document above demands.
package registry

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"pocket/runtime/hint"
)

// Reference names an image in a registry.
type Reference struct {
	Host   string // with the port, if any
	Path   string // of the repository
	Tag    string // "" only with a digest
	Digest string // "sha256:" and 64 hexadecimal digits, or ""
}

// scheme is what a reference begins with where a URL could stand.
const scheme = "docker://"

// IsReference tells if text means an image in a registry and not a URL.
func IsReference(text string) bool { return strings.HasPrefix(text, scheme) }

// Parse reads a reference as docker does (distribution's package reference): [HOST[:PORT]/]PATH[:TAG][@DIGEST],
// with or without docker:// before it. The first part of the path is the host when it has a dot or a
// colon or is localhost. A name without a host is one of the registry short, as "HOST[:PORT][/PATH]",
// whose path goes before names of one part only; with short "" it is an error. Without a tag and a
// digest the tag is latest.
func Parse(text, short string) (Reference, error) {
	r, err := parse(strings.TrimPrefix(text, scheme), short)
	if err != nil {
		return Reference{}, fmt.Errorf("image reference %s: %w", quote(text), err)
	}
	return r, nil
}

func parse(text, short string) (Reference, error) {
	name, digest, pinned := strings.Cut(text, "@")
	if pinned {
		if err := checkDigest(digest); err != nil {
			return Reference{}, err
		}
	}
	name, tag, err := cutTag(name)
	if err != nil {
		return Reference{}, err
	}
	if tag == "" && !pinned {
		tag = "latest"
	}
	host, path := cutHost(name)
	if host == "" {
		if host, path, err = expand(path, short); err != nil {
			return Reference{}, err
		}
	}
	if err := checkHost(host); err != nil {
		return Reference{}, err
	}
	if err := checkPath(path); err != nil {
		return Reference{}, err
	}
	if host == Hub && !strings.Contains(path, "/") {
		path = hubFolder + path
	}
	return Reference{Host: strings.ToLower(host), Path: path, Tag: tag, Digest: digest}, nil
}

// cutTag takes the tag off, which is after a colon that is not a port's.
func cutTag(name string) (rest, tag string, err error) {
	at := strings.LastIndexByte(name, ':')
	if at < 0 || strings.Contains(name[at:], "/") {
		return name, "", nil
	}
	tag = name[at+1:]
	const most = 128
	if !isWord(tag) || tag[0] == '.' || tag[0] == '-' || len(tag) > most {
		return "", "", hint.With(fmt.Errorf("%s is not a tag", quote(tag)),
			"a tag is up to %d letters, digits and . _ - and begins with no . or -", most)
	}
	return name[:at], tag, nil
}

// isWord tells if text is letters, digits and . _ - only, and not empty.
func isWord(text string) bool {
	for _, c := range []byte(text) {
		if !alphanumeric(c) && (c < 'A' || c > 'Z') && !strings.ContainsRune("._-", rune(c)) {
			return false
		}
	}
	return text != ""
}

func alphanumeric(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }

func cutHost(name string) (host, path string) {
	first, rest, found := strings.Cut(name, "/")
	if found && (strings.ContainsAny(first, ".:") || strings.EqualFold(first, "localhost")) {
		return first, rest
	}
	return "", name
}

// expand gives a short name its registry.
func expand(path, short string) (string, string, error) {
	if short == "" {
		return "", "", hint.With(errors.New("it names no registry"),
			"write docker://HOST/%s, or set POCKET_REGISTRY to the HOST that short names are of", path)
	}
	host, folder, _ := strings.Cut(strings.TrimPrefix(strings.TrimSuffix(short, "/"), scheme), "/")
	if folder != "" && !strings.Contains(path, "/") {
		path = folder + "/" + path
	}
	return host, path, nil
}

func checkHost(host string) error {
	name, port, hasPort := strings.Cut(host, ":")
	if strings.HasPrefix(host, "[") {
		address, rest, closed := strings.Cut(host[1:], "]")
		name = address
		port, hasPort = strings.CutPrefix(rest, ":")
		if !closed || strings.Trim(name, "0123456789abcdefABCDEF:.") != "" || !strings.Contains(name, ":") || rest != "" && !hasPort {
			return notHost(host)
		}
	} else if !isWord(name) || strings.HasPrefix(name, "-") || strings.HasPrefix(name, ".") {
		return notHost(host)
	}
	if n, err := strconv.ParseUint(port, 10, 16); hasPort && (err != nil || n == 0 || strings.HasPrefix(port, "+")) {
		return notHost(host)
	}
	return nil
}

func notHost(host string) error {
	return hint.With(fmt.Errorf("%s is not a host with a port", quote(host)),
		"write docker://HOST/IMAGE:TAG or docker://HOST:PORT/IMAGE:TAG")
}

// checkPath accepts parts of lower case letters and digits, with single dots, one or two underscores or
// any number of dashes between them (the distribution specification, "Pulling manifests").
func checkPath(path string) error {
	const most = 255
	if len(path) > most {
		return hint.With(fmt.Errorf("the name is longer than %d bytes", most), "write docker://HOST/IMAGE:TAG")
	}
	for part := range strings.SplitSeq(path, "/") {
		switch {
		case part == "":
			return hint.With(errors.New("the image's name is missing, or a part of it between slashes"),
				"write docker://HOST/IMAGE:TAG")
		case strings.ToLower(part) != part:
			return hint.With(fmt.Errorf("%s has upper case letters", quote(part)),
				"an image's name in a registry is in lower case: %s", strings.ToLower(path))
		case !isPathPart(part):
			return hint.With(fmt.Errorf("%s is not a part of an image's name", quote(part)),
				"a part is lower case letters and digits with . _ __ or - between them")
		}
	}
	return nil
}

func isPathPart(part string) bool {
	for part != "" {
		rest := strings.TrimLeft(part, "abcdefghijklmnopqrstuvwxyz0123456789")
		if rest == part {
			return false
		}
		part = strings.TrimLeft(rest, "-")
		if part == rest {
			part = strings.TrimPrefix(strings.TrimPrefix(rest, "_"), "_")
		}
		if part == rest {
			part = strings.TrimPrefix(rest, ".")
		}
		if rest != "" && (part == "" || part == rest) {
			return false
		}
	}
	return true
}

// checkDigest accepts a sha256, which is what registries use.
func checkDigest(digest string) error {
	hex, ok := strings.CutPrefix(digest, "sha256:")
	if !ok || len(hex) != 64 || strings.Trim(hex, "0123456789abcdef") != "" {
		return hint.With(fmt.Errorf("%s is not a digest", quote(digest)), "a digest is sha256: and 64 hexadecimal digits")
	}
	return nil
}

// String is the reference as docker shows it: HOST/PATH:TAG, with the digest instead of the tag or after it.
func (r Reference) String() string {
	text := r.Host + "/" + r.Path
	if r.Tag != "" {
		text += ":" + r.Tag
	}
	if r.Digest != "" {
		text += "@" + r.Digest
	}
	return text
}

// wanted is what the manifest is asked for by.
func (r Reference) wanted() string {
	if r.Digest != "" {
		return r.Digest
	}
	return r.Tag
}

// quote makes a text from outside safe to print: escapes it and cuts it short.
func quote(text string) string {
	const most = 200
	if len(text) > most {
		return strconv.Quote(text[:most]) + "…"
	}
	return strconv.Quote(text)
}
