package intake

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"pocket/runtime/hint"
)

// maxNested is how deep archives are unpacked that hold nothing but another one.
const maxNested = 3

// Gather makes the submission: it returns the path of the file or folder to be graded, which lies in dir, an
// empty folder, or, where nothing had to be unpacked or renamed, where it was handed in. An error for which
// Ours is false says what is wrong with what the student handed in.
func (e Entry) Gather(dir string) (string, error) {
	if e.Problem != nil {
		return "", e.Problem
	}
	if len(e.pieces) == 1 && e.pieces[0].as == "" && !e.pieces[0].uploaded {
		return whole(e.pieces[0].path, dir)
	}
	if path := e.single(); path != "" {
		return whole(path, dir)
	}
	return e.collect(dir)
}

// single is the path of what is all of an upload and needs no other name; "" when there is no such thing.
func (e Entry) single() string {
	if len(e.pieces) != 1 {
		return ""
	}
	p := e.pieces[0]
	if p.as != "" {
		if archiveEnding(p.as) != "" {
			return p.path
		}
		return ""
	}
	entries, err := listed(p.path)
	if err != nil || len(entries) > 1 && containsArchive(entries) {
		return ""
	}
	return p.path
}

func containsArchive(entries []fs.DirEntry) bool {
	for _, e := range entries {
		if e.Type().IsRegular() && archiveEnding(e.Name()) != "" {
			return true
		}
	}
	return false
}

// whole is a submission that is one file, folder or archive. Around a folder's content there may be further
// folders and archives that hold nothing else.
func whole(path, dir string) (string, error) {
	about, err := os.Lstat(path)
	if err != nil {
		return "", err
	}
	for level := 0; ; level++ {
		if about.IsDir() {
			if path, about, err = only(path); err != nil {
				return "", err
			}
		}
		if about.IsDir() || !about.Mode().IsRegular() || archiveEnding(path) == "" {
			return path, nil
		}
		if level == maxNested {
			err := fmt.Errorf("%s lies in %d archives", printable(filepath.Base(path)), maxNested)
			return "", hint.With(err, "have it handed in as one zip")
		}
		if path, err = opened(path, filepath.Join(dir, fmt.Sprint(level))); err != nil {
			return "", err
		}
		if about, err = os.Lstat(path); err != nil {
			return "", err
		}
	}
}

// only descends into a folder; where there is nothing but an archive, that is what it finds.
func only(dir string) (string, fs.FileInfo, error) {
	dir, err := descend(dir)
	if err != nil {
		return "", nil, err
	}
	path := dir
	entries, err := listed(dir)
	if err == nil && len(entries) == 1 && containsArchive(entries) {
		path = filepath.Join(dir, entries[0].Name())
	}
	if err != nil {
		return "", nil, err
	}
	about, err := os.Lstat(path)
	return path, about, err
}

// opened unpacks an archive into a new folder and returns it.
func opened(path, dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	if err := unpack(path, dir, ofSubmission, nil); err != nil {
		return "", fmt.Errorf("%s cannot be unpacked: %w", printable(filepath.Base(path)), err)
	}
	return dir, nil
}

// collect copies the files of an upload, and what is in its archives, into one folder. Of two with the same
// name that which lay outside of the archives counts.
func (e Entry) collect(dir string) (_ string, err error) {
	to := filepath.Join(dir, "all")
	if err := os.Mkdir(to, 0o700); err != nil {
		return "", err
	}
	s, err := newSink(to, ofSubmission, 0)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	s.first = true
	archives, err := s.loose(e.pieces)
	if err != nil {
		return "", err
	}
	for i, path := range archives {
		from, err := whole(path, filepath.Join(dir, fmt.Sprint(i)))
		if err != nil {
			return "", err
		}
		if err := s.tree(from); err != nil {
			return "", err
		}
	}
	return to, nil
}

// loose copies the files of an upload that are no archives, and returns the paths of those that are.
func (s *sink) loose(pieces []piece) (archives []string, err error) {
	for _, p := range pieces {
		switch {
		case p.as == "":
			var inside []string
			inside, err = s.top(p.path)
			archives = append(archives, inside...)
		case archiveEnding(p.as) != "":
			archives = append(archives, p.path)
		default:
			err = s.copy(p.path, p.as)
		}
		if err != nil {
			return nil, err
		}
	}
	return archives, nil
}

// top copies what is in a folder, but for the archives, whose paths it returns.
func (s *sink) top(dir string) (archives []string, err error) {
	entries, err := listed(dir)
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch {
		case err != nil:
		case e.IsDir():
			err = s.below(path, dir)
		case e.Type().IsRegular() && archiveEnding(e.Name()) != "":
			archives = append(archives, path)
		default:
			err = s.copy(path, e.Name())
		}
	}
	return archives, err
}

// tree copies a file, or all files of a folder.
func (s *sink) tree(path string) error {
	if about, err := os.Lstat(path); err != nil || !about.IsDir() {
		return errors.Join(err, s.copy(path, filepath.Base(path)))
	}
	return s.below(path, path)
}

// below copies all files of a folder, named as seen from another one.
func (s *sink) below(dir, from string) error {
	return filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		return s.copy(path, strings.TrimPrefix(path, from+string(filepath.Separator)))
	})
}

// copy copies a file.
func (s *sink) copy(path, name string) error {
	about, err := os.Lstat(path)
	if err != nil {
		return err
	}
	return s.add(member{filepath.ToSlash(name), about.Mode(), about.Size(), func() (io.ReadCloser, error) {
		f, _, err := openRegular(path)
		return f, err
	}})
}
