package stray

import (
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Held says how much of what the kernel counts there is, by what it is called. It is all of the host's, as far as this
// process sees it: a leak is what grows with the number of things done.
type Held map[string]int

// Now counts what is held. The memory is in pages of 4 KiB.
func Now() Held {
	h := Held{"groups of ours": 0, "groups, dying ones too": groupsOfKernel(), "files open": int(firstNumber("/proc/sys/fs/file-nr")),
		"pages of shared memory": int(kib("/proc/meminfo", "Shmem:") / 4), "System V objects": systemV()}
	if mounts, err := Mounts(); err == nil {
		h["mounts"] = len(mounts)
	}
	_ = filepath.WalkDir("/sys/fs/cgroup", func(_ string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && strings.HasPrefix(entry.Name(), "pocket-") {
			h["groups of ours"]++
		}
		return nil // what is gone meanwhile, or not ours to see, does not count
	})
	shared, _ := os.ReadDir("/dev/shm") // which is not there everywhere
	h["files in /dev/shm"] = len(shared)
	h["processes"], h["namespaces"] = processesAndNamespaces()
	return h
}

// Grown are those of which more than spare are there than before, once patience is over or nothing has grown. What
// other programs hold is to be spared: some tens of each, and of groups that are removed those whose memory the kernel
// has not reclaimed yet (cgroup-v2.rst, "Memory Ownership").
func (before Held) Grown(spare int, patience time.Duration) []string {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); ; <-tick.C {
		now := Now()
		var list []string
		for _, name := range slices.Sorted(maps.Keys(now)) {
			if now[name] > before[name]+spare {
				list = append(list, fmt.Sprintf("%s: %d, before %d", name, now[name], before[name]))
			}
		}
		if len(list) == 0 || time.Now().After(end) {
			return list
		}
	}
}

// Since is by how much each has grown, those that have not left out.
func (before Held) Since() string {
	now := Now()
	var list []string
	for _, name := range slices.Sorted(maps.Keys(now)) {
		if d := now[name] - before[name]; d > 0 {
			list = append(list, fmt.Sprintf("%s +%d", name, d))
		}
	}
	if len(list) == 0 {
		return "nothing"
	}
	return strings.Join(list, ", ")
}

// Own is what a process itself holds: descriptors, threads, memory in KiB that no file holds, and mappings.
func Own(pid int) (Held, error) {
	descriptors, err := Open(pid)
	if err != nil {
		return nil, err
	}
	status, maps := fmt.Sprintf("/proc/%d/status", pid), fmt.Sprintf("/proc/%d/maps", pid)
	text, err := os.ReadFile(maps)
	return Held{"descriptors": descriptors, "threads": int(kib(status, "Threads:")), "KiB of memory": int(kib(status, "RssAnon:")),
		"mappings": bytes.Count(text, []byte("\n"))}, err
}

// groupsOfKernel counts the groups of all hierarchies, those included that are removed and still held by something
// (proc_cgroups(5), num_cgroups; v2: the hierarchy 0).
func groupsOfKernel() int {
	hierarchies := map[string]int{}
	eachLine("/proc/cgroups", func(fields []string) {
		if len(fields) == 4 && !strings.HasPrefix(fields[0], "#") {
			hierarchies[fields[1]], _ = strconv.Atoi(fields[2])
		}
	})
	sum := 0
	for _, n := range hierarchies {
		sum += n
	}
	return sum
}

// processesAndNamespaces counts the processes, and the namespaces that they are in.
func processesAndNamespaces() (processes, namespaces int) {
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	seen := map[string]bool{}
	for _, dir := range dirs {
		links, err := os.ReadDir(filepath.Join(dir, "ns"))
		if err != nil {
			continue
		}
		processes++
		for _, link := range links {
			if name, err := os.Readlink(filepath.Join(dir, "ns", link.Name())); err == nil {
				seen[name] = true
			}
		}
	}
	return processes, len(seen)
}

// systemV counts the segments, queues and semaphores of this IPC namespace (sysvipc(7)).
func systemV() int {
	n := 0
	for _, kind := range []string{"shm", "msg", "sem"} {
		text, _ := os.ReadFile("/proc/sysvipc/" + kind)
		n += max(0, bytes.Count(text, []byte("\n"))-1)
	}
	return n
}

func firstNumber(path string) (n int64) {
	text, _ := os.ReadFile(path)
	if fields := strings.Fields(string(text)); len(fields) > 0 {
		n, _ = strconv.ParseInt(fields[0], 10, 64)
	}
	return n
}

// kib is the number in the line of a file that begins with a key.
func kib(path, key string) (n int64) {
	eachLine(path, func(fields []string) {
		if len(fields) > 1 && fields[0] == key {
			n, _ = strconv.ParseInt(fields[1], 10, 64)
		}
	})
	return n
}

func eachLine(path string, see func(fields []string)) {
	text, _ := os.ReadFile(path)
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		see(strings.Fields(lines.Text()))
	}
}
