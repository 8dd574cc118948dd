package container

import (
	"cmp"
	"context"
	"fmt"

	"pocket/runtime/hint"
	"pocket/runtime/idmap"
	"pocket/runtime/image"
	"pocket/runtime/resource"
	"pocket/runtime/rootfs"
	"pocket/runtime/sandbox"
)

// DefaultShmSize is the size of /dev/shm where none is set, docker's.
const DefaultShmSize = 64 * resource.MiB

// spec composes the sandbox.
func (m *monitor) spec(net *link) (sandbox.Spec, error) {
	cfg := m.cfg
	if ids := m.ids(); idmap.Host(ids.UIDs, cfg.UID) < 0 || idmap.Host(ids.GIDs, cfg.GID) < 0 {
		return sandbox.Spec{}, hint.With(
			fmt.Errorf("user %d:%d has no id on this host: %s", cfg.UID, cfg.GID, m.IDs.Reason),
			"run it as user 0, who is you outside, or have ranges of subordinate ids set up (pocket-docker doctor)")
	}
	if err := cfg.checkAdded(m.ids()); err != nil {
		return sandbox.Spec{}, err
	}
	root, err := m.plan(net)
	if err != nil {
		return sandbox.Spec{}, err
	}
	filter, err := cfg.Seccomp.filter(cfg.Capabilities, true)
	if err != nil {
		return sandbox.Spec{}, err
	}
	spec := sandbox.Spec{
		Args: cfg.Args, Env: cfg.environment(), Dir: cfg.Dir, Hostname: cfg.Hostname,
		Root: root, IDs: m.ids(), HostUsers: cfg.Userns == HostUsers, NoInit: cfg.NoInit, UID: cfg.UID, GID: cfg.GID, Supplementary: cfg.supplementary(m.ids()),
		Loopback: true, Capabilities: cfg.Capabilities, Seccomp: filter,
		Limits: cfg.Limits, Ulimits: cfg.Ulimits, OOMScore: cfg.OOMScore, Groups: m.Groups, Terminal: cfg.Terminal, Strict: cfg.Strict, Live: true,
	}
	net.into(&spec)
	return spec, nil
}

// plan composes the root file system: the image's tree under what the container writes, or a view of
// the host; then the system's folders, and what the user wants to see.
func (m *monitor) plan(net *link) (rootfs.Plan, error) {
	var p rootfs.Plan
	if m.image.Kind == image.Host {
		p = rootfs.Host(m.person()...)
		p.Dirs = append(p.Dirs, "/root")
		p.AddTmp("/tmp", m.cfg.Limits.Files, 0o1777)
		p.AddTmp("/run", m.cfg.Limits.Files, 0o755)
	} else {
		var err error
		if p, err = m.root(); err != nil {
			return p, err
		}
		p.Seal = m.cfg.ReadOnly
	}
	p.Hide, p.Show, p.Sysctls = m.cfg.Mask, m.cfg.Unmask, m.cfg.sysctls()
	p.AddSystem(cmp.Or(m.cfg.ShmSize, DefaultShmSize), true) // terminals also for exec -t
	p.Mounts = append(p.Mounts,
		rootfs.Mount{Kind: rootfs.Sysfs, Target: "/sys", ReadOnly: !m.cfg.Privileged},
		rootfs.Mount{Kind: rootfs.Mqueue, Target: "/dev/mqueue"})
	if err := net.show(&p, m.image.Kind, m.ids()); err != nil {
		return p, err
	}
	wanted, err := m.mounts()
	p.Mounts = append(p.Mounts, wanted...)
	return p, err
}

// lower are the image's layers; where overlay cannot show them all, one tree of them.
func (e *Engine) lower(img image.Image) ([]string, error) {
	if len(img.Layers) <= rootfs.MaxLayers() && !img.NeedsTree() {
		return img.Layers, nil
	}
	dir, err := e.Images.Tree(context.Background(), img, nil)
	return []string{dir}, err
}

// person names the program's user, so that programs that ask for a name find one.
func (m *monitor) person() []rootfs.Person {
	if m.cfg.UID == 0 || m.cfg.UID == 65534 {
		return nil
	}
	return []rootfs.Person{{Name: "user", UID: m.cfg.UID, GID: m.cfg.GID, Home: "/"}}
}
