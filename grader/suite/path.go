package suite

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// inside reads a path that is relative to the suite's folder and stays in it, as YAML writes it.
func (v value) inside() (string, bool) {
	text, ok := v.text()
	if !ok {
		return "", false
	}
	if what := pathMistake(text); what != "" {
		v.wrong("%s %s", quote(text), what)
		return "", false
	}
	return text, true
}

func pathMistake(text string) string {
	switch {
	case text == "":
		return "is empty"
	case strings.ContainsRune(text, 0):
		return "contains a NUL character"
	case filepath.IsAbs(text):
		return "must be relative to the suite's folder"
	case slices.Contains(strings.Split(text, "/"), ".."):
		return "may not lead out of the suite's folder (..)"
	}
	return ""
}

// existing returns the absolute path of a file or folder below the suite's folder.
func (v value) existing(text string) (string, fs.FileMode, bool) {
	file := filepath.Join(v.doc.dir, text)
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR):
		v.wrong("%s does not exist%s", quote(text), v.doc.similar(text))
	case err != nil:
		v.wrong("%s: %v", quote(text), cause(err))
	default:
		return file, info.Mode(), true
	}
	return "", 0, false
}

// similar names a file beside the missing one that was probably meant.
func (d *document) similar(text string) string {
	entries, err := os.ReadDir(filepath.Join(d.dir, filepath.Dir(text)))
	if err != nil || len(entries) > 10_000 {
		return ""
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if name := nearest(filepath.Base(text), names); name != "" {
		return " (did you mean " + filepath.Join(filepath.Dir(text), name) + "?)"
	}
	return ""
}

// file reads the path of a file that can be read, and returns it absolute; "" after a mistake.
func (v value) file() string {
	text, ok := v.inside()
	if !ok {
		return ""
	}
	return v.readable(text)
}

func (v value) readable(text string) string {
	file, mode, ok := v.existing(text)
	switch {
	case !ok:
		return ""
	case mode.IsDir():
		v.wrong("%s is a folder", quote(text))
		return ""
	case !mode.IsRegular():
		v.wrong("%s is not a regular file", quote(text))
		return ""
	}
	f, err := os.Open(file)
	if err != nil {
		v.wrong("%s: %v", quote(text), cause(err))
		return ""
	}
	f.Close()
	return file
}

// rootfs reads the root file system. What looks like a path or exists beside the suite is a path, and
// must exist; anything else is an image's name, for the runner to find.
func (d *document) rootfs(f fields) string {
	v, ok := f.get("rootfs")
	if !ok {
		return "host"
	}
	text, ok := v.text()
	switch {
	case !ok || text == "host":
		return text
	case text == "" || strings.ContainsRune(text, 0):
		v.wrong("%s is not a root file system (host, an image, an archive or a folder)", quote(text))
		return ""
	}
	file := text
	if !filepath.IsAbs(file) {
		file = filepath.Join(d.dir, file)
	}
	if _, err := os.Stat(file); err == nil {
		return file
	}
	if looksLikePath(text) {
		v.wrong("%s does not exist", quote(text))
		return ""
	}
	return text
}

func looksLikePath(text string) bool {
	for _, prefix := range []string{"/", "./", "../", "~"} {
		if strings.HasPrefix(text, prefix) {
			return true
		}
	}
	for _, suffix := range []string{".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.zst", ".tar.bz2", ".gz"} {
		if strings.HasSuffix(text, suffix) {
			return true
		}
	}
	return false
}
