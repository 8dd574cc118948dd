package cgroup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"pocket/runtime/resource"
)

// period is the bandwidth period in microseconds, the kernel's default (sched-bwc.rst).
const period = 100000

var by = map[int]resource.By{1: resource.ByCgroup1, 2: resource.ByCgroup2}

// limit sets the limits and reads each back.
func (g *Group) limit(l resource.Limits) ([]resource.Enforcement, error) {
	var held []resource.Enforcement
	add := func(e resource.Enforcement, err error) error {
		if err == nil && e.By != "" {
			held = append(held, e)
		}
		return err
	}
	if l.Memory > 0 {
		if err := add(g.limitMemory(l.Memory)); err != nil {
			return nil, err
		}
	}
	if l.Processes > 0 {
		if err := add(g.limitPids(l.Processes)); err != nil {
			return nil, err
		}
	}
	if l.CPUs > 0 {
		if err := add(g.limitCPUs(l.CPUs)); err != nil {
			return nil, err
		}
	}
	return held, nil
}

// setting is one control file to be written; an optional one may be missing.
type setting struct {
	file, value string
	optional    bool
}

func set(dir string, settings ...setting) error {
	for _, s := range settings {
		err := write(dir, s.file, s.value)
		if s.optional && errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("set %s to %s: %w", s.file, s.value, err)
		}
	}
	return nil
}

func (g *Group) limitMemory(size resource.Size) (e resource.Enforcement, err error) {
	c := g.host.Memory
	bytes := strconv.FormatInt(int64(size), 10)
	file := ""
	switch c.Version {
	case 0:
		return e, nil
	case 1:
		// memory.memsw must not be below the limit, so it comes second; it is missing without swap accounting.
		file = "memory.limit_in_bytes"
		err = set(g.dir(c), setting{file, bytes, false}, setting{"memory.memsw.limit_in_bytes", bytes, true})
	case 2:
		file = "memory.max"
		err = set(g.dir(c), setting{file, bytes, false}, setting{"memory.swap.max", "0", true},
			setting{"memory.oom.group", "1", true})
	}
	if err != nil {
		return e, err
	}
	back, err := readInt(g.dir(c), file)
	return resource.Enforcement{Limit: "memory", Requested: size.String(), Enforced: resource.Size(back).String(), By: by[c.Version]}, err
}

func (g *Group) limitPids(n int) (e resource.Enforcement, err error) {
	c := g.host.Pids
	if c.Version == 0 {
		return e, nil
	}
	if err := set(g.dir(c), setting{"pids.max", strconv.Itoa(n + entryExtra), false}); err != nil {
		return e, err
	}
	back, err := readInt(g.dir(c), "pids.max")
	return resource.Enforcement{Limit: "processes", Requested: strconv.Itoa(n), Enforced: strconv.FormatInt(back-entryExtra, 10), By: by[c.Version]}, err
}

// Settle lowers the process limit once the process that made the init is gone: from now on only the init
// is in the group beside the program.
func (g *Group) Settle(limits resource.Limits) error {
	if g.host == nil || g.host.Pids.Version == 0 || limits.Processes <= 0 {
		return nil
	}
	return set(g.dir(g.host.Pids), setting{"pids.max", strconv.Itoa(limits.Processes + entryExtra - 1), false})
}

func (g *Group) limitCPUs(cpus float64) (e resource.Enforcement, err error) {
	c := g.host.CPU
	quota := strconv.Itoa(max(int(cpus*period), 1000)) // the kernel takes no less than 1 ms
	e = resource.Enforcement{Limit: "cpus", Requested: strconv.FormatFloat(cpus, 'g', -1, 64), By: by[c.Version]}
	file := ""
	switch c.Version {
	case 0:
		return resource.Enforcement{}, nil
	case 1:
		file = "cpu.cfs_quota_us"
		err = set(g.dir(c), setting{"cpu.cfs_period_us", strconv.Itoa(period), false}, setting{file, quota, false})
	case 2:
		file = "cpu.max"
		err = set(g.dir(c), setting{file, quota + " " + strconv.Itoa(period), false})
	}
	if err != nil {
		return e, err
	}
	text, err := os.ReadFile(filepath.Join(g.dir(c), file))
	first, _, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	if n, parseErr := strconv.ParseFloat(first, 64); parseErr == nil {
		e.Enforced = strconv.FormatFloat(n/period, 'g', -1, 64)
	}
	return e, err
}
