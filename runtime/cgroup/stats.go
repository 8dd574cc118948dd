package cgroup

import (
	"bufio"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"pocket/runtime/resource"
)

// Stats reads what the group uses now. What no controller tells is unknown.
func (g *Group) Stats() resource.Stats {
	s := resource.Stats{At: time.Now()}
	cpu, source, ok := g.CPU()
	s.CPU = resource.Read(int64(cpu), source, ok)
	peak, source, ok := g.Peak()
	s.MemoryPeak = resource.Read(int64(peak), source, ok)
	if g.host == nil {
		g = &Group{host: &Host{}}
	}
	h := g.host
	s.Throttled = g.throttled()
	s.Memory, s.MemoryLimit = g.memory()
	s.Processes = g.reading(h.Pids, "pids.current", "pids.current")
	s.ProcessLimit = g.reading(h.Pids, "pids.max", "pids.max")
	for _, r := range []*resource.Reading{&s.Processes, &s.ProcessLimit} {
		r.Value = max(0, r.Value-int64(g.ours)) // the init is no process of the program
	}
	s.BlockRead, s.BlockWritten = g.block()
	return s
}

// reading reads a number from the file of the controller's version; "max", which is no number, is unknown.
func (g *Group) reading(c Controller, v1, v2 string) resource.Reading {
	file := map[int]string{1: v1, 2: v2}[c.Version]
	n, err := readInt(g.dir(c), file)
	return resource.Read(n, file, err == nil)
}

// noLimit1 is above what v1 shows for no limit at all: the greatest number of whole pages.
const noLimit1 = 1 << 62

// memory is what docker shows: the usage less the part of the page cache that nobody used lately.
func (g *Group) memory() (used, limit resource.Reading) {
	c := g.host.Memory
	used = g.reading(c, "memory.usage_in_bytes", "memory.current")
	limit = g.reading(c, "memory.limit_in_bytes", "memory.max")
	if limit.Value >= noLimit1 {
		limit = resource.Reading{Source: resource.Unknown}
	}
	key := map[int]string{1: "total_inactive_file", 2: "inactive_file"}[c.Version]
	if cache, err := readKey(g.dir(c), "memory.stat", key); err == nil && used.Known() {
		used.Value = max(0, used.Value-cache)
	}
	return used, limit
}

func (g *Group) throttled() resource.Reading {
	c := g.host.CPU
	switch c.Version {
	case 1:
		n, err := readKey(g.dir(c), "cpu.stat", "throttled_time")
		return resource.Read(n, "cpu.stat", err == nil)
	case 2:
		n, err := readKey(g.dir(c), "cpu.stat", "throttled_usec")
		return resource.Read(n*1000, "cpu.stat", err == nil)
	}
	return resource.Reading{Source: resource.Unknown}
}

// block sums what all devices were read and written: "8:0 rbytes=1 wbytes=2 …" a line of v2's io.stat,
// "8:0 Read 1" a line of v1's.
func (g *Group) block() (read, written resource.Reading) {
	c := g.host.Block
	file := map[int]string{1: "blkio.throttle.io_service_bytes_recursive", 2: "io.stat"}[c.Version]
	f, err := os.Open(filepath.Join(g.dir(c), file))
	if file == "" || g.dir(c) == "" || err != nil {
		unknown := resource.Reading{Source: resource.Unknown}
		return unknown, unknown
	}
	defer f.Close()
	read, written = resource.Reading{Source: file}, resource.Reading{Source: file}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) == 3 && c.Version == 1 {
			fields = []string{fields[0], fields[1] + "=" + fields[2]}
		}
		for _, field := range fields {
			key, text, _ := strings.Cut(field, "=")
			n, _ := strconv.ParseInt(text, 10, 64)
			switch key {
			case "rbytes", "Read":
				read.Value += n
			case "wbytes", "Write":
				written.Value += n
			}
		}
	}
	return read, written
}
