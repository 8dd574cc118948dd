package judge

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"

	"pocket/grader"
)

// stampOf is another when what a case reads of the host is written to or replaced: its input, its answer, its
// volumes and the programs of the suite's that take part. The time of the last change of status tells (inode(7)):
// no program sets it back.
func stampOf(c grader.Case) string {
	paths := []string{c.Input.Path, c.Answer.Path}
	for _, v := range c.Volumes {
		paths = append(paths, v.Host)
	}
	for _, t := range []*grader.Tool{c.Compare.Checker, c.Interactor} {
		if t != nil {
			paths = append(paths, t.Path)
		}
	}
	text := ""
	for _, path := range paths {
		if path == "" {
			continue
		}
		_ = filepath.WalkDir(path, func(name string, _ fs.DirEntry, _ error) error {
			var about syscall.Stat_t
			err := syscall.Stat(name, &about)
			text += fmt.Sprintf("%q %d %d %d %v %v\n", name, about.Dev, about.Ino, about.Size, about.Ctim, err)
			return nil
		})
	}
	return text
}
