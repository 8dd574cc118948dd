package cgroup

import (
	"errors"
	"fmt"
	"math"
	"os"

	"golang.org/x/sys/unix"

	"pocket/runtime/hint"
	"pocket/runtime/resource"
)

func (g *Group) limitMemory(l resource.Limits) (e resource.Enforcement, err error) {
	c := g.host.Memory
	file := ""
	switch dir := g.dir(c); c.Version {
	case 0:
		return e, nil
	case 1:
		file = "memory.limit_in_bytes"
		err = setMemory1(dir, number(l.Memory), number(withSwap(l)))
	case 2:
		file = "memory.max"
		swap := "max"
		if total := withSwap(l); total >= 0 {
			swap = number(total - l.Memory)
		}
		// Swap first: memory that is taken away must not go there.
		err = set(dir, setting{"memory.swap.max", swap, true}, setting{file, number(l.Memory), false},
			setting{"memory.oom.group", "1", true})
	}
	if errors.Is(err, unix.EBUSY) {
		err = hint.With(err, "more than that is in use, and cannot be taken away; choose a higher limit")
	}
	if err != nil {
		return e, err
	}
	back, err := readInt(g.dir(c), file)
	return resource.Enforcement{Limit: "memory", Requested: l.Memory.String(), Enforced: resource.Size(back).String(), By: by[c.Version]}, err
}

// withSwap is what memory and swap may be together: Memory itself unless more was asked for.
func withSwap(l resource.Limits) resource.Size {
	if l.Swap == 0 {
		return l.Memory
	}
	return l.Swap
}

// setMemory1 writes both limits of v1, of which memory.memsw must never be below the other: which one goes
// first depends on what is there. memory.memsw is missing without swap accounting.
func setMemory1(dir, memory, total string) error {
	one := setting{"memory.limit_in_bytes", memory, false}
	both := setting{"memory.memsw.limit_in_bytes", total, true}
	err := set(dir, one, both)
	if errors.Is(err, unix.EINVAL) {
		err = set(dir, both, one)
	}
	return err
}

// limitSwap tells how the limit on swap that limitMemory wrote is held.
func (g *Group) limitSwap(l resource.Limits) (e resource.Enforcement, err error) {
	c := g.host.Memory
	e = resource.Enforcement{Limit: "memory and swap", Requested: sizeOrNone(l.Swap), By: by[c.Version]}
	file := map[int]string{1: "memory.memsw.limit_in_bytes", 2: "memory.swap.max"}[c.Version]
	if c.Version == 0 {
		return resource.Enforcement{}, nil
	}
	text, err := os.ReadFile(g.dir(c) + "/" + file)
	if errors.Is(err, os.ErrNotExist) {
		e.By, e.Remark = resource.ByNone, "this kernel does not account for swap"
		return e, nil
	}
	if err != nil {
		return e, fmt.Errorf("read %s back: %w", file, err)
	}
	e.Enforced = swapText(c.Version, string(text), l.Memory)
	return e, nil
}

// swapText is the total that the kernel's answer means.
func swapText(version int, text string, memory resource.Size) string {
	n := int64(math.MaxInt64)
	if _, err := fmt.Sscan(text, &n); err != nil || n >= noLimit1 {
		return sizeOrNone(resource.Unlimited)
	}
	if version == 2 {
		n += int64(memory)
	}
	return resource.Size(n).String()
}

func sizeOrNone(s resource.Size) string {
	if s < 0 {
		return "unlimited"
	}
	return s.String()
}

// reserve asks the kernel to take memory from others first (v2: memory.low) or to reclaim down to this when
// it gets short (v1: the soft limit). Neither is a limit.
func (g *Group) reserve(l resource.Limits) (e resource.Enforcement, err error) {
	c := g.host.Memory
	file := map[int]string{1: "memory.soft_limit_in_bytes", 2: "memory.low"}[c.Version]
	if file == "" {
		return e, nil
	}
	if err := set(g.dir(c), setting{file, number(l.Reservation), false}); err != nil {
		return e, err
	}
	back, err := readInt(g.dir(c), file)
	return resource.Enforcement{Limit: "memory reservation", Requested: l.Reservation.String(), Enforced: resource.Size(back).String(), By: by[c.Version]}, err
}

// Weight translates docker's shares (2 to 262144, 1024 is usual) to cgroup v2's weight (1 to 10000, 100 is
// usual): 10 to the power of l²/612 + 125·l/612 − 7/34 with l = log2(shares), the curve of the OCI runtimes.
func Weight(shares int) int {
	switch {
	case shares <= 2:
		return 1
	case shares >= 262144:
		return 10000
	}
	l := math.Log2(float64(shares))
	return int(math.Ceil(math.Pow(10, (l*l+125*l)/612-7.0/34)))
}
