package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/container"
	"pocket/runtime/resource"
)

// inspectedHostConfig is what the container was asked to be held to, in docker's words and units.
type inspectedHostConfig struct {
	Binds       []string
	NetworkMode string
	inspectedPublished
	RestartPolicy     inspectedRestart
	AutoRemove        bool
	LogConfig         inspectedLog
	Capabilities      []string // what is kept, inside its user namespace
	GroupAdd          []string
	Devices           []inspectedDevice
	Sysctls           map[string]string `json:",omitempty"`
	Privileged        bool
	ReadonlyRootfs    bool
	SecurityOpt       []string
	MaskedPaths       []string `json:",omitempty"` // beside docker's
	UnmaskedPaths     []string `json:",omitempty"`
	Memory            resource.Size
	MemorySwap        resource.Size
	MemoryReservation resource.Size
	NanoCpus          int64
	CpuShares         int
	CpuPeriod         int64 // microseconds
	CpusetCpus        string
	PidsLimit         int
	OomScoreAdj       int
	Ulimits           []resource.Ulimit
	ShmSize           resource.Size
	Tmpfs             map[string]string
	Timeout           time.Duration // nanoseconds on the clock; 0: none
	CPUTime           time.Duration // nanoseconds of processor time; 0: none
	StrictLimits      bool
}

type inspectedDevice struct{ PathOnHost, PathInContainer, CgroupPermissions string }

type inspectedRestart struct {
	Name              string
	MaximumRetryCount int
}

type inspectedLog struct {
	Type   string
	Config map[string]string
}

func inspectHostConfig(cfg container.Config) inspectedHostConfig {
	l := cfg.Limits
	o := inspectedHostConfig{Binds: []string{}, NetworkMode: cfg.Network.Mode.String(), inspectedPublished: inspectPublished(cfg.Network), AutoRemove: cfg.Remove, LogConfig: inspectLog(cfg.Log),
		Capabilities: container.CapabilityNames(cfg.Capabilities), GroupAdd: append([]string{}, cfg.GroupAdd...), Devices: []inspectedDevice{}, Sysctls: cfg.Sysctls, Privileged: cfg.Privileged, ReadonlyRootfs: cfg.ReadOnly,
		SecurityOpt: []string{"seccomp=" + cfg.Seccomp.String(), "no-new-privileges"}, MaskedPaths: cfg.Mask, UnmaskedPaths: cfg.Unmask,
		Memory: l.Memory, MemorySwap: l.Swap, MemoryReservation: l.Reservation, NanoCpus: int64(l.CPUs * 1e9), CpuShares: l.Shares,
		CpuPeriod: l.CPUPeriod.Microseconds(), CpusetCpus: l.Cpuset, PidsLimit: l.Processes, OomScoreAdj: cfg.OOMScore,
		Ulimits: append([]resource.Ulimit{}, cfg.Ulimits...), ShmSize: cfg.ShmSize, Tmpfs: map[string]string{},
		Timeout: l.Wall, CPUTime: l.CPU, StrictLimits: cfg.Strict}
	o.RestartPolicy = inspectedRestart{Name: string(container.Never)}
	if cfg.Restart.When != "" {
		o.RestartPolicy = inspectedRestart{string(cfg.Restart.When), cfg.Restart.Limit}
	}
	for _, v := range cfg.Volumes {
		mode := ""
		if v.ReadOnly {
			mode = ":ro"
		}
		o.Binds = append(o.Binds, v.Host+":"+v.Target+mode)
	}
	for _, d := range cfg.Devices {
		o.Devices = append(o.Devices, inspectedDevice{d.Host, d.Target, "rwm"})
	}
	for _, t := range cfg.Tmpfs {
		options := ""
		if t.Size > 0 {
			options = fmt.Sprintf("size=%d", int64(t.Size))
		}
		o.Tmpfs[t.Target] = options
	}
	if o.ShmSize == 0 {
		o.ShmSize = container.DefaultShmSize
	}
	return o
}

func inspectLog(o container.LogOptions) inspectedLog {
	l := inspectedLog{Type: "json-file", Config: map[string]string{}}
	if o.Driver != "" {
		l.Type = o.Driver
	}
	if o.Size != 0 {
		l.Config["max-size"] = fmt.Sprint(int64(o.Size))
	}
	if o.Files != 0 {
		l.Config["max-file"] = fmt.Sprint(o.Files)
	}
	return l
}

func signalText(s unix.Signal) string {
	if s == 0 {
		s = unix.SIGTERM
	}
	if name := unix.SignalName(s); name != "" {
		return name
	}
	return fmt.Sprint(int(s))
}

func joinSorted(names []string) string {
	slices.Sort(names)
	return strings.Join(names, " ")
}
