package cgroup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"pocket/runtime/hint"
)

// Membership is the control groups that a process is in and we are not, opened for a new process to enter.
type Membership struct {
	entries []*os.File
	folder  *os.File
}

// Of opens the groups of a process. Groups that are not ours to write are left out when they are not of our
// making either: they hold no limit of ours. The caller makes sure that the process is still the one that is
// meant after Of, and closes the Membership.
func Of(pid int) (*Membership, error) {
	ours, err := readMounts("/proc/self/mountinfo", "/proc/self/cgroup")
	if err != nil {
		return nil, err
	}
	theirs, err := readMounts("/proc/self/mountinfo", fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil {
		return nil, err
	}
	m := &Membership{}
	seen := map[string]bool{}
	for name, dir := range theirs.v1 {
		if seen[dir] || dir == ours.v1[name] {
			continue
		}
		seen[dir] = true
		file, err := openHigh(filepath.Join(dir, "tasks"), unix.O_WRONLY)
		if err == nil {
			m.entries = append(m.entries, file)
		} else if made(dir) {
			return nil, errors.Join(notOurs(dir, err), m.Close())
		}
	}
	dir := theirs.v2
	if dir == "" || dir == ours.v2 || !made(dir) && unix.Access(filepath.Join(dir, "cgroup.procs"), unix.W_OK) != nil {
		return m, nil
	}
	if m.folder, err = openHigh(dir, unix.O_RDONLY|unix.O_DIRECTORY); err != nil {
		return nil, errors.Join(notOurs(dir, err), m.Close())
	}
	return m, nil
}

// made says whether a group is, or is in, one of our making.
func made(dir string) bool { return strings.Contains(dir, "/pocket-") }

func notOurs(dir string, err error) error {
	return hint.With(fmt.Errorf("open the control group %s: %w", dir, err), "be the user who made it")
}

// Folder is the descriptor for CLONE_INTO_CGROUP, or -1 when no v2 group is to be entered.
func (m *Membership) Folder() int {
	if m.folder == nil {
		return -1
	}
	return int(m.folder.Fd())
}

// Entries are the descriptors to which a process writes "0" to enter the v1 groups.
func (m *Membership) Entries() []int {
	var fds []int
	for _, f := range m.entries {
		fds = append(fds, int(f.Fd()))
	}
	return fds
}

// Close closes the descriptors.
func (m *Membership) Close() error {
	var failed error
	for _, f := range m.entries {
		failed = errors.Join(failed, f.Close())
	}
	if m.folder != nil {
		failed = errors.Join(failed, m.folder.Close())
	}
	return failed
}
