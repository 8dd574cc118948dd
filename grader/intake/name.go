package intake

import (
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
	"unicode"

	"pocket/grader"
	"pocket/runtime/hint"
)

// What a name in an archive may be.
const (
	maxName  = 255  // bytes of a file's or folder's name: NAME_MAX (limits.h)
	maxPath  = 1024 // bytes of a path: what a submission may have
	maxDepth = 64   // folders in each other
)

// errOutside is wrapped by the errors of names that lead out of the folder they are unpacked into.
var errOutside = errors.New("leads out of the archive")

// inside is the path of an archive's entry below the folder it is unpacked into, clean and with slashes; ""
// for the folder itself.
func inside(name string) (string, error) {
	if strings.HasPrefix(name, "/") || len(name) > 2 && name[1] == ':' && name[2] == '/' {
		return "", fmt.Errorf("%s %w", printable(name), errOutside)
	}
	var parts []string
	for part := range strings.SplitSeq(name, "/") {
		switch {
		case part == "" || part == ".":
			continue
		case part == "..":
			return "", fmt.Errorf("%s %w", printable(name), errOutside)
		}
		parts = append(parts, part)
	}
	return path.Join(parts...), nil
}

// fits refuses a path that no submission may have.
func fits(name string) error {
	err := error(nil)
	switch {
	case strings.ContainsRune(name, 0):
		err = fmt.Errorf("%s has a zero byte in its name", printable(name))
	case len(name) > maxPath:
		err = fmt.Errorf("%s has a path of %d bytes", printable(name), len(name))
	case strings.Count(name, "/") >= maxDepth:
		err = fmt.Errorf("%s lies %d folders deep", printable(name), strings.Count(name, "/"))
	}
	for part := range strings.SplitSeq(name, "/") {
		if len(part) > maxName {
			err = fmt.Errorf("%s has a name of %d bytes", printable(part), len(part))
		}
	}
	return hint.With(err, "hand in the sources only, under shorter names")
}

// cluttered says whether a path is, or lies in, what is not part of a submission.
func cluttered(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if grader.Clutter(part) {
			return true
		}
	}
	return false
}

// printable is a student's name for something as it may stand in a line on a terminal, cut where it is long.
func printable(name string) string {
	const most = 80
	if len(name) > most {
		return strconv.Quote(name[:most]) + "…"
	}
	for _, r := range name {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return strconv.Quote(name)
		}
	}
	return name
}
