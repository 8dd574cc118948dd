package cgroup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/resource"
)

var by = map[int]resource.By{1: resource.ByCgroup1, 2: resource.ByCgroup2}

// limit sets the limits and reads each back.
func (g *Group) limit(l resource.Limits) ([]resource.Enforcement, error) {
	g.limits = l
	var held []resource.Enforcement
	for _, one := range []struct {
		wanted bool
		set    func(resource.Limits) (resource.Enforcement, error)
	}{
		{l.Memory > 0, g.limitMemory}, {l.Swap != 0, g.limitSwap}, {l.Reservation > 0, g.reserve},
		{l.Processes != 0, g.limitPids}, {l.CPUs > 0, g.limitCPUs}, {l.Shares > 0, g.weigh}, {l.Cpuset != "", g.place},
	} {
		if !one.wanted {
			continue
		}
		e, err := one.set(l)
		if err != nil {
			return nil, err
		}
		if e.By != "" {
			held = append(held, e)
		}
	}
	return held, nil
}

// Update changes those limits of a group in use that are not zero in l, in an order in which the kernel
// takes them, and returns those that a control group holds, as it reads them back. After an error some
// may have been changed.
func (g *Group) Update(l resource.Limits) ([]resource.Enforcement, error) {
	if g.host == nil {
		return nil, nil
	}
	all := l.Merge(g.limits)
	changed := l
	if l.Memory != 0 || l.Swap != 0 { // one file's value depends on the other's
		changed.Memory, changed.Swap = all.Memory, all.Swap
	}
	if l.CPUs != 0 || l.CPUPeriod != 0 {
		changed.CPUs, changed.CPUPeriod = all.CPUs, all.CPUPeriod
	}
	held, err := g.limit(changed)
	g.limits = all
	if err == nil {
		err = g.Settle(changed, g.ours)
	}
	return held, err
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

func number[T ~int | ~int64](n T) string { return strconv.FormatInt(int64(n), 10) }

func (g *Group) limitPids(l resource.Limits) (e resource.Enforcement, err error) {
	c := g.host.Pids
	e = resource.Enforcement{Limit: "processes", Requested: number(l.Processes), By: by[c.Version]}
	value := number(l.Processes + entryExtra)
	if l.Processes < 0 {
		value, e.Requested, e.Enforced = "max", "unlimited", "unlimited"
	}
	if g.dir(c) == "" {
		return resource.Enforcement{}, nil
	}
	if err := set(g.dir(c), setting{"pids.max", value, false}); err != nil || l.Processes < 0 {
		return e, err
	}
	back, err := readInt(g.dir(c), "pids.max")
	e.Enforced = number(back - entryExtra)
	return e, err
}

// Settle lowers the process limit once the process that made the sandbox is gone: from now on only ours
// processes, the init or none, are in the group beside the program's.
func (g *Group) Settle(limits resource.Limits, ours int) error {
	g.ours = ours
	if g.host == nil || g.dir(g.host.Pids) == "" || limits.Processes <= 0 {
		return nil
	}
	return set(g.dir(g.host.Pids), setting{"pids.max", number(limits.Processes + ours), false})
}

// defaultPeriod is the bandwidth period, the kernel's default (sched-bwc.rst).
const defaultPeriod = 100 * time.Millisecond

func (g *Group) limitCPUs(l resource.Limits) (e resource.Enforcement, err error) {
	c := g.host.CPU
	if g.dir(c) == "" {
		return e, nil
	}
	period := l.CPUPeriod
	if period == 0 {
		period = defaultPeriod
	}
	length := int(period.Microseconds())
	quota := strconv.Itoa(max(int(l.CPUs*float64(length)), 1000)) // the kernel takes no less than 1 ms
	e = resource.Enforcement{Limit: "cpus", Requested: strconv.FormatFloat(l.CPUs, 'g', -1, 64), By: by[c.Version]}
	file := "cpu.max"
	if c.Version == 1 {
		file = "cpu.cfs_quota_us"
		// A shorter period with the old quota may be more than the parent has, so there is none in between.
		err = set(g.dir(c), setting{file, "-1", false}, setting{"cpu.cfs_period_us", strconv.Itoa(length), false}, setting{file, quota, false})
	} else {
		err = set(g.dir(c), setting{file, quota + " " + strconv.Itoa(length), false})
	}
	if err != nil {
		return e, err
	}
	text, err := os.ReadFile(filepath.Join(g.dir(c), file))
	first, _, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	if n, parseErr := strconv.ParseFloat(first, 64); parseErr == nil {
		e.Enforced = strconv.FormatFloat(n/float64(length), 'g', -1, 64)
	}
	return e, err
}

// weigh sets the weight for processor time. Docker's shares are v1's; v2's weights run from 1 to 10000
// with 100 for 1024, which is how container runtimes have translated them since 2025 (the old straight line
// gave 1024 shares less than the usual weight).
func (g *Group) weigh(l resource.Limits) (e resource.Enforcement, err error) {
	c := g.host.CPU
	if g.dir(c) == "" {
		return e, nil
	}
	file, value := "cpu.shares", l.Shares
	if c.Version == 2 {
		file, value = "cpu.weight", Weight(l.Shares)
	}
	if err := set(g.dir(c), setting{file, number(value), false}); err != nil {
		return e, err
	}
	back, err := readInt(g.dir(c), file)
	return resource.Enforcement{Limit: "cpu shares", Requested: number(l.Shares), Enforced: file + " " + number(back), By: by[c.Version]}, err
}

// place restricts the group to processors.
func (g *Group) place(l resource.Limits) (e resource.Enforcement, err error) {
	c := g.host.Cpuset
	if g.dir(c) == "" {
		return e, nil
	}
	if err := set(g.dir(c), setting{"cpuset.cpus", l.Cpuset, false}); err != nil {
		if errors.Is(err, unix.EACCES) || errors.Is(err, unix.ENOENT) {
			return e, nil // by affinity, then
		}
		return e, err
	}
	file := map[int]string{1: "cpuset.effective_cpus", 2: "cpuset.cpus.effective"}[c.Version]
	text, err := os.ReadFile(filepath.Join(g.dir(c), file))
	return resource.Enforcement{Limit: "cpuset", Requested: l.Cpuset, Enforced: strings.TrimSpace(string(text)), By: by[c.Version]}, err
}
