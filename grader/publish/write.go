package publish

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"pocket/grader"
	"pocket/runtime/hint"
)

// header begins the suite.yaml of each copy, by which one is known.
const header = "# A student's copy of a suite, made by pocket-grade publish.\n"

const suiteFile = "suite.yaml"

// Target is a folder for a copy.
type Target struct {
	Dir   string
	Force bool // an earlier copy there is replaced
	// Marshal writes the suite's file, and Verify reads the copy: an error keeps it from being there.
	Marshal func(*grader.Suite) ([]byte, error)
	Verify  func(dir string) error
}

// Check says why a copy of the suite cannot be made there. Nothing but an earlier copy is ever replaced.
func (t Target) Check(s *grader.Suite) error {
	dir, err := filepath.Abs(t.Dir)
	if err != nil {
		return fmt.Errorf("publishing to %s: %w", t.Dir, err)
	}
	if below(real(s.Dir), real(dir)) || below(real(dir), real(s.Dir)) {
		return hint.With(fmt.Errorf("publishing to %s: it and the suite lie in each other", t.Dir), "name a folder beside the suite")
	}
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0:
		return nil
	case err != nil:
		return fmt.Errorf("publishing to %s: %w", t.Dir, cause(err))
	case !t.Force:
		return hint.With(fmt.Errorf("publishing to %s: the folder is there and not empty", t.Dir), "--force replaces an earlier copy")
	}
	text, err := os.ReadFile(filepath.Join(dir, suiteFile))
	if err != nil || !bytes.HasPrefix(text, []byte(header)) {
		return hint.With(fmt.Errorf("publishing to %s: the folder is no copy of a suite", t.Dir), "name another folder: nothing else is replaced")
	}
	return nil
}

// Write writes a planned copy of a suite: whole, or not at all.
func Write(c *Copy, whole *grader.Suite, t Target) error {
	if err := t.Check(whole); err != nil {
		return err
	}
	dir, err := filepath.Abs(t.Dir)
	if err != nil {
		return err
	}
	beside := filepath.Join(filepath.Dir(dir), ".pocket-grade-"+rand.Text())
	if err := os.MkdirAll(filepath.Dir(dir), 0o777); err != nil {
		return fmt.Errorf("publishing to %s: %w", t.Dir, err)
	}
	if err := os.Mkdir(beside, 0o777); err != nil {
		return fmt.Errorf("publishing to %s: %w", t.Dir, err)
	}
	if err = fill(c, whole, t, beside); err == nil {
		err = replace(dir, beside)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("publishing to %s: %w", t.Dir, err), os.RemoveAll(beside))
	}
	return nil
}

func fill(c *Copy, whole *grader.Suite, t Target, dir string) error {
	text, err := t.Marshal(c.Suite)
	if err != nil {
		return err
	}
	if err := copyFiles(c, whole, dir); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, suiteFile), append([]byte(header), text...), 0o666); err != nil {
		return err
	}
	return t.Verify(dir)
}

// replace moves a folder to its place, where nothing, an empty folder or an earlier copy is.
func replace(dir, by string) error {
	err := os.Remove(dir)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return os.Rename(by, dir)
	}
	old := by + "-old"
	if err := os.Rename(dir, old); err != nil {
		return err
	}
	if err := os.Rename(by, dir); err != nil {
		return errors.Join(err, os.Rename(old, dir))
	}
	return os.RemoveAll(old)
}

// real is a path without links as far as it is there.
func real(path string) string {
	for at, rest := path, ""; ; at, rest = filepath.Dir(at), filepath.Join(filepath.Base(at), rest) {
		if found, err := filepath.EvalSymlinks(at); err == nil {
			return filepath.Join(found, rest)
		}
		if at == filepath.Dir(at) {
			return path
		}
	}
}

func below(folder, path string) bool {
	return path == folder || strings.HasPrefix(path, strings.TrimSuffix(folder, "/")+"/")
}

func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
