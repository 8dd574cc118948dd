package image

import (
	"fmt"
	"strings"

	"pocket/runtime/hint"
)

// checkURL accepts what pull can fetch: http and https, printable ASCII without spaces.
func checkURL(url string) error {
	scheme, rest, _ := strings.Cut(url, "://")
	authority, _, _ := strings.Cut(rest, "/")
	switch {
	case strings.EqualFold(scheme, "docker") || strings.EqualFold(scheme, "oci"):
		return hint.With(fmt.Errorf("pull %s: registries are not supported", quote(url)),
			"give the http or https URL of a root filesystem archive")
	case !isHTTP(scheme) || authority == "":
		return hint.With(fmt.Errorf("pull %s: not an http or https URL", quote(url)),
			"give the URL of a root filesystem archive, as https://HOST/PATH.tar.gz")
	}
	for _, c := range []byte(url) {
		if c <= ' ' || c >= 0x7f {
			return hint.With(fmt.Errorf("pull %s: the URL has a character that is not allowed", quote(url)),
				"write it as %%XX, a space as %%20")
		}
	}
	return nil
}

func isHTTP(scheme string) bool {
	return strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https")
}

// isHTTPS tells if url is fetched over TLS.
func isHTTPS(url string) bool { return len(url) >= 8 && strings.EqualFold(url[:8], "https://") }

// resolveURL returns what a Location field means that the server of base sent (RFC 3986, 5.2). Dot
// segments are left to the program that fetches it.
func resolveURL(base, location string) string {
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

// shownURL is the URL without what may be secret in it: a user's name and password, and the query.
func shownURL(url string) string {
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

// urlName is the name an image gets from its URL: the last part of the path.
func urlName(url string) string {
	url = shownURL(url)
	_, rest, _ := strings.Cut(url, "://")
	_, path, _ := strings.Cut(rest, "/")
	return cleanName(path[strings.LastIndexByte(path, '/')+1:])
}
