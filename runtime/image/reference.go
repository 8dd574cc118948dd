package image

import (
	"errors"
	"fmt"
	"strings"

	"pocket/runtime/hint"
	"pocket/runtime/registry"
)

// What docker leaves out of the names it shows (moby's distribution/reference, "normalize.go"): images
// that were saved by other programs carry it.
const (
	DefaultDomain = registry.Hub
	officialPath  = "library/"
	defaultTag    = "latest"
)

// tagged returns an image's name as it is recorded and shown: docker's short form with a tag, which is
// latest where there is none.
func tagged(name string) (string, error) {
	repository, tag := splitTag(familiar(name))
	if tag == "" {
		tag = defaultTag
	}
	if err := checkReference(repository, tag); err != nil {
		return "", hint.With(fmt.Errorf("image name %s: %w", quote(name), err),
			"use lower case letters, digits and . _ - / for the name and put the tag behind a colon, as team/app:1.2")
	}
	return repository + ":" + tag, nil
}

// familiar leaves out the parts of a name that docker does not show.
func familiar(name string) string {
	for _, domain := range []string{DefaultDomain + "/", "index." + DefaultDomain + "/"} {
		if rest, ok := strings.CutPrefix(name, domain); ok {
			return strings.TrimPrefix(rest, officialPath)
		}
	}
	return name
}

// splitTag separates the tag, "" for none. A colon before a slash begins a port.
func splitTag(name string) (repository, tag string) {
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		return name[:i], name[i+1:]
	}
	return name, ""
}

// checkReference holds to the grammar of docker's references, which is the OCI distribution specification's
// ("Pulling manifests").
func checkReference(repository, tag string) error {
	if repository == "" {
		return errors.New("it is empty")
	}
	if len(repository) > 255 {
		return errors.New("it is longer than 255 bytes")
	}
	parts := strings.Split(repository, "/")
	if len(parts) > 1 && isDomain(parts[0]) {
		parts = parts[1:]
	}
	for _, part := range parts {
		if !isPathPart(part) {
			return fmt.Errorf("%s is not allowed in it", quote(part))
		}
	}
	if tag == "" || len(tag) > 128 || tag[0] == '.' || tag[0] == '-' || !onlyOf(tag, "._-", true) {
		return fmt.Errorf("%s is not a tag", quote(tag))
	}
	if repository == hostName {
		return errors.New("it means the host's own programs")
	}
	return nil
}

// isDomain tells if the first part of a name is a registry's.
func isDomain(part string) bool {
	host, port, hasPort := strings.Cut(part, ":")
	if hasPort && (port == "" || strings.Trim(port, "0123456789") != "") {
		return false
	}
	if host == "" || !alphanumeric(host[0]) || !alphanumeric(host[len(host)-1]) || strings.Contains(host, "..") {
		return false
	}
	return (hasPort || host == "localhost" || strings.Contains(host, ".")) &&
		onlyOf(host, ".-", true)
}

// isPathPart: alphanumeric runs joined by one '.', one or two '_', or any number of '-'.
func isPathPart(part string) bool {
	if part == "" || !onlyOf(part, "._-", false) || !alphanumeric(part[0]) || !alphanumeric(part[len(part)-1]) {
		return false
	}
	for _, wrong := range []string{"..", "___", "._", "_.", ".-", "-.", "_-", "-_"} {
		if strings.Contains(part, wrong) {
			return false
		}
	}
	return true
}

func onlyOf(text, others string, upper bool) bool {
	for i := range len(text) {
		c := text[i]
		ok := alphanumeric(c) && (upper || c < 'A' || c > 'Z')
		if !ok && strings.IndexByte(others, c) < 0 {
			return false
		}
	}
	return true
}
