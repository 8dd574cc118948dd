package sandbox

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"pocket/runtime/internal/linux"
	"pocket/runtime/resource"
)

// tree reads the processes of a sandbox from /proc, where no control group accounts for them. Every process
// inside descends from the init: orphans become its children.
type tree struct{ root int }

// pids lists the init and its descendants. Processes may come and go meanwhile.
func (t tree) pids() []int {
	all := []int{t.root}
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

// cpu sums the CPU clocks of the living without the init, exact, and the times of the reaped, in ticks.
func (t tree) cpu() time.Duration {
	var sum time.Duration
	for _, pid := range t.pids() {
		if ns, err := linux.ProcessCPU(pid); err == nil && pid != t.root {
			sum += time.Duration(ns)
		}
		if fields := statFields(pid); len(fields) > 14 {
			user, _ := strconv.ParseInt(fields[13], 10, 64)   // cutime, field 16
			system, _ := strconv.ParseInt(fields[14], 10, 64) // cstime, field 17
			sum += time.Duration(user+system) * tick
		}
	}
	return sum
}

// statFields are the fields of /proc/PID/stat from the third on: the second may hold anything.
func statFields(pid int) []string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	return strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
}

// memory is what the tree holds in memory. Resident sizes count shared pages once per process, so when
// their sum passes the limit, the proportional sizes decide.
func (t tree) memory(limit resource.Size) resource.Size {
	pids := t.pids()
	var resident resource.Size
	for _, pid := range pids {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
		if fields := strings.Fields(string(text)); err == nil && len(fields) > 1 {
			pages, _ := strconv.ParseInt(fields[1], 10, 64)
			resident += resource.Size(pages * int64(os.Getpagesize()))
		}
	}
	if resident <= limit || len(pids) <= 2 { // the init and one program share nothing
		return resident
	}
	var proportional resource.Size
	for _, pid := range pids {
		proportional += pss(pid)
	}
	return proportional
}

func pss(pid int) resource.Size {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), "\nPss:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kib, _ := strconv.ParseInt(fields[0], 10, 64)
	return resource.Size(kib) * resource.KiB
}
