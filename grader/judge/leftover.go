package judge

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

const (
	workspacePrefix = "pocket-grade-"
	// marker lies in a workspace from when it is locked until it is empty: only a folder with it, or an empty
	// one, is ever taken for one that a killed process left.
	marker = ".pocket-grade-workspace"
)

// mark locks a new workspace for the life of the process and only then marks it: whoever finds the mark
// and no lock knows that its owner is dead.
func mark(dir string) (*os.File, error) {
	folder, err := lock(dir, syscall.LOCK_EX)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, marker), nil, 0o600); err != nil {
		return nil, errors.Join(err, folder.Close())
	}
	return folder, nil
}

// removeMarked removes a workspace, its mark last: what is left when that is cut short is found again.
func removeMarked(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, entry := range entries {
		if entry.Name() != marker {
			err = errors.Join(err, removeAll(filepath.Join(dir, entry.Name())))
		}
	}
	if err != nil {
		return err
	}
	return removeAll(dir)
}

// removeLeftovers removes the workspaces in a folder that killed processes of this user left behind. What
// cannot be removed now is tried again by the next run.
func removeLeftovers(in string) {
	entries, err := os.ReadDir(in)
	if err != nil {
		return
	}
	for _, entry := range entries {
		if entry.IsDir() && strings.HasPrefix(entry.Name(), workspacePrefix) {
			removeLeftover(filepath.Join(in, entry.Name()))
		}
	}
}

func removeLeftover(dir string) {
	if !belongs(dir, fs.ModeDir) {
		return
	}
	folder, err := lock(dir, syscall.LOCK_EX)
	if err != nil {
		return // its owner lives, or another run is removing it
	}
	defer folder.Close()
	if !belongs(filepath.Join(dir, marker), 0) {
		_ = os.Remove(dir) // if it is empty: its owner was killed before it had marked it, or makes another
		return
	}
	_ = removeMarked(dir)
}

// belongs says whether a file is of this type, not a link to one, and this user's.
func belongs(path string, kind fs.FileMode) bool {
	about, err := os.Lstat(path)
	if err != nil {
		return false
	}
	owner, ok := about.Sys().(*syscall.Stat_t)
	return ok && int(owner.Uid) == os.Geteuid() && about.Mode().Type() == kind
}
