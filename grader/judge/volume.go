package judge

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"pocket/grader"
)

// volumes are the copies of a suite's volumes that programs see, each made when it is first needed.
//
// What is mounted tells where it comes from (proc_pid_mountinfo(5), field 4), and the folders of a suite are
// called after cases, exercises and classes. And a file that no program may read is not in the copy, so
// that not even its name is.
type volumes struct {
	mu     sync.Mutex
	copies map[string]*copied // by path and what is masked
}

type copied struct {
	once sync.Once
	path string
	err  error
}

// volumes are those of a case as its program is to see them.
func (w *Workspace) volumes(all []grader.Volume) ([]grader.Volume, error) {
	var list []grader.Volume
	for _, v := range all {
		c := w.shared.of(v)
		c.once.Do(func() { c.path, c.err = w.copyVolume(v) })
		if c.err != nil {
			return nil, NoRoom(fmt.Errorf("copying the volume %s: %w", filepath.Base(v.Host), c.err))
		}
		list = append(list, grader.Volume{Host: c.path, Target: v.Target})
	}
	return list, nil
}

func (s *volumes) of(v grader.Volume) *copied {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := fmt.Sprintf("%q %q", v.Host, v.Masks)
	if s.copies[key] == nil {
		s.copies[key] = &copied{}
	}
	return s.copies[key]
}

// copyVolume copies a folder, or a file, as a program sees it that can read all of it but what is masked. What
// is neither a file, a folder nor a link is left out.
func (w *Workspace) copyVolume(v grader.Volume) (string, error) {
	dir, err := w.folder("volume")
	if err != nil {
		return "", err
	}
	real, err := filepath.EvalSymlinks(v.Host)
	if err != nil {
		return "", err
	}
	to := filepath.Join(dir, "content")
	var folders []func() error // folders get their modes and times last, when they are full
	err = filepath.WalkDir(real, func(file string, entry fs.DirEntry, err error) error {
		relative, relErr := filepath.Rel(real, file)
		switch {
		case entry == nil || relErr != nil:
			return errors.Join(err, relErr)
		case slices.Contains(v.Masks, relative):
			return nil
		case errors.Is(err, fs.ErrPermission): // the folder is there, empty; nor could a program list it
			return nil
		case err != nil:
			return err
		}
		settle, err := copyEntry(file, filepath.Join(to, relative), entry)
		if settle != nil {
			folders = append(folders, settle)
		}
		return err
	})
	for _, settle := range slices.Backward(folders) {
		err = errors.Join(err, settle())
	}
	return to, err
}

// copyEntry copies one file, link or folder. What a folder still needs when it has been filled is settle.
func copyEntry(from, to string, entry fs.DirEntry) (settle func() error, err error) {
	about, err := entry.Info()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // removed while the folder was read
	} else if err != nil {
		return nil, err
	}
	switch {
	case about.IsDir():
		return func() error { return alike(to, about) }, os.Mkdir(to, 0o700)
	case about.Mode().IsRegular():
		if err := copyContent(from, to); err != nil {
			return nil, err
		}
		return nil, alike(to, about)
	case about.Mode()&fs.ModeSymlink != 0:
		target, err := os.Readlink(from)
		if err != nil {
			return nil, err
		}
		return nil, os.Symlink(target, to)
	}
	return nil, nil
}

// alike gives a copy the mode and the time of what it is a copy of.
func alike(to string, about fs.FileInfo) error {
	mode := about.Mode().Perm()
	if about.Mode()&fs.ModeSticky != 0 {
		mode |= fs.ModeSticky
	}
	return errors.Join(os.Chmod(to, mode), os.Chtimes(to, about.ModTime(), about.ModTime()))
}

// copyContent copies what is in a file; one that cannot be read becomes one that is empty and cannot be read.
func copyContent(from, to string) error {
	source, err := openRegular(os.OpenFile, from)
	if errors.Is(err, fs.ErrPermission) {
		return os.WriteFile(to, nil, 0)
	} else if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source) // copy_file_range(2): where the file system can, nothing is copied at all
	return errors.Join(err, target.Close())
}
