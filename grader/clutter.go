package grader

import "strings"

// clutter is what file managers, archivers and version control leave beside a student's files.
var clutter = map[string]bool{
	"__MACOSX": true, ".DS_Store": true, "Thumbs.db": true, "desktop.ini": true, ".Spotlight-V100": true, ".Trashes": true,
	".git": true, ".hg": true, ".svn": true, "CVS": true,
}

// Clutter says whether a file or folder with this base name is nobody's work but left behind by a file
// manager, an archiver or version control: it is not part of a submission.
func Clutter(base string) bool {
	return clutter[base] || strings.HasPrefix(base, "._") // AppleDouble (RFC 1740): attributes of a file of macOS
}
