package intake

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"pocket/grader"
	"pocket/runtime/hint"
)

// endings are those of the names of archives that are unpacked, or that are refused with what to do.
var endings = []string{".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".7z", ".rar"}

// archiveEnding is the ending of an archive's name, "" where it is none.
func archiveEnding(name string) string {
	lower := strings.ToLower(name)
	i := slices.IndexFunc(endings, func(e string) bool { return strings.HasSuffix(lower, e) })
	if i < 0 {
		return ""
	}
	return name[len(name)-len(endings[i]):]
}

// IsArchive says whether a file is called like an archive.
func IsArchive(name string) bool { return archiveEnding(name) != "" }

// What a file is by its beginning.
const (
	kindZip   = "zip"
	kindGzip  = "gzip"
	kindBzip2 = "bzip2"
	kindTar   = "tar"
)

// signatures are how files begin (file(1)'s magic). Those with a title cannot be unpacked.
var signatures = []struct{ begin, kind, title string }{
	{"PK\x03\x04", kindZip, ""},
	{"PK\x05\x06", kindZip, ""}, // without entries
	{"\x1f\x8b", kindGzip, ""},
	{"BZh", kindBzip2, ""},
	{"Rar!\x1a\x07", "", "a RAR archive"},
	{"7z\xbc\xaf\x27\x1c", "", "a 7-Zip archive"},
	{"\xfd7zXZ\x00", "", "compressed with xz"},
	{"\x28\xb5\x2f\xfd", "", "compressed with Zstandard"},
}

// unpack writes what is in an archive into an empty folder. Errors say what is wrong with the archive, not
// which one it is; nothing was ever written elsewhere. blame may be nil: see sink.
func unpack(path, dir string, b bounds, blame func(string, error)) (err error) {
	f, size, err := openRegular(path)
	if err != nil {
		return err
	}
	defer f.Close()
	s, err := newSink(dir, b, size)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	s.blame = blame
	in := bufio.NewReaderSize(f, 64<<10)
	begin, err := in.Peek(512)
	if err != nil && err != io.EOF {
		return err
	}
	kind, err := kindOf(begin)
	if err != nil {
		return err
	}
	if kind == kindZip {
		return s.unzip(f, size)
	}
	content, err := plain(kind, in)
	if err != nil {
		return err
	}
	return s.untar(content)
}

func kindOf(begin []byte) (string, error) {
	for _, s := range signatures {
		if !bytes.HasPrefix(begin, []byte(s.begin)) {
			continue
		}
		if s.kind == "" {
			return "", hint.With(fmt.Errorf("it is %s, which is not supported", s.title), "have it handed in as a zip")
		}
		return s.kind, nil
	}
	// POSIX pax and ustar, and GNU's, have it at the same place; an all-zero block is an empty tar.
	if len(begin) == 512 && (bytes.HasPrefix(begin[257:], []byte("ustar")) || len(bytes.Trim(begin, "\x00")) == 0) {
		return kindTar, nil
	}
	if len(begin) == 0 {
		return "", hint.With(errors.New("it is empty"), "have it handed in again")
	}
	return "", hint.With(errors.New("it is neither a zip nor a tar, or damaged"), "have it handed in again as a zip")
}

// openRegular opens a regular file, and nothing else, for reading.
func openRegular(path string) (*os.File, int64, error) {
	// O_NONBLOCK: without it, opening a fifo that nobody writes to never returns (open(2)).
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if errors.Is(err, syscall.ELOOP) {
		return nil, 0, irregular(filepath.Base(path), fs.ModeSymlink)
	}
	if err != nil {
		return nil, 0, hint.With(err, "make it readable for the user who grades")
	}
	about, err := f.Stat()
	if err == nil && !about.Mode().IsRegular() {
		err = irregular(filepath.Base(path), about.Mode())
	}
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, about.Size(), nil
}

// descend follows folders that hold nothing but one folder: archivers often pack the folder and not its
// content. What is no part of a submission does not count.
func descend(dir string) (string, error) {
	for range maxDepth {
		entries, err := listed(dir)
		if err != nil {
			return "", err
		}
		if len(entries) != 1 || !entries[0].IsDir() {
			break
		}
		dir = filepath.Join(dir, entries[0].Name())
	}
	return dir, nil
}

// listed is what is in a folder, sorted by name, without what is nobody's work.
func listed(dir string) ([]fs.DirEntry, error) {
	entries, err := os.ReadDir(dir)
	return slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return grader.Clutter(e.Name()) }), err
}
