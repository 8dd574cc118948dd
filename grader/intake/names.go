package intake

import (
	"io/fs"
	"path/filepath"
)

// maxGlance is how many files of a submission Names looks at.
const maxGlance = 1000

// Names returns the names of the files that were handed in, as far as they can be seen without unpacking: an
// archive is one file. It is no check of what was handed in; what cannot be read is left out.
func (e Entry) Names() []string {
	var names []string
	for _, p := range e.pieces {
		_ = filepath.WalkDir(p.path, func(path string, entry fs.DirEntry, err error) error {
			if len(names) == maxGlance {
				return filepath.SkipAll
			}
			if err != nil || entry.IsDir() {
				return nil
			}
			name, err := filepath.Rel(p.path, path)
			if err != nil || name == "." {
				if name = p.as; name == "" {
					name = filepath.Base(path)
				}
			}
			names = append(names, filepath.ToSlash(name))
			return nil
		})
	}
	return names
}
