package main

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/pflag"

	"pocket/runtime/resource"
)

// limitOptions are the flags for limits that can also be changed under a running program: run, create and
// update have them.
type limitOptions struct {
	limits        *resource.Limits
	period, quota time.Duration
	cpus          bool
	fresh         bool // of a container that is made: 0 is no limit, as docker has it
}

func (o *limitOptions) flags(flags *pflag.FlagSet) {
	l := o.limits
	flags.VarP(o.orNone(memoryFlag(&l.Memory), func() { l.Memory = 0 }), "memory", "m", "")
	flags.Var(swapFlag(&l.Swap), "memory-swap", "")
	flags.Var(sizeFlag(&l.Reservation), "memory-reservation", "")
	flags.Var(o.orNone(o.cpusFlag(), func() { l.CPUs, o.cpus = 0, false }), "cpus", "")
	flags.Var(microsecondsFlag(&o.period, 1000, 1000000), "cpu-period", "")
	flags.Var(microsecondsFlag(&o.quota, 1000, 1<<40), "cpu-quota", "")
	flags.VarP(sharesFlag(&l.Shares), "cpu-shares", "c", "")
	flags.Var(cpusetFlag(&l.Cpuset), "cpuset-cpus", "")
	flags.Var(pidsFlag(&l.Processes), "pids-limit", "")
	for name, why := range unavailable {
		flags.Var(&value{kind: "value", set: func(string) error { return errors.New(why) }}, name, "")
		_ = flags.MarkHidden(name)
	}
	for _, name := range []string{"oom-kill-disable"} { // given without a value
		flags.Lookup(name).NoOptDefVal = "true"
	}
}

// unavailable are docker's flags for limits that there are none of here, each with the reason.
var unavailable = map[string]string{
	"kernel-memory":       "the kernel has no such limit any more (since Linux 5.16); --memory counts its memory too",
	"memory-swappiness":   "cgroup v2 has no such setting; --memory-swap bounds swap",
	"oom-kill-disable":    "a program that waits for memory for ever is worse than one that ends; --oom-score-adj makes another more likely",
	"cpuset-mems":         "memory nodes cannot be chosen; --cpuset-cpus chooses processors",
	"cpu-rt-period":       "real-time scheduling is not given to containers",
	"cpu-rt-runtime":      "real-time scheduling is not given to containers",
	"cpu-count":           "it is a limit of Windows; --cpus is this system's",
	"cpu-percent":         "it is a limit of Windows; --cpus is this system's",
	"blkio-weight":        "block devices are measured and not limited",
	"blkio-weight-device": "block devices are measured and not limited",
	"device-read-bps":     "block devices are measured and not limited",
	"device-read-iops":    "block devices are measured and not limited",
	"device-write-bps":    "block devices are measured and not limited",
	"device-write-iops":   "block devices are measured and not limited",
}

func (o *limitOptions) cpusFlag() *value {
	read := cpusFlag(&o.limits.CPUs)
	return &value{kind: read.kind, set: func(s string) error {
		o.cpus = true
		return read.set(s)
	}}
}

// orNone takes 0 for no limit where there is none yet. One that there is is not taken away by it: docker's 0 leaves
// it as it is.
func (o *limitOptions) orNone(v *value, none func()) *value {
	if !o.fresh {
		return v
	}
	return &value{kind: v.kind, set: func(s string) error {
		zero := false
		if number, err := strconv.ParseFloat(s, 64); err == nil {
			zero = number == 0
		} else if size, err := resource.ParseSize(s); err == nil {
			zero = size == 0
		}
		if zero {
			none()
			return nil
		}
		return v.set(s)
	}}
}

// finish makes one limit of --cpus, or of --cpu-quota and --cpu-period.
func (o *limitOptions) finish(command string) error {
	if o.cpus && o.quota+o.period > 0 {
		return usagef("%s: --cpus and --cpu-quota with --cpu-period are two ways to say the same: use one", command)
	}
	if o.quota > 0 {
		o.limits.CPUPeriod = o.period
		if o.period == 0 {
			o.period = 100 * time.Millisecond
		}
		o.limits.CPUs = float64(o.quota) / float64(o.period)
	} else if o.period > 0 {
		return usagef("%s: --cpu-period limits nothing without --cpu-quota", command)
	}
	return nil
}

// swapFlag reads the sum of memory and swap, or -1 for any amount of swap.
func swapFlag(to *resource.Size) *value {
	read := sizeFlag(to)
	return &value{kind: read.kind, set: func(s string) error {
		if s == "-1" {
			*to = resource.Unlimited
			return nil
		}
		return read.set(s)
	}}
}

// microsecondsFlag reads docker's numbers of microseconds; with a unit, a duration.
func microsecondsFlag(to *time.Duration, least, most int64) *value {
	return &value{kind: "microseconds", set: func(s string) error {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			d, parseErr := time.ParseDuration(s)
			if parseErr != nil {
				return fmt.Errorf("%q is not a number of microseconds", s)
			}
			n = d.Microseconds()
		}
		if n < least || n > most {
			return fmt.Errorf("%q is not between %d and %d microseconds", s, least, most)
		}
		*to = time.Duration(n) * time.Microsecond
		return nil
	}}
}

func sharesFlag(to *int) *value {
	return &value{kind: "number", set: func(s string) error {
		n, err := strconv.Atoi(s)
		if err != nil || n < 2 || n > 262144 {
			return fmt.Errorf("%q is not a number of shares (2 to 262144; 1024 is usual)", s)
		}
		*to = n
		return nil
	}}
}

func cpusetFlag(to *string) *value {
	return &value{kind: "list", set: func(s string) error {
		_, err := resource.ParseCPUs(s)
		*to = s
		return err
	}}
}

// pidsFlag reads a number of processes; 0 and -1 are no limit, as docker has it.
func pidsFlag(to *int) *value {
	return &value{kind: "number", set: func(s string) error {
		n, err := strconv.ParseInt(s, 10, 32)
		if err != nil || n < -1 {
			return fmt.Errorf("%q is not a number of processes (-1 for no limit)", s)
		}
		if n < 1 {
			n = resource.Unlimited
		}
		*to = int(n)
		return nil
	}}
}

// startLimits are the flags of run and create for what is set at the start only.
func (o *runOptions) startLimits(flags *pflag.FlagSet) {
	flags.Var(durationFlag(&o.Limits.Wall), "timeout", "")
	flags.Var(durationFlag(&o.Limits.CPU), "cpu-time", "")
	flags.Var(o.each("name=soft[:hard]", o.setUlimit), "ulimit", "")
	flags.Var(sizeFlag(&o.ShmSize), "shm-size", "")
	flags.Var(o.each("number", o.setOOMScore), "oom-score-adj", "")
	flags.BoolVar(&o.Strict, "strict-limits", false, "")
}

// setUlimit takes the last of several of the same name.
func (o *runOptions) setUlimit(s string) error {
	u, err := resource.ParseUlimit(s)
	if err != nil {
		return err
	}
	for i := range o.Ulimits {
		if o.Ulimits[i].Name == u.Name {
			o.Ulimits[i] = u
			return nil
		}
	}
	o.Ulimits = append(o.Ulimits, u)
	return nil
}

func (o *runOptions) setOOMScore(s string) error {
	n, err := strconv.Atoi(s)
	if err != nil || n < -1000 || n > 1000 {
		return fmt.Errorf("%q is not a number from -1000 to 1000", s)
	}
	o.OOMScore = n
	return nil
}
