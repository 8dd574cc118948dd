package container

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"pocket/runtime/hint"
	"pocket/runtime/idmap"
	"pocket/runtime/rootfs"
	"pocket/runtime/state"
	"pocket/runtime/tree"
)

// checkMounts finds mistakes in the volumes and tmpfs.
func (c *Config) checkMounts() error {
	var all []error
	seen := map[string]bool{}
	once := func(target string) {
		clean := path.Clean(target)
		if seen[clean] {
			all = append(all, hint.With(fmt.Errorf("two mounts have the same target %s", clean), "leave one of them out"))
		}
		seen[clean] = true
	}
	for _, v := range c.Volumes {
		all = append(all, checkTarget(v.Target), v.check())
		once(v.Target)
	}
	for _, d := range c.Devices {
		all = append(all, d.check())
		once(d.Target)
	}
	for _, t := range c.Tmpfs {
		all = append(all, checkTarget(t.Target))
		once(t.Target)
	}
	return errors.Join(all...)
}

func (v *Volume) check() error {
	switch {
	case v.Name != "":
		return state.CheckVolumeName(v.Name)
	case v.Host == "":
		return nil
	}
	info, err := os.Stat(v.Host)
	if errors.Is(err, fs.ErrNotExist) {
		return hint.With(fmt.Errorf("volume %s: it does not exist", v.Host), "make it first (mkdir -p %s)", v.Host)
	}
	if err != nil {
		return fmt.Errorf("volume %s: %w", v.Host, err)
	}
	if v.Private && !info.IsDir() {
		return hint.With(fmt.Errorf("volume %s: only a folder can have a private view", v.Host), "copy the file in with pocket-docker cp instead")
	}
	return nil
}

// mounts are the volumes and tmpfs, those higher in the tree first, so that none hides another.
func (m *monitor) mounts() ([]rootfs.Mount, error) {
	var list []rootfs.Mount
	for i, v := range m.cfg.Volumes {
		mount, err := m.volume(i, v)
		if err != nil {
			return nil, err
		}
		list = append(list, mount)
	}
	for _, t := range m.cfg.Tmpfs {
		list = append(list, t.mount())
	}
	devices, err := m.devices()
	if err != nil {
		return nil, err
	}
	list = append(list, devices...)
	slices.SortStableFunc(list, func(a, b rootfs.Mount) int {
		return strings.Count(a.Target, "/") - strings.Count(b.Target, "/")
	})
	return list, nil
}

func (t *Tmpfs) mount() rootfs.Mount {
	mode := t.Mode
	if mode == 0 {
		mode = 0o1777
	}
	return rootfs.Mount{Kind: rootfs.Tmpfs, Target: path.Clean(t.Target), Size: t.Size, Mode: mode,
		UID: t.UID, GID: t.GID, Exec: t.Exec, ReadOnly: t.ReadOnly}
}

func (m *monitor) volume(i int, v Volume) (rootfs.Mount, error) {
	source := m.source(v)
	info, err := os.Stat(source)
	if errors.Is(err, fs.ErrNotExist) && v.Host == "" {
		return rootfs.Mount{}, hint.With(fmt.Errorf("volume %s: it is gone", v.Name), "make it again (pocket-docker volume create %s)", v.Name)
	}
	if err != nil {
		return rootfs.Mount{}, fmt.Errorf("volume %s: %w", source, err)
	}
	target := path.Clean(v.Target)
	if v.Private {
		upper, work, err := m.private(i, info)
		return rootfs.Mount{Kind: rootfs.Overlay, Target: target, Lower: []string{source}, Upper: upper, Work: work, Owners: true}, err
	}
	// The files of a kept volume have the container's ids already.
	return rootfs.Mount{Kind: rootfs.Bind, Source: source, Target: target, ReadOnly: v.ReadOnly, File: !info.IsDir(), Owners: v.Host != ""}, nil
}

// private makes the folders that take what is written to a private view, anew for each start.
func (m *monitor) private(i int, of fs.FileInfo) (upper, work string, err error) {
	base := filepath.Join(m.privates(), strconv.Itoa(i))
	if err := tree.Remove(m.IDs, base); err != nil {
		return "", "", err
	}
	upper, work = filepath.Join(base, "upper"), filepath.Join(base, "work")
	uid, gid := idmap.Host(m.IDs.UIDs, 0), idmap.Host(m.IDs.GIDs, 0)
	for _, dir := range []struct {
		path string
		mode fs.FileMode
	}{{m.privates(), 0o711}, {base, 0o711}, {upper, of.Mode().Perm()}, {work, 0o700}} {
		if err := os.Mkdir(dir.path, dir.mode); err != nil && !errors.Is(err, fs.ErrExist) {
			return "", "", fmt.Errorf("make a private view: %w", err)
		}
		err := os.Chmod(dir.path, dir.mode) // whatever the umask
		if err == nil && os.Geteuid() == 0 && uid >= 0 && gid >= 0 {
			err = os.Chown(dir.path, uid, gid)
		}
		if err != nil {
			return "", "", fmt.Errorf("make a private view: %w", err)
		}
	}
	return upper, work, nil
}

// privates is the folder of what was written to private views.
func (m *monitor) privates() string { return filepath.Join(m.folder, "private") }

// discard removes what was written to private views.
func (m *monitor) discard() error {
	for _, v := range m.cfg.Volumes {
		if v.Private {
			return tree.Remove(m.IDs, m.privates())
		}
	}
	return nil
}
