package sandbox

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/internal/linux"
	"pocket/runtime/resource"
)

// tree reads the processes of a sandbox from /proc, where no control group accounts for them. Every process
// inside descends from the init, for orphans become its children, or is a guest or descends from one.
type tree struct {
	root   int
	direct bool     // root is the program itself and not an init
	guests []int    // those put into its namespace from outside
	tmpfs  []string // writable tmpfs inside, whose pages are nobody's resident memory

	clocks map[int]time.Duration // the last clock seen of each living process
	dead   time.Duration         // the last clocks of those that are gone
	reaped time.Duration         // what the kernel says of children that were waited for
}

// pids lists the init, its guests and their descendants. Processes may come and go meanwhile.
func (t *tree) pids() []int {
	all := []int{t.root}
	for _, pid := range t.guests {
		if sameSpace(pid, t.root) { // and not by now another process's number
			all = append(all, pid)
		}
	}
	for i := 0; i < len(all); i++ {
		threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", all[i]))
		if err != nil {
			continue
		}
		for _, thread := range threads {
			text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/children", all[i], thread.Name()))
			if err != nil {
				continue
			}
			for _, field := range strings.Fields(string(text)) {
				if pid, err := strconv.Atoi(field); err == nil {
					all = append(all, pid)
				}
			}
		}
	}
	return all
}

// tick is the unit of times in /proc/PID/stat: USER_HZ is 100 on every architecture of ours (proc(5)).
const tick = 10 * time.Millisecond

// cpu is the CPU time of the tree without the init: the clocks of the living, and of the dead whatever is
// more: what their parents were told when they waited, or what was seen here. A child whose parent ignores
// SIGCHLD is only seen here; what it used since the last look is missed.
func (t *tree) cpu() time.Duration {
	now := map[int]time.Duration{}
	var living, reaped time.Duration
	for _, pid := range t.pids() {
		if ns, err := linux.ProcessCPU(pid); err == nil && (pid != t.root || t.direct) {
			now[pid] = time.Duration(ns)
			living += time.Duration(ns)
		}
		if fields := statFields(pid); len(fields) > 14 {
			user, _ := strconv.ParseInt(fields[13], 10, 64)   // cutime, field 16
			system, _ := strconv.ParseInt(fields[14], 10, 64) // cstime, field 17
			reaped += time.Duration(user+system) * tick
		}
	}
	for pid, last := range t.clocks {
		if clock, alive := now[pid]; !alive || clock < last { // gone, or its number is another's now
			t.dead += last
		}
	}
	t.clocks, t.reaped = now, max(t.reaped, reaped)
	return living + max(t.reaped, t.dead)
}

// statFields are the fields of /proc/PID/stat from the third on: the second may hold anything.
func statFields(pid int) []string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	return strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
}

// memory is what the tree holds in memory: its processes' pages and page tables, and its tmpfs. Resident
// sizes count shared pages once per process, so when the sum passes the limit, the proportional sizes
// decide. What sockets and pipes buffer is nowhere to be seen.
func (t *tree) memory(limit resource.Size) resource.Size {
	pids := t.pids()
	var resident, tables, files resource.Size
	for _, pid := range pids {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err == nil {
			resident += kib(text, "VmRSS:")
			tables += kib(text, "VmPTE:")
		}
	}
	for _, dir := range t.tmpfs {
		var fs unix.Statfs_t
		// A mount point cannot be replaced by a link, so the path leads where it should.
		if unix.Statfs(fmt.Sprintf("/proc/%d/root%s", t.root, dir), &fs) == nil && fs.Type == unix.TMPFS_MAGIC {
			files += resource.Size((fs.Blocks - fs.Bfree) * uint64(fs.Bsize))
		}
	}
	if resident+tables+files <= limit || len(pids) <= 2 { // the init and one program share nothing
		return resident + tables + files
	}
	var proportional resource.Size
	for _, pid := range pids {
		if text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid)); err == nil {
			proportional += kib(text, "Pss:")
		}
	}
	if proportional == 0 {
		proportional = resident // not ours to read in such detail
	}
	return proportional + tables + files
}

// kib reads a line "KEY  n kB".
func kib(text []byte, key string) resource.Size {
	_, rest, found := bytes.Cut(text, []byte("\n"+key))
	fields := bytes.Fields(rest[:min(len(rest), 40)])
	if !found || len(fields) == 0 {
		return 0
	}
	n, _ := strconv.ParseInt(string(fields[0]), 10, 64)
	return resource.Size(n) * resource.KiB
}
