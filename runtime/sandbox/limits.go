package sandbox

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/boot"
	"pocket/runtime/resource"
)

// fallback says how the limits that no control group holds are held: rlimits, affinity, the monitor.
func fallback(l resource.Limits, held []resource.Enforcement) (rlimits []boot.Rlimit, mask *unix.CPUSet, more []resource.Enforcement) {
	has := map[string]bool{}
	for _, e := range held {
		has[e.Limit] = true
	}
	say := func(limit, asked, enforced string, by resource.By, remark string) {
		more = append(more, resource.Enforcement{Limit: limit, Requested: asked, Enforced: enforced, By: by, Remark: remark})
	}
	set := func(name string, res int, value uint64) {
		rlimits = append(rlimits, boot.Rlimit{Resource: res, Name: name, Rlimit: unix.Rlimit{Cur: value, Max: value}})
	}
	// A dump could be gigabytes in a host folder. Where core_pattern names a program, the host's root runs it for
	// any limit but 1, also for 0; a dump to a file needs more than 1 (fs/coredump.c, do_coredump).
	set("RLIMIT_CORE", unix.RLIMIT_CORE, 1)
	if l.CPU > 0 {
		// Whole seconds, per process: the backstop behind the monitor's timer. It counts by the ticks of a clock that
		// was seen to run 5 % ahead of the group's, so it must lie well beyond: it would end what is within its limit.
		seconds := uint64(math.Ceil(l.CPU.Seconds()*5/4)) + 1
		rlimits = append(rlimits, boot.Rlimit{Resource: unix.RLIMIT_CPU, Name: "RLIMIT_CPU", Rlimit: unix.Rlimit{Cur: seconds, Max: seconds + 1}})
		say("cpu", l.CPU.String(), l.CPU.String(), resource.ByMonitor, "")
	}
	if l.Wall > 0 {
		say("wall", l.Wall.String(), l.Wall.String(), resource.ByMonitor, "")
	}
	if l.Output > 0 {
		say("output", l.Output.String(), l.Output.String(), resource.ByMonitor, "")
	}
	if l.Files > 0 {
		say("files", l.Files.String(), l.Files.String(), resource.ByKernel, "the size of each tmpfs")
	}
	if l.Memory > 0 && !has["memory"] {
		say("memory", l.Memory.String(), l.Memory.String(), resource.ByPoll, "sampled every 2 ms: a quick program can use more for a moment; what is in no process's pages (files without a name, System V segments, pipes, sockets) is not seen")
	}
	if l.Processes > 0 && !has["processes"] {
		// Counted per user namespace since Linux 5.14; the init and its maker count too.
		set("RLIMIT_NPROC", unix.RLIMIT_NPROC, uint64(l.Processes)+2)
		say("processes", strconv.Itoa(l.Processes), strconv.Itoa(l.Processes+1), resource.ByRlimit, "")
	}
	mask, more = affinity(l, has, more)
	for _, r := range []struct {
		limit, text, controller string
		asked                   bool
	}{
		{"memory and swap", l.Swap.String(), "memory", l.Swap > 0},
		{"memory reservation", l.Reservation.String(), "memory", l.Reservation > 0},
		{"cpu shares", strconv.Itoa(l.Shares), "cpu", l.Shares > 0},
	} {
		if r.asked && !has[r.limit] {
			say(r.limit, r.text, "", resource.ByNone, "there is no "+r.controller+" controller")
		}
	}
	for _, r := range []struct {
		limit, name string
		resource    int
		value       int64
		text        string
	}{
		{"open files", "RLIMIT_NOFILE", unix.RLIMIT_NOFILE, int64(l.OpenFiles), strconv.Itoa(l.OpenFiles)},
		{"stack", "RLIMIT_STACK", unix.RLIMIT_STACK, int64(l.Stack), l.Stack.String()},
		{"file size", "RLIMIT_FSIZE", unix.RLIMIT_FSIZE, int64(l.FileSize), l.FileSize.String()},
	} {
		if r.value > 0 {
			set(r.name, r.resource, uint64(r.value))
			say(r.limit, r.text, r.text, resource.ByRlimit, "")
		}
	}
	return rlimits, mask, more
}

// affinity holds by sched_setaffinity(2) what no controller holds: a set of processors, and as many of it as
// a limit on their time needs, rounded up.
func affinity(l resource.Limits, has map[string]bool, more []resource.Enforcement) (*unix.CPUSet, []resource.Enforcement) {
	byCount, bySet := l.CPUs > 0 && !has["cpus"], l.Cpuset != "" && !has["cpuset"]
	if !byCount && !bySet {
		return nil, more
	}
	allowed, err := ownCPUs()
	if l.Cpuset != "" && err == nil {
		allowed, err = within(allowed, l.Cpuset)
	}
	remark := "programs can change it: it is no limit of the kernel's"
	if bySet {
		e := resource.Enforcement{Limit: "cpuset", Requested: l.Cpuset, Enforced: resource.FormatCPUs(allowed), By: resource.ByAffinity, Remark: remark}
		more = append(more, orNone(e, err))
	}
	if byCount {
		allowed = allowed[:min(len(allowed), int(math.Ceil(l.CPUs)))]
		e := resource.Enforcement{Limit: "cpus", Requested: strconv.FormatFloat(l.CPUs, 'g', -1, 64), Enforced: strconv.Itoa(len(allowed)),
			By: resource.ByAffinity, Remark: "whole cores only, without a cpu controller, and programs can choose more"}
		more = append(more, orNone(e, err))
	}
	if err != nil {
		return nil, more
	}
	mask := &unix.CPUSet{}
	for _, n := range allowed {
		mask.Set(n)
	}
	return mask, more
}

func orNone(e resource.Enforcement, err error) resource.Enforcement {
	if err != nil {
		e.By, e.Enforced, e.Remark = resource.ByNone, "", err.Error()
	}
	return e
}

// ownCPUs lists the processors that we may use ourselves.
func ownCPUs() ([]int, error) {
	var own unix.CPUSet
	if err := unix.SchedGetaffinity(0, &own); err != nil {
		return nil, fmt.Errorf("read our processors: %w", err)
	}
	var list []int
	for i := range len(own) * 64 {
		if own.IsSet(i) {
			list = append(list, i)
		}
	}
	return list, nil
}

// within keeps those of a list that a set names.
func within(list []int, set string) ([]int, error) {
	named, err := resource.ParseCPUs(set)
	if err != nil {
		return nil, err
	}
	var both []int
	for _, n := range list {
		if slices.Contains(named, n) {
			both = append(both, n)
		}
	}
	if len(both) == 0 {
		return nil, fmt.Errorf("none of the processors %s may be used here (%s may)", set, resource.FormatCPUs(list))
	}
	return both, nil
}

// cores is on how many cores the program may burn CPU time at once. What is held by affinity only it may leave.
func (p *Process) cores(l resource.Limits) int {
	if !slices.ContainsFunc(p.Enforcement(), func(e resource.Enforcement) bool { return e.Limit == "cpus" && e.Firm() }) {
		l.CPUs = 0
	}
	return cpuCores(l)
}

// cpuCores is on how many cores a program may burn CPU time at once.
func cpuCores(l resource.Limits) int {
	n := runtime.NumCPU()
	if l.CPUs > 0 {
		n = min(n, int(math.Ceil(l.CPUs)))
	}
	if l.Processes > 0 {
		n = min(n, l.Processes)
	}
	return max(n, 1)
}

// nextLook is how long a program cannot pass its CPU limit: what is left, divided by the cores it may
// use. It is never below a quarter of a millisecond, so that looking costs little.
func nextLook(left time.Duration, cores int) time.Duration {
	return max(left/time.Duration(cores), 250*time.Microsecond)
}
