package transfer

import (
	"fmt"
	"strconv"
	"strings"

	"pocket/runtime/hint"
)

// CheckURL accepts an http or https URL with a host, in printable ASCII without spaces.
func CheckURL(url string) error {
	scheme, rest, _ := strings.Cut(url, "://")
	authority, _, _ := strings.Cut(rest, "/")
	if !isHTTP(scheme) || authority == "" {
		return fmt.Errorf("%s: not an http or https URL", quote(url))
	}
	for _, c := range []byte(url) {
		if c <= ' ' || c >= 0x7f {
			return hint.With(fmt.Errorf("%s: the URL has a character that is not allowed", quote(url)),
				"write it as %%XX, a space as %%20")
		}
	}
	return nil
}

func isHTTP(scheme string) bool {
	return strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https")
}

// IsHTTPS tells if url is fetched over TLS.
func IsHTTPS(url string) bool { return len(url) >= 8 && strings.EqualFold(url[:8], "https://") }

// Resolve returns what a Location field means that the server of base sent (RFC 3986, 5.2). Dot
// segments are left to the program that fetches it.
func Resolve(base, location string) string {
	location, _, _ = strings.Cut(location, "#")
	base, _, _ = strings.Cut(base, "#")
	scheme, rest, _ := strings.Cut(base, "://")
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	authority, path := rest[:end], rest[end:]
	path, _, _ = strings.Cut(path, "?")
	switch {
	case hasScheme(location):
		return location
	case strings.HasPrefix(location, "//"):
		return scheme + ":" + location
	case strings.HasPrefix(location, "/"):
		return scheme + "://" + authority + location
	case location == "" || location[0] == '?':
		return scheme + "://" + authority + path + location
	}
	folder := path[:strings.LastIndexByte(path, '/')+1]
	if folder == "" {
		folder = "/"
	}
	return scheme + "://" + authority + folder + location
}

// hasScheme tells if a reference begins with a scheme (RFC 3986, 3.1).
func hasScheme(ref string) bool {
	scheme, _, ok := strings.Cut(ref, ":")
	if !ok || scheme == "" {
		return false
	}
	for i, c := range []byte(strings.ToLower(scheme)) {
		letter := c >= 'a' && c <= 'z'
		if !letter && (i == 0 || (c < '0' || c > '9') && c != '+' && c != '-' && c != '.') {
			return false
		}
	}
	return true
}

// Shown is the URL without what may be secret in it: a user's name and password, and the query.
func Shown(url string) string {
	url, _, _ = strings.Cut(url, "?")
	url, _, _ = strings.Cut(url, "#")
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok {
		return url
	}
	authority, path, slash := strings.Cut(rest, "/")
	authority = authority[strings.LastIndexByte(authority, '@')+1:]
	if slash {
		path = "/" + path
	}
	return scheme + "://" + authority + path
}

// Origin is the scheme, host and port of an http or https URL in lower case, as "https://host:port" or,
// with the scheme's own port, "https://host". URLs of one origin belong to one server (RFC 6454).
func Origin(url string) string {
	scheme, host := split(url)
	port := ":80"
	if scheme == "https" {
		port = ":443"
	}
	return scheme + "://" + strings.TrimSuffix(host, port)
}

// split returns a URL's scheme and its host with the port, both in lower case.
func split(url string) (scheme, host string) {
	scheme, rest, _ := strings.Cut(strings.ToLower(url), "://")
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	return scheme, rest[strings.LastIndexByte(rest, '@')+1:]
}

// IsLoopback tells if the URL's host is this one by its loopback address or as localhost.
func IsLoopback(url string) bool {
	_, host := split(url)
	name, rest, bracketed := strings.Cut(strings.TrimPrefix(host, "["), "]")
	if bracketed && (rest == "" || rest[0] == ':') {
		return name == "::1"
	}
	name, _, _ = strings.Cut(host, ":")
	if name == "localhost" {
		return true
	}
	return strings.HasPrefix(name, "127.") && strings.Count(name, ".") == 3 && strings.Trim(name, "0123456789.") == ""
}

// quote makes a text from outside safe to print: escapes it and cuts it short.
func quote(text string) string {
	const most = 200
	if len(text) > most {
		return strconv.Quote(text[:most]) + "…"
	}
	return strconv.Quote(text)
}
