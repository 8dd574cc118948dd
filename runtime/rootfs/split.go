package rootfs

import (
	"path"
	"slices"
	"strings"

	"pocket/runtime/resource"
)

// Empty is a folder without anything in it in the shared part of a Plan that was split.
const Empty = "/.empty"

// Split parts a plan in two: what sandboxes that run one after the other can share, because none of them can
// write to it, and what each needs of its own: /proc and whatever is in memory. In the shared part those are
// empty folders, but for /proc, which is one that shows no process; it has none of docker's masks, and its Dev has
// no shm and cannot be written to.
//
// ok is false for a plan that cannot be split: one whose root can be written to, with a file system that belongs
// to a sandbox's own namespaces, or with something to be made where the second part has its folders.
func (p Plan) Split() (shared, own Plan, ok bool) {
	if !p.Seal || len(p.Sysctls) > 0 || len(p.Show) > 0 || len(p.Hide) > 0 {
		return shared, own, false
	}
	shared, own.Blank = p, p.Blank
	shared.Blank = nil // its /proc is laid over
	shared.Mounts, shared.Dirs = nil, append(slices.Clone(p.Dirs), Empty)
	for i, m := range p.Mounts {
		switch {
		case m.Kind == Bind && !m.ReadOnly || m.Kind == Overlay || m.Kind == Sysfs || m.Kind == Mqueue || m.Terminals:
			return shared, own, false
		case m.Kind == Tmpfs && i > 0:
			shared.Dirs = append(shared.Dirs, m.Target)
			own.Mounts = append(own.Mounts, m)
			continue
		case m.Kind == Proc:
			own.Mounts = append(own.Mounts, m)
		case m.Kind == Dev:
			m.ReadOnly = true
			own.Mounts = append(own.Mounts, Mount{Kind: Tmpfs, Target: m.Target + "/shm", Size: m.shm(), Mode: 0o1777})
		}
		shared.Mounts = append(shared.Mounts, m)
	}
	return shared, own, !shared.below(own)
}

// shm is the size of a Dev's shm.
func (m Mount) shm() resource.Size {
	if m.Size == 0 {
		return 64 * resource.MiB // docker's default
	}
	return m.Size
}

// below says whether something of the plan lies where the other one has its folders, which would hide it.
func (p Plan) below(other Plan) bool {
	paths := slices.Concat(p.Dirs, p.Masks)
	for _, m := range p.Mounts {
		paths = append(paths, m.Target)
	}
	for _, f := range p.Files {
		paths = append(paths, f.Path)
	}
	for _, l := range p.Links {
		paths = append(paths, l.Path)
	}
	for _, m := range other.Mounts {
		if slices.ContainsFunc(paths, func(name string) bool { return strings.HasPrefix(path.Clean(name), m.Target+"/") }) {
			return true
		}
	}
	return false
}
