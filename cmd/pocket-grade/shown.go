package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"pocket/grader"
	"pocket/grader/runner"
	"pocket/runtime/hint"
)

// shown is what a suite's programs can read of the host, whichever cases are chosen: its volumes, and its
// root file system where that is the host's or a folder.
func shown(s *grader.Suite) []string {
	all := runner.Shown(s.RootFS)
	for _, c := range s.Cases {
		for _, v := range c.Volumes {
			all = append(all, v.Host)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// guarded refuses a suite that its programs can read through the root file system. In its volumes, what they must
// not read is masked.
func guarded(s *grader.Suite) error {
	root := runner.Shown(s.RootFS)
	seen := map[string]bool{}
	for _, file := range secrets(s) {
		if real, err := filepath.EvalSymlinks(file); err == nil {
			file = real
		}
		if dir := filepath.Dir(file); seen[dir] {
			continue
		} else {
			seen[dir] = true
		}
		if folder := shownIn(root, file); folder != "" {
			err := fmt.Errorf("suite %s: its programs can read all of %s, and in it %s", s.Name, folder, file)
			return hint.With(err, "move that to a folder which the root file system does not show, or give the suite another rootfs")
		}
	}
	return nil
}

// secrets are the files and folders of a suite by which programs could tell what is right.
func secrets(s *grader.Suite) []string {
	all := []string{s.File}
	if s.Submissions != "" {
		all = append(all, filepath.Join(s.Submissions, "any"))
	}
	for _, c := range s.Cases {
		if c.Answer.Path != "" {
			all = append(all, c.Answer.Path)
		}
		for _, t := range []*grader.Tool{c.Compare.Checker, c.Interactor} {
			if t != nil {
				all = append(all, t.Path)
			}
		}
	}
	return all
}

// apart refuses submissions, or folders and archives of them, that the suite's programs can read, and a folder for
// temporary files into which they would be copied: what one student handed in is none of another's business. The
// reference submissions are masked in volumes.
func apart(s *grader.Suite, submissions []string) error {
	seen := shown(s)
	for _, path := range submissions {
		folder := shownIn(seen, path)
		if folder == "" || masked(s, folder, path) {
			continue
		}
		err := fmt.Errorf("submission %s: the suite's programs can read all of %s, and in it what others handed in", path, folder)
		return hint.With(err, "move the submissions to another folder")
	}
	if folder := shownIn(seen, filepath.Join(os.TempDir(), "any")); folder != "" {
		err := fmt.Errorf("temporary files in %s: the suite's programs can read all of %s, and in it what others handed in", os.TempDir(), folder)
		return hint.With(err, "set TMPDIR to another folder")
	}
	return nil
}

// masked says that no program can open a submission that lies in a volume.
func masked(s *grader.Suite, volume, path string) bool {
	path = really(path)
	for _, c := range s.Cases {
		for _, v := range c.Volumes {
			if v.Host != volume {
				continue
			}
			return slices.ContainsFunc(v.Masks, func(mask string) bool {
				file := filepath.Join(really(v.Host), mask)
				return file == path || strings.HasPrefix(file, path+"/")
			})
		}
	}
	return false
}

// paths are where submissions lie.
func paths(entries []entry) []string {
	var all []string
	for _, e := range entries {
		if e.submission.Path != "" {
			all = append(all, e.submission.Path)
		}
	}
	return all
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
