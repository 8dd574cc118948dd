package judge

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"pocket/runtime/failpoint"
)

// shelf is a folder that holds the folders of caches. Several processes may use it at once: a folder has
// its final name only when it is complete, and who uses it holds a lock on it, which keeps others from
// removing it. The kernel drops locks when a process ends, however it ends (flock(2)).
type shelf string

const (
	keptCaches = 4         // so many of the last used caches are kept
	unfinished = "."       // begins the name of a folder that is being filled or removed
	draftAge   = time.Hour // a folder that is still unfinished by then and not locked was left behind
)

// userShelf is a shelf of this name that all runs of a user share. The error says why there is none.
func userShelf(name string) (shelf, error) {
	base, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	home := filepath.Join(base, "pocket-grade")
	dir := filepath.Join(home, name)
	if err := ours(nearest(dir), 0); err != nil { // root must not leave folders in another user's home
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	// What another user puts there would become part of every submission.
	if err := errors.Join(ours(home, 0o022), ours(dir, 0o022)); err != nil {
		return "", err
	}
	return shelf(dir), nil
}

// shelf is the user's shelf of this name, where it can be told what things on it belong to.
func (w *Workspace) shelf(name string) (shelf, error) {
	if w.Root == "" {
		return "", errors.New("what the root file system is made of is not known")
	}
	return userShelf(name)
}

// nearest returns the path or the nearest folder above it that exists.
func nearest(path string) string {
	for path != filepath.Dir(path) {
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		path = filepath.Dir(path)
	}
	return path
}

// ours says whether a folder belongs to this user and has none of the permissions.
func ours(path string, without fs.FileMode) error {
	about, err := os.Stat(path)
	if err != nil {
		return err
	}
	owner, ok := about.Sys().(*syscall.Stat_t)
	if !ok || int(owner.Uid) != os.Geteuid() || about.Mode()&without != 0 {
		return fmt.Errorf("%s can be changed by another user", path)
	}
	return nil
}

// take opens and locks a cache for use; nil when it is not there. It counts as used last.
func (s shelf) take(name string) *os.File {
	path := filepath.Join(string(s), name)
	folder, err := lock(path, syscall.LOCK_SH)
	if err != nil {
		return nil
	}
	now := time.Now()
	// On a read-only file system this fails, and there nothing is ever removed either.
	_ = os.Chtimes(path, now, now)
	return folder
}

// lock opens a folder and locks it, if nobody else's lock forbids it and it is not removed meanwhile.
func lock(path string, how int) (*os.File, error) {
	folder, err := os.OpenFile(path, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(folder.Fd()), how|syscall.LOCK_NB)
	if err == nil && !isStill(path, folder) {
		err = fs.ErrNotExist
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), folder.Close())
	}
	return folder, nil
}

func isStill(path string, folder *os.File) bool {
	there, err := os.Lstat(path)
	open, errOpen := folder.Stat()
	return err == nil && errOpen == nil && os.SameFile(there, open)
}

// draft makes a new folder, locked, that is to be filled.
func (s shelf) draft() (*os.File, error) {
	dir, err := os.MkdirTemp(string(s), unfinished)
	if err != nil {
		return nil, err
	}
	draft, err := lock(dir, syscall.LOCK_EX)
	if err != nil {
		return nil, errors.Join(err, os.Remove(dir))
	}
	return draft, nil
}

// discard removes an unfinished folder.
func discard(draft *os.File) error {
	return errors.Join(removeAll(draft.Name()), draft.Close())
}

// publish gives a complete draft its name and takes it. Another process may have been faster; then its
// folder is as good.
func (s shelf) publish(draft *os.File, name string) (*os.File, error) {
	if err := complete(draft.Name()); err != nil {
		return nil, errors.Join(fmt.Errorf("keep the cache: %w", err), discard(draft))
	}
	return s.place(draft, name)
}

// place is publish for what need not be written to the disk.
func (s shelf) place(draft *os.File, name string) (*os.File, error) {
	// From now on a lock for use, or another process would take the folder for one that is being removed.
	err := syscall.Flock(int(draft.Fd()), syscall.LOCK_SH)
	if err == nil {
		err = failpoint.At("shelf.place")
	}
	if err == nil {
		err = os.Rename(draft.Name(), filepath.Join(string(s), name))
	}
	if err != nil {
		err = errors.Join(err, discard(draft))
	} else {
		defer draft.Close()
	}
	if folder := s.take(name); folder != nil {
		return folder, nil
	}
	return nil, errors.Join(fmt.Errorf("keep the cache: %s cannot be used", name), err)
}

// complete makes everything below a folder readable for the sandbox's user, whatever the umask, and writes
// it to the disk: after a power cut, a folder with its final name must not have empty files.
func complete(dir string) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		mode := fs.FileMode(0o644)
		if entry.IsDir() {
			mode = 0o755
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		err = f.Chmod(mode)
		if !entry.IsDir() {
			err = errors.Join(err, f.Sync())
		}
		return errors.Join(err, f.Close())
	})
}

// tidy removes all but the caches used last, and what killed processes left behind. What is in use stays;
// what cannot be removed now is tried again by the next run.
func (s shelf) tidy() {
	entries, err := os.ReadDir(string(s))
	if err != nil {
		return
	}
	var finished []fs.FileInfo
	for _, entry := range entries {
		about, err := entry.Info()
		switch {
		case err != nil || !about.IsDir():
		case !strings.HasPrefix(about.Name(), unfinished):
			finished = append(finished, about)
		case time.Since(about.ModTime()) > draftAge:
			s.remove(about.Name())
		}
	}
	slices.SortFunc(finished, func(a, b fs.FileInfo) int {
		return cmp.Or(b.ModTime().Compare(a.ModTime()), strings.Compare(a.Name(), b.Name()))
	})
	for _, about := range finished[min(keptCaches, len(finished)):] {
		s.remove(about.Name())
	}
}

// remove removes a folder unless it is in use. It loses its name first: nobody finds half of it.
func (s shelf) remove(name string) {
	folder, err := lock(filepath.Join(string(s), name), syscall.LOCK_EX)
	if err != nil {
		return
	}
	defer folder.Close()
	grave, err := os.MkdirTemp(string(s), unfinished)
	if err != nil {
		return
	}
	_ = os.Rename(folder.Name(), filepath.Join(grave, "removed"))
	_ = removeAll(grave)
}
