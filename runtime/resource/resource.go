// Package resource says what a program may use and what it used, as plain values.
package resource

import "time"

// Limits is what a program may use. A zero field sets no limit.
type Limits struct {
	CPU       time.Duration // CPU time, user and system, of the whole process tree
	Wall      time.Duration // time on the clock (CLOCK_MONOTONIC) since the start
	Memory    Size          // memory of the whole process tree, tmpfs pages included, swap none
	CPUs      float64       // how many cores' worth of time per second, e.g. 0.5
	Processes int           // processes and threads alive at once
	Output    Size          // bytes written to standard output and standard error, each
	Files     Size          // bytes in each writable tmpfs (/tmp, /work, /dev/shm)
	OpenFiles int           // descriptors per process (RLIMIT_NOFILE)
	Stack     Size          // main thread's stack (RLIMIT_STACK)
	FileSize  Size          // largest file that can be written (RLIMIT_FSIZE)

	Swap        Size          // memory and swap together; 0 allows no swap beside Memory, Unlimited any
	Reservation Size          // memory that the kernel tries to leave when others want it
	Shares      int           // weight against others for processor time: 2 to 262144, 1024 is usual
	CPUPeriod   time.Duration // the time in which CPUs is measured; 0 is 100 ms
	Cpuset      string        // the processors it may use, as "0-2,5"
}

// Unlimited as Swap, and for an update as Processes, means no limit.
const Unlimited = -1

// Merge returns l with every field that is zero taken from base.
func (l Limits) Merge(base Limits) Limits {
	pick(&l.CPU, base.CPU)
	pick(&l.Wall, base.Wall)
	pick(&l.Memory, base.Memory)
	pick(&l.CPUs, base.CPUs)
	pick(&l.Processes, base.Processes)
	pick(&l.Output, base.Output)
	pick(&l.Files, base.Files)
	pick(&l.OpenFiles, base.OpenFiles)
	pick(&l.Stack, base.Stack)
	pick(&l.FileSize, base.FileSize)
	pick(&l.Swap, base.Swap)
	pick(&l.Reservation, base.Reservation)
	pick(&l.Shares, base.Shares)
	pick(&l.CPUPeriod, base.CPUPeriod)
	pick(&l.Cpuset, base.Cpuset)
	return l
}

func pick[T comparable](field *T, base T) {
	var zero T
	if *field == zero {
		*field = base
	}
}

// Usage is what a process tree did use.
type Usage struct {
	CPU          time.Duration `json:"cpu"`  // user and system time of the whole tree, without our init's
	Wall         time.Duration `json:"wall"` // from the start of the sandbox to the payload's end
	Memory       Size          `json:"memory"`
	CPUSource    string        `json:"cpu_source"`    // where CPU comes from: "cpu.stat", "cpuacct", "rusage"
	MemorySource string        `json:"memory_source"` // "memory.peak", "memory.max_usage_in_bytes", "rusage", "poll"
}

// By names what holds a limit.
type By string

// The ways a limit is held, strongest first.
const (
	ByCgroup2  By = "cgroup v2"
	ByCgroup1  By = "cgroup v1"
	ByKernel   By = "kernel"   // the kernel itself: a tmpfs's size
	ByMonitor  By = "monitor"  // a timer or a count in the process outside
	ByRlimit   By = "rlimit"   // setrlimit(2)
	ByAffinity By = "affinity" // sched_setaffinity(2)
	ByPoll     By = "poll"     // sampled every few milliseconds: a fast program can overshoot
	ByNone     By = "none"     // not enforced
)

// Firm says whether the limit holds exactly as it was asked for: not merely sampled, not missing, and no choice of
// processors, which a program may change (sched_setaffinity(2)).
func (e Enforcement) Firm() bool { return e.By != ByNone && e.By != ByPoll && e.By != ByAffinity }

// Enforcement says of one limit what was asked and how it is held on this host.
type Enforcement struct {
	Limit     string `json:"limit"`            // "memory", "cpu", "wall", …
	Requested string `json:"requested"`        // as the user would write it
	Enforced  string `json:"enforced"`         // what the kernel says when read back; "" when not enforced
	By        By     `json:"by"`               //
	Remark    string `json:"remark,omitempty"` // what the user should know: an error, an overshoot
}
