package judge

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"pocket/runtime/resource"
)

// Cleaned is what was removed.
type Cleaned struct {
	Items int           // workspaces, or what caches are made of
	Bytes resource.Size // what they took on the disk
}

// CleanLeftovers removes what killed processes of this user left in the folder for temporary files. What is in
// use stays.
func CleanLeftovers() Cleaned {
	var c Cleaned
	in := os.TempDir()
	entries, _ := os.ReadDir(in)
	for _, entry := range entries {
		if entry.IsDir() && strings.HasPrefix(entry.Name(), workspacePrefix) {
			dir := filepath.Join(in, entry.Name())
			c.count(dir, func() { removeLeftover(dir) })
		}
	}
	return c
}

// shelves are the names of what is kept for later runs of the same user: what was compiled, which toolchains were
// tried, and what submissions in a language share.
var shelves = []string{"builds", "libraries", "tried"}

// CleanCaches removes all that is kept for later runs of the same user. What is in use stays. The error says
// that the caches are not this user's alone, or not where they should be.
func CleanCaches() (Cleaned, error) {
	var c Cleaned
	var problems []error
	for _, name := range shelves {
		s, err := userShelf(name)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		entries, err := os.ReadDir(string(s))
		if err != nil {
			problems = append(problems, err)
		}
		for _, entry := range entries {
			path := filepath.Join(string(s), entry.Name())
			c.count(path, func() {
				if entry.IsDir() {
					s.remove(entry.Name())
				} else {
					_ = os.Remove(path) // what is left is seen by count
				}
			})
		}
	}
	return c, errors.Join(problems...)
}

// count removes something and adds it if it is gone.
func (c *Cleaned) count(path string, remove func()) {
	size := onDisk(path)
	remove()
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		c.Items++
		c.Bytes += size
	}
}

// onDisk is the size of a file or of all below a folder.
func onDisk(path string) resource.Size {
	total := resource.Size(0)
	_ = filepath.WalkDir(path, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil // what cannot be seen does not count
		}
		if about, err := entry.Info(); err == nil && about.Mode().IsRegular() {
			total += resource.Size(about.Size())
		}
		return nil
	})
	return total
}
