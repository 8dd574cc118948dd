package cgroup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"pocket/runtime/hint"
)

// unified is the v2 folder in which we make groups.
type unified struct {
	base    string   // "" when there is none
	enabled []string // controllers that child groups of base have
	reason  error    // why there is no base, or why a controller could not be enabled
}

const delegateHint = "start it in a delegated group: systemd-run --user --scope -p Delegate=yes COMMAND"

// openUnified finds a v2 folder below which we may make groups, and enables the controllers there.
func openUnified(h hierarchies) unified {
	if h.v2 == "" {
		return unified{reason: errors.New("cgroup v2 is not mounted")}
	}
	base := h.v2
	if filepath.Base(base) == leaf {
		base = filepath.Dir(base)
	}
	if os.Geteuid() == 0 && h.v2Path != "/" && writable(h.v2Mount) {
		base = h.v2Mount // root makes its groups at the top, as other container runtimes do
	}
	if !writable(base) {
		return unified{reason: hint.With(fmt.Errorf("cgroup v2: %s is not ours to write", base), delegateHint)}
	}
	u := unified{base: base}
	u.reason = u.enable("memory", "cpu", "pids")
	return u
}

// has says whether groups below base have a controller, and turns it on where that is allowed.
func (u *unified) has(name string) bool {
	if !slices.Contains(u.enabled, name) && slices.Contains(words(u.base, "cgroup.controllers"), name) {
		_ = write(u.base, "cgroup.subtree_control", "+"+name) // what came of it is read below
		u.enabled = words(u.base, "cgroup.subtree_control")
	}
	return slices.Contains(u.enabled, name)
}

func writable(dir string) bool {
	return unix.Access(dir, unix.W_OK) == nil &&
		unix.Access(filepath.Join(dir, "cgroup.procs"), unix.W_OK) == nil &&
		unix.Access(filepath.Join(dir, "cgroup.subtree_control"), unix.W_OK) == nil
}

// enable turns controllers on for the children of base, where it is not so yet. A group with processes of
// its own may not do that (EBUSY), so those are moved into a leaf first.
func (u *unified) enable(names ...string) error {
	var failed error
	for _, name := range names {
		if slices.Contains(words(u.base, "cgroup.subtree_control"), name) {
			continue
		}
		if !slices.Contains(words(u.base, "cgroup.controllers"), name) {
			failed = hint.With(fmt.Errorf("cgroup v2: the %s controller is not delegated to %s", name, u.base),
				"delegate it: systemctl edit user@.service, [Service] Delegate=cpu cpuset io memory pids")
			continue
		}
		err := write(u.base, "cgroup.subtree_control", "+"+name)
		if errors.Is(err, unix.EBUSY) && u.makeRoom() == nil {
			err = write(u.base, "cgroup.subtree_control", "+"+name)
		}
		if err != nil {
			failed = fmt.Errorf("enable the %s controller: %w", name, err)
		}
	}
	u.enabled = words(u.base, "cgroup.subtree_control")
	return failed
}

func (u *unified) makeRoom() error {
	aside := filepath.Join(u.base, leaf)
	if err := os.Mkdir(aside, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	for _, pid := range words(u.base, "cgroup.procs") {
		if err := write(aside, "cgroup.procs", pid); err != nil && !errors.Is(err, unix.ESRCH) {
			return err
		}
	}
	return nil
}

// usable says why a controller cannot be used in v2, or nil.
func (u *unified) usable(name string) error {
	if u.base == "" {
		return u.reason
	}
	if name == "cpuacct" || slices.Contains(u.enabled, name) {
		return nil // cpu.stat's usage is in every v2 group
	}
	if u.reason != nil {
		return u.reason
	}
	return fmt.Errorf("cgroup v2: no %s controller here", name)
}

func words(dir, file string) []string {
	text, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		return nil
	}
	return strings.Fields(string(text))
}

func write(dir, file, value string) error {
	f, err := os.OpenFile(filepath.Join(dir, file), os.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(value)
	return errors.Join(err, f.Close())
}
