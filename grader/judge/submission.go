package judge

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"syscall"

	"pocket/grader"
	"pocket/runtime/hint"
	"pocket/runtime/resource"
)

// The largest submission that is taken.
const (
	MaxFiles = 10_000
	MaxBytes = 100 * resource.MiB
	// A compiler gets all sources on its command line, which the kernel bounds (execve(2)).
	maxNames = 128 << 10
	// Below the workspace and in the sandbox, paths must stay below PATH_MAX.
	maxName = 1024
)

// NewSubmission looks at what was handed in: a file or a folder. Every file below it must be a regular
// file that can be read: a link could lead to an answer, a device or a fifo never ends. The language is
// left empty. Errors name the file and carry a hint.
func NewSubmission(path string) (grader.Submission, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return grader.Submission{}, fmt.Errorf("submission %s: %w", path, err)
	}
	files, err := Sources(absolute)
	if err != nil {
		err = fmt.Errorf("submission %s: %w", path, err)
	}
	return grader.Submission{Name: filepath.Base(absolute), Path: absolute, Files: files}, err
}

// Sources lists the files of a submission as NewSubmission does; its errors do not name the submission.
func Sources(path string) ([]string, error) {
	about, err := os.Lstat(path)
	if err != nil {
		return nil, unreadable(err)
	}
	if !about.IsDir() {
		_, err := probe(path, about.Mode(), 0)
		return []string{filepath.Base(path)}, err
	}
	files, err := walk(path, MaxFiles)
	if err == nil && len(files) == 0 {
		err = hint.With(errors.New("the folder has no files"), "hand in a source file or a folder with sources")
	}
	return files, err
}

func unreadable(err error) error {
	var cause *fs.PathError
	if errors.As(err, &cause) {
		err = cause.Err
	}
	if errors.Is(err, fs.ErrNotExist) {
		return hint.With(err, "check the path; a submission is a file or a folder")
	}
	return hint.With(err, "make it readable for the user who grades")
}

// walk lists the files below a folder, relative to it and sorted, without what is nobody's work; more than
// most are an error.
func walk(root string, most int) ([]string, error) {
	var files []string
	var total resource.Size
	names := 0
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return hint.With(err, "make it readable for the user who grades")
		}
		switch {
		case path != root && grader.Clutter(entry.Name()) && entry.IsDir():
			return fs.SkipDir
		case entry.IsDir() || grader.Clutter(entry.Name()):
			return nil
		}
		if len(files) == most {
			err := fmt.Errorf("more than %d files", most)
			return hint.With(err, "hand in the sources only")
		}
		size, err := probe(path, entry.Type(), total)
		if err != nil {
			return err
		}
		total += size
		relative, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		files, names = append(files, filepath.ToSlash(relative)), names+len(relative)
		return tooLong(relative, names)
	})
	sort.Strings(files)
	return files, err
}

// tooLong refuses a file's path below the submission, or all paths together, that are too long.
func tooLong(name string, names int) error {
	switch {
	case len(name) > maxName:
		err := fmt.Errorf("a path of %d bytes (%.40q…)", len(name), name)
		return hint.With(err, "shorten the names of files and folders to %d bytes together", maxName)
	case names > maxNames:
		err := fmt.Errorf("the names of the files have more than %s together", resource.Size(maxNames).Human())
		return hint.With(err, "hand in the sources only, under shorter names")
	}
	return nil
}

// probe checks that a file is one that can be handed in beside those that have total bytes, and returns
// its size. The type is looked at before the file is opened: opening a fifo or a device can block or act.
func probe(path string, mode fs.FileMode, total resource.Size) (resource.Size, error) {
	if !mode.IsRegular() {
		return 0, irregular(filepath.Base(path), mode)
	}
	f, err := openRegular(os.OpenFile, path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	about, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if total+resource.Size(about.Size()) > MaxBytes {
		return 0, tooLarge()
	}
	return resource.Size(about.Size()), nil
}

// openRegular opens a file for reading and refuses what has meanwhile become a link, a fifo or a device.
func openRegular(open func(string, int, fs.FileMode) (*os.File, error), name string) (*os.File, error) {
	// O_NONBLOCK: without it, opening a fifo that nobody writes to never returns (open(2)).
	f, err := open(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, hint.With(err, "make it readable for the user who grades")
	}
	about, err := f.Stat()
	if err == nil && !about.Mode().IsRegular() {
		err = irregular(filepath.Base(name), about.Mode())
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func irregular(name string, mode fs.FileMode) error {
	kind := "not a regular file"
	switch {
	case mode&fs.ModeSymlink != 0:
		kind = "a symbolic link"
	case mode&fs.ModeNamedPipe != 0:
		kind = "a fifo"
	case mode&fs.ModeSocket != 0:
		kind = "a socket"
	case mode&fs.ModeDevice != 0:
		kind = "a device"
	}
	return hint.With(fmt.Errorf("%s is %s", name, kind), "hand in regular files and folders only")
}

func tooLarge() error {
	return hint.With(fmt.Errorf("more than %s", MaxBytes.Human()), "hand in the sources only")
}
