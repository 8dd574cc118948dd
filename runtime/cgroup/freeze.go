package cgroup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// ErrNoFreezer says that there is no control group by which the processes could be stopped.
var ErrNoFreezer = errors.New("no freezer: the process tree has no control group that can stop it")

// freezePatience is how long stopping may take: a process in an uninterruptible wait stops only after it.
const freezePatience = 10 * time.Second

// CanFreeze says whether Freeze has a control group to work with.
func (g *Group) CanFreeze() bool { return g.host != nil && g.dir(g.host.Freezer) != "" }

// Freeze stops every process of the group where it stands until Thaw, and returns when all stand. It
// returns the kernel's name of what stops them. The error is ErrNoFreezer when there is none; after any
// error the group runs.
//
// In a frozen v2 group SIGKILL works (cgroup-v2.rst, "cgroup.freeze"); in a v1 group only after Thaw.
func (g *Group) Freeze() (source string, err error) {
	if !g.CanFreeze() {
		return "", ErrNoFreezer
	}
	dir := g.dir(g.host.Freezer)
	if g.host.Freezer.Version == 1 {
		source, err = "freezer.state", freeze1(dir)
	} else {
		source, err = "cgroup.freeze", freeze2(dir)
	}
	if err != nil {
		return "", errors.Join(fmt.Errorf("freeze %s: %w", dir, err), g.Thaw())
	}
	return source, nil
}

// Thaw lets the processes of the group go on. It is no error when they run.
func (g *Group) Thaw() error {
	switch {
	case !g.CanFreeze():
		return nil
	case g.host.Freezer.Version == 1:
		return set(g.dir(g.host.Freezer), setting{"freezer.state", "THAWED", false})
	}
	return set(g.dir(g.host.Freezer), setting{"cgroup.freeze", "0", false})
}

// freeze1 writes again and again: a group whose processes fork meanwhile can stay in FREEZING for ever
// (cgroup-v1/freezer-subsystem.rst), and the kernel offers no event to wait for.
func freeze1(dir string) error {
	for end := time.Now().Add(freezePatience); ; time.Sleep(time.Millisecond) {
		if err := set(dir, setting{"freezer.state", "FROZEN", false}); err != nil {
			return err
		}
		state, err := os.ReadFile(filepath.Join(dir, "freezer.state"))
		if err != nil || strings.TrimSpace(string(state)) == "FROZEN" {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("it is still %s after %s", strings.TrimSpace(string(state)), freezePatience)
		}
	}
}

// freeze2 waits for the kernel's word that all processes stand (cgroup-v2.rst, "cgroup.events").
func freeze2(dir string) error {
	events, err := os.Open(filepath.Join(dir, "cgroup.events"))
	if err != nil {
		return err
	}
	defer events.Close()
	if err := set(dir, setting{"cgroup.freeze", "1", false}); err != nil {
		return err
	}
	for end := time.Now().Add(freezePatience); ; {
		if frozen, err := readKey(dir, "cgroup.events", "frozen"); err != nil || frozen == 1 {
			return err
		}
		left := time.Until(end)
		if left <= 0 {
			return fmt.Errorf("its processes do not stand after %s", freezePatience)
		}
		// A change wakes us; the limit is for one between the reading and the wait.
		fds := []unix.PollFd{{Fd: int32(events.Fd()), Events: unix.POLLPRI}}
		if _, err := unix.Poll(fds, int(min(left, 20*time.Millisecond).Milliseconds())+1); err != nil && err != unix.EINTR {
			return err
		}
	}
}
