package container

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"pocket/runtime/idmap"
	"pocket/runtime/image"
	"pocket/runtime/network"
	"pocket/runtime/rootfs"
)

// names composes the files by which the program finds others.
func (l *link) names() error {
	host := l.Mode.Kind == network.Host
	hosts, resolver := "", ""
	var err error
	if host {
		hosts, err = hostFile("/etc/hosts")
	}
	if err == nil && (host || l.Mode.Kind == network.Pasta) {
		resolver, err = hostFile("/etc/resolv.conf")
	}
	if err != nil {
		return err
	}
	l.lookup = l.Names.ResolverFile(l.Mode, resolver)
	l.hosts, err = l.Names.HostsFile(l.Mode, l.hostname, hosts)
	return err
}

func hostFile(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	return string(text), nil
}

// show puts the files by which the program finds others into the root's plan. Over an image's files those of
// the container's own folder are laid, where the program may change them; the view of the host has none of
// its own.
func (l *link) show(p *rootfs.Plan, kind image.Kind, ids idmap.Map) error {
	files := []rootfs.File{{Path: "/etc/hosts", Content: l.hosts, Mode: 0o644}, {Path: "/etc/resolv.conf", Content: l.lookup, Mode: 0o644},
		{Path: "/etc/hostname", Content: l.hostname + "\n", Mode: 0o644}}
	if kind == image.Host && len(l.hosts)+len(l.lookup) < namesLimit {
		p.Files = append(p.Files, files...) // a file that is written twice is as it was written last
		return nil
	}
	dir := filepath.Join(l.folder, "etc")
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("make the container's folder: %w", err)
	}
	for _, f := range files {
		path := filepath.Join(dir, filepath.Base(f.Path))
		if err := writeOwned(path, f, ids); err != nil {
			return fmt.Errorf("write the container's %s: %w", f.Path, err)
		}
		p.Mounts = append(p.Mounts, rootfs.Mount{Kind: rootfs.Bind, Source: path, Target: f.Path, File: true, ReadOnly: kind == image.Host,
			Optional: kind == image.Directory}) // in another user's folder nobody but that one can make the place
	}
	return nil
}

// namesLimit is what a root in memory has room for: some hosts' list of hosts is a blocklist of megabytes.
const namesLimit = 256 << 10

// writeOwned writes a file that belongs to the container's root.
func writeOwned(path string, f rootfs.File, ids idmap.Map) error {
	if err := os.WriteFile(path, []byte(f.Content), os.FileMode(f.Mode)); err != nil {
		return err
	}
	if err := os.Chmod(path, os.FileMode(f.Mode)); err != nil { // whatever the umask
		return err
	}
	if os.Geteuid() != 0 {
		return nil
	}
	return os.Chown(path, idmap.Host(ids.UIDs, ids.UIDs[0].Inside), idmap.Host(ids.GIDs, ids.GIDs[0].Inside))
}
