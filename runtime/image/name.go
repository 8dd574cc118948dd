package image

import (
	"fmt"
	"strings"

	"pocket/runtime/hint"
)

const (
	digestPrefix = "sha256:"
	hostName     = "host" // the reserved name of the host's own programs
	nameMax      = 128
	shortDigest  = 12 // hex digits of a digest that people are shown
)

// checkName accepts what a stored image can be called: letters, digits and . _ - + : with a letter or
// digit first. A slash would make it a path.
func checkName(name string) error {
	problem := ""
	switch {
	case name == hostName:
		problem = "it means the host's own programs"
	case name == "":
		problem = "it is empty"
	case len(name) > nameMax:
		problem = fmt.Sprintf("it is longer than %d bytes", nameMax)
	case cleanName(name) != name:
		problem = "it has other characters than letters, digits and . _ - + :"
	}
	if problem == "" {
		return nil
	}
	return hint.With(fmt.Errorf("image name %s: %s", quote(name), problem), "choose another name, as alpine-3.19")
}

// cleanName makes a file's name one that checkName accepts, as far as that goes.
func cleanName(name string) string {
	clean := []byte(name)
	for i, c := range clean {
		if !alphanumeric(c) && !strings.ContainsRune("._-+:", rune(c)) {
			clean[i] = '_'
		}
	}
	text := strings.TrimLeft(string(clean), "._-+:")
	return text[:min(len(text), nameMax)]
}

func alphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// parsePin reads a sha256 as people paste it, with or without the prefix, and returns it as a digest. An
// empty text is no pin.
func parsePin(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	hex := strings.TrimPrefix(strings.ToLower(strings.TrimSpace(text)), digestPrefix)
	if !isHex(hex) || len(hex) != 64 {
		return "", hint.With(fmt.Errorf("%s is not a sha256: it is 64 hexadecimal digits", quote(text)),
			"take it from the publisher's page, or from sha256sum of a file you trust")
	}
	return digestPrefix + hex, nil
}

func isHex(s string) bool {
	return s != "" && strings.Trim(s, "0123456789abcdef") == ""
}

// hexOf is the hexadecimal part of a digest, which is also the name of its folder.
func hexOf(digest string) string { return strings.TrimPrefix(digest, digestPrefix) }
