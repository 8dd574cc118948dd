package sandbox

import (
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/cgroup"
	"pocket/runtime/internal/linux"
	"pocket/runtime/resource"
	"pocket/runtime/rootfs"
)

// pollEvery is how often processes are looked at where no control group accounts for them.
const pollEvery = 2 * time.Millisecond

// guestsEvery is how often all processes of the machine are searched for those that joined the sandbox.
const guestsEvery = 500 * time.Millisecond

// meter reads what a sandbox uses: from its control group, or from its process tree where there is none.
type meter struct {
	group    *cgroup.Group
	tree     tree
	peak     resource.Size // the most that the poller saw
	polling  bool          // memory is polled
	searched time.Time     // when guests were looked for
	polled   bool          // CPU time is polled
	spent    time.Duration // CPU time that our own process used in the group to make the sandbox
	seenCPU  time.Duration // the most of the group's figures so far
	overCPU  time.Duration // the last figure from the tree, kept for the end
}

func newMeter(group *cgroup.Group, pid int, spent time.Duration, root rootfs.Plan) meter {
	m := meter{group: group, tree: tree{root: pid}, spent: spent}
	for _, mount := range root.Mounts[1:] {
		switch mount.Kind {
		case rootfs.Tmpfs:
			m.tree.tmpfs = append(m.tree.tmpfs, mount.Target)
		case rootfs.Dev:
			m.tree.tmpfs = append(m.tree.tmpfs, mount.Target+"/shm")
		}
	}
	return m
}

// cpuTimer fires when the limit may be reached; without a limit never.
func (m *meter) cpuTimer(limit time.Duration, cores int) *time.Timer {
	if limit <= 0 {
		return stoppedTimer()
	}
	return time.NewTimer(nextLook(limit, cores))
}

func stoppedTimer() *time.Timer {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return t
}

// ticker ticks where something has to be polled: the memory limit, or CPU time, whose short-lived
// processes would otherwise not be seen.
func (m *meter) ticker(l resource.Limits) *time.Ticker {
	_, held := m.group.OOMKills()
	_, _, counted := m.group.CPU()
	m.polling, m.polled = l.Memory > 0 && !held, !counted
	t := time.NewTicker(pollEvery)
	if !m.polling && !m.polled {
		t.Stop()
	}
	return t
}

// look samples what is polled and says which limit is passed.
func (m *meter) look(l resource.Limits) Reason {
	if time.Since(m.searched) >= guestsEvery {
		m.tree.guests, m.searched = guests(m.tree.root), time.Now()
	}
	if m.polling && m.overMemory(l.Memory) {
		return OverMemory
	}
	if m.polled && m.cpu() >= l.CPU && l.CPU > 0 {
		return OverCPU
	}
	return ""
}

// cpu is the CPU time of the program and all its processes. What the set-up cost and what the init uses
// is not the program's: on a busy machine the kernel charges the init a large part of a second for
// dismantling its mounts.
func (m *meter) cpu() time.Duration {
	if used, _, ok := m.group.CPU(); ok {
		own := int64(0)
		if !m.tree.direct {
			own, _ = linux.ProcessCPU(m.tree.root)
		}
		// The init's own part grows in jumps; what was the program's once does not become less by it.
		m.seenCPU = max(m.seenCPU, used-m.spent-time.Duration(own))
		return m.seenCPU
	}
	m.overCPU = max(m.overCPU, m.tree.cpu())
	return m.overCPU
}

func (m *meter) overMemory(limit resource.Size) bool {
	used := m.tree.memory(limit)
	m.peak = max(m.peak, used)
	return used > limit
}

// usage gives the final figures. All processes but the init are dead, and the init is not reaped yet, so
// that its own part is known; without a group, the init's account of all whom it reaped is complete.
func (m *meter) usage(report linux.Report, reported bool) resource.Usage {
	var u resource.Usage
	var ok bool
	if _, u.CPUSource, ok = m.group.CPU(); ok {
		u.CPU = m.cpu()
	} else if u.CPU, u.CPUSource = linux.CPU(report.All), "rusage"; !reported || m.overCPU > u.CPU {
		u.CPU, u.CPUSource = m.overCPU, "poll" // killed, or with children that nobody waited for
	}
	if u.Memory, u.MemorySource, ok = m.group.Peak(); !ok {
		u.Memory, u.MemorySource = resource.Size(report.All.Maxrss)*resource.KiB, "rusage"
		if m.peak > u.Memory {
			u.Memory, u.MemorySource = m.peak, "poll"
		}
	}
	return u
}

func (m *meter) oom() OOM {
	kills, ok := m.group.OOMKills()
	switch {
	case !ok:
		return OOMUnknown
	case kills > 0:
		return OOMTrue
	}
	return OOMFalse
}

// late finds a limit that was passed without our killing the sandbox: by the kernel, or between two looks.
func (m *meter) late(l resource.Limits, e Exit) Reason {
	switch {
	case e.OOM == OOMTrue && (e.Signal == unix.SIGKILL || e.Code != 0):
		return OverMemory
	case m.polling && e.Usage.Memory > l.Memory:
		return OverMemory
	case l.CPU > 0 && e.Usage.CPU > l.CPU:
		return OverCPU
	case l.Wall > 0 && e.Usage.Wall > l.Wall:
		return OverWall
	}
	return Exited
}
