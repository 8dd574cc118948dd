package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// writeOutput lets write fill a file, or with "-" standard output. A file is there whole or as it was
// before, also when the machine stops meanwhile: it is written beside its place and then moved there. What
// is no regular file, a pipe or /dev/stdout, is written to directly.
func writeOutput(c console, path string, write func(io.Writer) error) error {
	if path == "-" {
		return write(c.out)
	}
	about, err := os.Stat(path)
	if err == nil && !about.Mode().IsRegular() {
		return writeDirectly(path, write)
	}
	place := really(path) // a link stays one
	beside := filepath.Join(filepath.Dir(place), ".pocket-grade-"+rand.Text())
	file, err := os.OpenFile(beside, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return fmt.Errorf("%s: %w", path, cause(err))
	}
	if about != nil {
		err = file.Chmod(about.Mode().Perm())
	}
	if err == nil {
		err = write(file)
	}
	if err == nil {
		err = file.Sync()
	}
	err = errors.Join(err, file.Close())
	if err == nil {
		err = os.Rename(beside, place)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("%s: %w", path, cause(err)), os.Remove(beside))
	}
	return nil
}

// cause is an error without the name of the file beside, which is nobody's.
func cause(err error) error {
	var of *fs.PathError
	if errors.As(err, &of) {
		return of.Err
	}
	return err
}

func writeDirectly(path string, write func(io.Writer) error) error {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(write(file), file.Close())
}
