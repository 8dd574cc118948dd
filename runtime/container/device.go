package container

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"syscall"

	"golang.org/x/sys/unix"

	"pocket/runtime/hint"
	"pocket/runtime/idmap"
	"pocket/runtime/rootfs"
)

// Device is a device of the host that is seen inside. What may be done with it is what its permissions give to the
// container's user as the host sees that one: nothing else holds it.
type Device struct {
	Host   string // absolute path of the node
	Target string // absolute, inside
}

func (d Device) check() error {
	info, err := os.Stat(d.Host)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return hint.With(fmt.Errorf("device %s: it does not exist", d.Host), "see what there is: ls -l /dev")
	case err != nil:
		return fmt.Errorf("device %s: %w", d.Host, err)
	case info.IsDir():
		return hint.With(fmt.Errorf("device %s: it is a folder", d.Host), "name the devices in it, each with a --device of its own")
	case info.Mode()&fs.ModeDevice == 0:
		return hint.With(fmt.Errorf("device %s: it is not a device", d.Host), "files are given with -v %s:%s", d.Host, d.Target)
	}
	return checkTarget(d.Target)
}

// devices are the mounts of the devices, with warnings of those that the program cannot use.
func (m *monitor) devices() ([]rootfs.Mount, error) {
	var list []rootfs.Mount
	for _, d := range m.cfg.Devices {
		info, err := os.Stat(d.Host)
		if err != nil {
			return nil, fmt.Errorf("device: %w", err)
		}
		if !m.permitted(d.Host, info) {
			m.warn(fmt.Sprintf("device %s cannot be opened inside: its permissions, %v, give nothing to the program's user, who is %d on this host",
				d.Host, info.Mode().Perm(), idmap.Host(m.ids().UIDs, m.cfg.UID)))
		}
		list = append(list, rootfs.Mount{Kind: rootfs.Bind, Source: d.Host, Target: path.Clean(d.Target), File: true, Device: true})
	}
	return list, nil
}

// permitted looks whether the program's user may read or write the device.
func (m *monitor) permitted(host string, info fs.FileInfo) bool {
	ids := m.ids()
	uid := idmap.Host(ids.UIDs, m.cfg.UID)
	if uid == os.Geteuid() { // groups and access control lists count too
		return unix.Access(host, unix.R_OK) == nil || unix.Access(host, unix.W_OK) == nil
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return true
	}
	mode := info.Mode().Perm()
	groups := append(m.cfg.supplementary(ids), m.cfg.GID)
	switch {
	case uid == int(owner.Uid):
		return mode&0o600 != 0
	case groupAmong(ids, groups, int(owner.Gid)):
		return mode&0o060 != 0
	}
	return mode&0o006 != 0
}

func groupAmong(ids idmap.Map, groups []int, host int) bool {
	for _, gid := range groups {
		if idmap.Host(ids.GIDs, gid) == host {
			return true
		}
	}
	return false
}
