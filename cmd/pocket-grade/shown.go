package main

import (
	"os"
	"path/filepath"
	"slices"

	"pocket/grader"
)

// shown is what a suite's programs can read of the host, whichever cases are chosen: its volumes, and its
// root file system where that is a folder.
func shown(s *grader.Suite) []string {
	var all []string
	if filepath.IsAbs(s.RootFS) {
		all = append(all, s.RootFS)
	}
	for _, c := range s.Cases {
		for _, v := range c.Volumes {
			all = append(all, v.Host)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// shownIn returns the one of the folders and files in which a file lies, or would lie if it were made; ""
// when it is in none. They are compared by identity, so that neither links nor bind mounts hide anything.
func shownIn(folders []string, file string) string {
	above := ancestry(file)
	for _, folder := range folders {
		about, err := os.Stat(folder)
		if err != nil {
			continue
		}
		if slices.ContainsFunc(above, func(one os.FileInfo) bool { return os.SameFile(one, about) }) {
			return folder
		}
	}
	return ""
}

// ancestry is a file, where it exists, and all folders above the place where it really lies.
func ancestry(file string) []os.FileInfo {
	var all []os.FileInfo
	for path := really(file); ; path = filepath.Dir(path) {
		if about, err := os.Stat(path); err == nil {
			all = append(all, about)
		}
		if path == filepath.Dir(path) {
			return all
		}
	}
}

// really resolves the links in a path, also where the last of them leads to a file that is yet to be made,
// as opening it for writing does.
func really(path string) string {
	path, err := filepath.Abs(path)
	for links := 0; err == nil && links < 40; links++ { // as many as the kernel follows
		if dir, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
			path = filepath.Join(dir, filepath.Base(path))
		}
		target, err := os.Readlink(path)
		if err != nil {
			break
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		path = target
	}
	return path
}
