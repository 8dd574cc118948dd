package cgroup

import (
	"pocket/runtime/resource"
)

// residue is the most memory that may still be accounted to a group that is used again: what the kernel
// reserves for each processor in advance, and structures of its own that it frees later.
const residue = resource.MiB

// Renew makes the group of a sandbox that has ended one for the next, with the same limits and all figures at
// zero, which costs a tenth of a new one. It is false where the next sandbox would feel the last one, or where
// this kernel cannot do it: such a group is to be removed. All of its processes must have been waited for.
func (g *Group) Renew() bool {
	if g.host == nil {
		return true
	}
	if g.folder != nil || g.host.Memory.Version != 1 {
		return false // v2: memory.peak cannot be set back for every reader
	}
	if kills, ok := g.OOMKills(); !ok || kills > 0 {
		return false
	}
	memory := g.dir(g.host.Memory)
	used, err := readInt(memory, "memory.usage_in_bytes")
	if err != nil || used > int64(residue) {
		return false
	}
	if set(memory, setting{"memory.max_usage_in_bytes", "0", false}) != nil {
		return false
	}
	if account := g.dir(g.host.Account); account != "" && set(account, setting{"cpuacct.usage", "0", false}) != nil {
		return false
	}
	if pids := g.dir(g.host.Pids); pids != "" && g.limits.Processes > 0 {
		return set(pids, setting{"pids.max", number(g.limits.Processes + entryExtra), false}) == nil
	}
	return true
}
