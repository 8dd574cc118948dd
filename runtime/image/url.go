package image

import (
	"fmt"
	"strings"

	"pocket/runtime/hint"
	"pocket/runtime/transfer"
)

// checkURL accepts what Pull can fetch.
func checkURL(url string) error {
	if err := transfer.CheckURL(url); err != nil {
		return hint.With(fmt.Errorf("pull %w", err),
			"give the URL of a root filesystem archive, as https://HOST/PATH.tar.gz, or docker://HOST/IMAGE")
	}
	return nil
}

// urlName is the name an image gets from its URL: the last part of the path.
func urlName(url string) string {
	url = transfer.Shown(url)
	_, rest, _ := strings.Cut(url, "://")
	_, path, _ := strings.Cut(rest, "/")
	return cleanName(path[strings.LastIndexByte(path, '/')+1:])
}
