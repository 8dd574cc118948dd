// Package stray tells what programs left behind, for the tests of both: processes, control groups, mounts, files.
package stray

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Adopt makes this process the parent of all its descendants whose parents die (PR_SET_CHILD_SUBREAPER(2const)),
// so that Processes finds them.
func Adopt() error { return unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }

// Processes waits until this process has no descendants and returns those that are left after patience. Nothing
// that package os/exec waits for may run meanwhile.
func Processes(patience time.Duration) []string {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, unix.SIGCHLD)
	defer signal.Stop(ended)
	over := time.After(patience)
	for {
		pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil)
		switch {
		case errors.Is(err, unix.ECHILD):
			return nil
		case err == nil && pid > 0, errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return []string{err.Error()}
		}
		select {
		case <-ended:
		case <-over:
			return children()
		}
	}
}

// children lists this process's children, as in a message.
func children() []string {
	var list []string
	tasks, _ := filepath.Glob("/proc/self/task/*/children")
	for _, task := range tasks {
		text, _ := os.ReadFile(task) // the task may have ended
		for _, pid := range strings.Fields(string(text)) {
			line, _ := os.ReadFile(filepath.Join("/proc", pid, "cmdline"))
			status, _ := os.ReadFile(filepath.Join("/proc", pid, "stat"))
			list = append(list, fmt.Sprintf("process %s %q (%.60s)", pid, strings.ReplaceAll(string(line), "\x00", " "), status))
		}
	}
	return list
}

// Groups returns the control groups that processes with these ids have made.
func Groups(makers map[int]bool) []string {
	const depth = 6 // below it a process is rarely that makes groups
	var list []string
	top := "/sys/fs/cgroup"
	_ = filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return nil // it is gone meanwhile, or not ours to see
		}
		rest, ours := strings.CutPrefix(entry.Name(), "pocket-")
		pid, _, _ := strings.Cut(rest, "-")
		if n, err := strconv.Atoi(pid); ours && err == nil && makers[n] {
			list = append(list, path)
		}
		if strings.Count(path, "/")-strings.Count(top, "/") >= depth {
			return fs.SkipDir
		}
		return nil
	})
	return list
}

// Mounts are the mounts that this process sees, one a line as in proc_pid_mountinfo(5).
func Mounts() ([]string, error) {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n"), nil
}

// Files are the paths of all that is below a folder, relative to it, but those of a database's side files, which
// come and go.
func Files(dir string) ([]string, error) {
	var list []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if !strings.HasSuffix(name, "-wal") && !strings.HasSuffix(name, "-shm") {
			list = append(list, name)
		}
		return nil
	})
	slices.Sort(list)
	return list, err
}

// Beyond returns what is in now and was not before.
func Beyond(before, now []string) []string {
	return slices.DeleteFunc(slices.Clone(now), func(s string) bool { return slices.Contains(before, s) })
}

// Open counts what a process has open, by its id: descriptors, and mappings of its memory with a name.
func Open(pid int) (descriptors int, err error) {
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if errors.Is(err, syscall.ESRCH) {
		err = fs.ErrNotExist
	}
	return len(entries), err
}
