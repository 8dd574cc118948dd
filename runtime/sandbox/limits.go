package sandbox

import (
	"math"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/boot"
	"pocket/runtime/internal/linux"
	"pocket/runtime/resource"
)

// fallback says how the limits that no control group holds are held: rlimits, affinity, the monitor.
func fallback(l resource.Limits, held []resource.Enforcement) (rlimits []boot.Rlimit, affinity []byte, more []resource.Enforcement) {
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
	// A dump could be gigabytes in a host folder, by way of core_pattern (core(5)).
	set("RLIMIT_CORE", unix.RLIMIT_CORE, 0)
	if l.CPU > 0 {
		// Whole seconds, per process: the backstop behind the monitor's timer.
		seconds := uint64(math.Ceil(l.CPU.Seconds())) + 1
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
		say("memory", l.Memory.String(), l.Memory.String(), resource.ByPoll, "sampled every 2 ms: a quick program can use more for a moment; what sockets and pipes buffer is not seen")
	}
	if l.Processes > 0 && !has["processes"] {
		// Counted per user namespace since Linux 5.14; the init and its maker count too.
		set("RLIMIT_NPROC", unix.RLIMIT_NPROC, uint64(l.Processes)+2)
		say("processes", strconv.Itoa(l.Processes), strconv.Itoa(l.Processes+1), resource.ByRlimit, "")
	}
	if l.CPUs > 0 && !has["cpus"] {
		cores := min(int(math.Ceil(l.CPUs)), runtime.NumCPU())
		affinity = mask(cores)
		by, enforced := resource.ByAffinity, strconv.Itoa(cores)
		if affinity == nil {
			by, enforced = resource.ByNone, ""
		}
		say("cpus", strconv.FormatFloat(l.CPUs, 'g', -1, 64), enforced, by, "whole cores only, without a cpu controller")
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
	return rlimits, affinity, more
}

// mask is an affinity mask of the first cores that we may use ourselves.
func mask(cores int) []byte {
	var own, chosen unix.CPUSet
	if unix.SchedGetaffinity(0, &own) != nil {
		return nil
	}
	for i := 0; i < len(own)*64 && cores > 0; i++ {
		if own.IsSet(i) {
			chosen.Set(i)
			cores--
		}
	}
	return linux.MaskBytes(&chosen)
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
