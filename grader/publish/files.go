package publish

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"pocket/grader"
	"pocket/runtime/hint"
)

// writer copies files of a suite to the same places in another folder.
type writer struct {
	from   string
	to     *os.Root // links that were copied lead nowhere else
	secret []string // absolute paths of files that are not copied with a folder
	done   map[string]bool

	answers answers
	walking bool   // what is copied was found in a folder
	twins   []Twin // such files that are hidden answers
}

// copyFiles copies all files that the planned suite names into the folder to, and notes the programs among them.
func copyFiles(c *Copy, whole *grader.Suite, to string) error {
	root, err := os.OpenRoot(to)
	if err != nil {
		return err
	}
	defer root.Close()
	hidden, err := kept(c, whole)
	if err == nil {
		err = hidden.texts(c)
	}
	if err != nil {
		return err
	}
	w := &writer{answers: hidden, from: c.Suite.Dir, to: root, secret: secrets(c.Suite, whole), done: map[string]bool{}}
	if c.Suite.LanguageFile != "" {
		if err := w.file(c.Suite.LanguageFile); err != nil {
			return err
		}
	}
	if filepath.IsAbs(c.Suite.RootFS) {
		if err := w.rootFS(c.Suite.RootFS); err != nil {
			return err
		}
	}
	// Volumes come last: of what is a link in one and an input besides, the copy has a file.
	for _, part := range []func(*Copy, grader.Case) error{w.named, w.volumes} {
		for _, one := range c.Suite.Cases {
			if err := part(c, one); err != nil {
				return fmt.Errorf("case %s: %w", one.Name, err)
			}
		}
	}
	return w.told(c)
}

// secrets is what must not be copied with a folder in which it lies: the inputs and answers of cases that are not
// in the copy, and the answers of those that have a digest there.
func secrets(left, whole *grader.Suite) []string {
	var named, all []string
	for _, c := range left.Cases {
		named = append(named, c.Input.Path, c.Answer.Path)
	}
	for _, c := range whole.Cases {
		for _, path := range []string{c.Input.Path, c.Answer.Path} {
			if path != "" && !slices.Contains(named, path) {
				all = append(all, path)
			}
		}
	}
	return all
}

func (w *writer) rootFS(path string) error {
	if relative, err := filepath.Rel(w.from, path); err != nil || !filepath.IsLocal(relative) {
		return hint.With(fmt.Errorf("the rootfs %s is not in the suite's folder, so that no copy could be graded", path),
			"put it there, or make it an image")
	}
	return w.tree(path, nil)
}

// named copies a case's files and programs.
func (w *writer) named(c *Copy, one grader.Case) error {
	for _, t := range []grader.Text{one.Input, one.Answer} {
		if t.Path == "" {
			continue
		}
		if err := w.file(t.Path); err != nil {
			return err
		}
	}
	for _, t := range []*grader.Tool{one.Compare.Checker, one.Interactor} {
		if t == nil {
			continue
		}
		if relative, err := filepath.Rel(w.from, t.Path); err == nil && !slices.Contains(c.Programs, relative) {
			c.Programs = append(c.Programs, relative)
		}
		if err := w.tree(t.Path, nil); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) volumes(_ *Copy, one grader.Case) error {
	for _, v := range one.Volumes {
		if err := w.tree(v.Host, v.Masks); err != nil {
			return err
		}
	}
	return nil
}

// tree copies a file or a folder without what is masked in it and what is secret.
func (w *writer) tree(path string, masks []string) error {
	w.walking = true
	defer func() { w.walking = false }()
	return filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
		relative, _ := filepath.Rel(path, file) // below it
		switch {
		case err != nil:
			return err
		case slices.Contains(masks, relative) || w.isSecret(file):
			return nil
		case entry.IsDir():
			return w.folder(file, entry)
		case entry.Type()&fs.ModeSymlink != 0 && file != path:
			return w.link(file)
		case entry.Type().IsRegular() || file == path:
			return w.file(file)
		}
		return nil // what is neither cannot be handed on
	})
}

// isSecret compares files by identity: a secret one may have a second name.
func (w *writer) isSecret(file string) bool {
	if slices.Contains(w.secret, file) {
		return true
	}
	about, err := os.Lstat(file)
	if err != nil || about.IsDir() || about.Sys().(*syscall.Stat_t).Nlink < 2 {
		return false
	}
	return slices.ContainsFunc(w.secret, func(other string) bool {
		same, err := os.Stat(other)
		return err == nil && os.SameFile(same, about)
	})
}

// place is where a file of the suite lies in the copy, relative to it; done says that it is there already.
func (w *writer) place(path string) (place string, done bool, err error) {
	place, err = filepath.Rel(w.from, path)
	if err != nil || !filepath.IsLocal(place) {
		return "", false, fmt.Errorf("%s is not in the suite's folder", path)
	}
	if w.done[place] {
		return place, true, nil
	}
	w.done[place] = true
	return place, false, w.to.MkdirAll(filepath.Dir(place), 0o777)
}

// folder makes a folder that can be written while it is filled.
func (w *writer) folder(path string, entry fs.DirEntry) error {
	place, done, err := w.place(path)
	if err != nil || done {
		return err
	}
	about, err := entry.Info()
	if err != nil {
		return err
	}
	if err := w.to.Mkdir(place, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return w.to.Chmod(place, about.Mode().Perm()|0o700)
}

func (w *writer) link(path string) error {
	place, done, err := w.place(path)
	if err != nil || done {
		return err
	}
	target, err := os.Readlink(path)
	if err != nil {
		return err
	}
	if err := w.to.Symlink(target, place); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil // a file that a case names lies behind it, and so the copy has a folder
}

// file copies what must be a regular file, also behind a link.
func (w *writer) file(path string) (err error) {
	place, done, err := w.place(path)
	if err != nil || done {
		return err
	}
	from, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a fifo must not keep us waiting
	if err != nil {
		return err
	}
	defer from.Close()
	about, err := from.Stat()
	if err != nil || !about.Mode().IsRegular() {
		return errors.Join(err, fmt.Errorf("%s is not a regular file", path))
	}
	to, err := w.to.OpenFile(place, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	sum := sha256.New()
	if _, err = io.Copy(io.MultiWriter(to, sum), from); err == nil {
		w.found(place, [sha256.Size]byte(sum.Sum(nil)))
	}
	return errors.Join(err, to.Chmod(about.Mode().Perm()|0o400), to.Close())
}
