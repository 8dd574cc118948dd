package main

import (
	"strconv"
	"time"

	"pocket/runtime/container"
	"pocket/runtime/resource"
	"pocket/runtime/state"
)

// inspectedContainer is the JSON of a container: docker's names, and ours for what docker has not.
type inspectedContainer struct {
	ID           string `json:"Id"`
	Created      time.Time
	Path         string
	Args         []string
	State        inspectedState
	Image        string // the id of the image
	Name         string
	RestartCount int
	LogPath      string
	Driver       string
	Platform     string
	HostConfig   inspectedHostConfig
	Mounts       []inspectedMount
	Config       inspectedConfig
	Network      inspectedNetwork `json:"NetworkSettings"`
	SizeRw       *resource.Size   `json:",omitempty"`
	Limits       []resource.Enforcement
	Exits        []inspectedExit
	Usage        *resource.Usage `json:",omitempty"` // of the last run that ended
}

type inspectedState struct {
	Status     state.Status
	Running    bool
	Paused     bool
	Restarting bool
	OOMKilled  *bool // null where no kernel counter tells
	Dead       bool
	Pid        int // of the first process inside, as the host sees it; 0 unless running
	MonitorPid int // of the process that watches it
	ExitCode   int
	Signal     int    `json:",omitempty"`
	Reason     string `json:",omitempty"` // what ended the last run
	Error      string
	Denied     []state.Denied `json:",omitempty"` // what a seccomp profile that only tells refuses
	StartedAt  time.Time
	FinishedAt time.Time
	Health     *inspectedHealth `json:",omitempty"`
}

// inspectedExit is how one run ended.
type inspectedExit struct {
	StartedAt  time.Time
	FinishedAt time.Time
	ExitCode   int
	Signal     int `json:",omitempty"`
	Reason     string
	OOMKilled  *bool
	Error      string         `json:",omitempty"`
	Denied     []state.Denied `json:",omitempty"`
}

type inspectedConfig struct {
	Hostname    string
	Domainname  string
	User        string
	Tty         bool
	OpenStdin   bool
	Env         []string
	Cmd         []string
	Image       string
	WorkingDir  string
	Labels      map[string]string
	StopSignal  string
	StopTimeout *int                  `json:",omitempty"` // seconds; -1: for ever
	Healthcheck *inspectedHealthcheck `json:",omitempty"`
}

type inspectedMount struct {
	Type        string // bind or tmpfs
	Source      string
	Destination string
	Mode        string
	RW          bool
}

func (i *inspector) container(c state.Container) (*inspectedContainer, error) {
	exits, err := i.engine.DB.Exits(c.ID)
	if err != nil {
		return nil, err
	}
	// A record of an earlier version has no config; the rest of it is shown all the same.
	cfg, err := container.ConfigOf(c)
	if err != nil {
		cfg = container.Config{Args: c.Command}
	}
	o := &inspectedContainer{ID: c.ID, Name: c.Name, Created: c.Created, Image: c.ImageID, RestartCount: c.Restarts,
		LogPath: c.Log, Driver: "overlay", Platform: "linux", State: inspectState(c), Mounts: inspectMounts(cfg),
		Config: inspectConfig(c, cfg), HostConfig: inspectHostConfig(cfg), Network: i.network(c),
		Limits: append([]resource.Enforcement{}, c.Limits...), Exits: inspectExits(exits)}
	if len(c.Command) > 0 {
		o.Path, o.Args = c.Command[0], append([]string{}, c.Command[1:]...)
	}
	if c.Exit != nil {
		o.Usage = &c.Exit.Usage
	}
	o.State.Health = inspectHealth(i.engine, c)
	if i.size {
		written, _ := i.engine.Written(c.ID)
		o.SizeRw = &written
	}
	return o, nil
}

func inspectState(c state.Container) inspectedState {
	s := inspectedState{Status: c.Status, Running: c.Status.Live(), Paused: c.Status == state.Paused,
		Restarting: c.Status == state.Restarting, Pid: c.Init.PID, MonitorPid: c.Monitor.PID, StartedAt: c.Started,
		FinishedAt: c.Ended}
	if e := c.Exit; e != nil && c.Status != state.Running && c.Status != state.Paused {
		s.ExitCode, s.Signal, s.Reason, s.Error, s.OOMKilled = e.Code, e.Signal, e.Reason, e.Error, known(e.OOM)
		s.Denied = e.Denied
	} else {
		no := false
		s.OOMKilled = &no // of a run that goes on, or of none
	}
	return s
}

// known is nil for unknown, which JSON writes as null.
func known(oom state.OOM) *bool {
	if oom != state.OOMTrue && oom != state.OOMFalse {
		return nil
	}
	is := oom == state.OOMTrue
	return &is
}

func inspectExits(list []state.Exit) []inspectedExit {
	out := []inspectedExit{}
	for _, e := range list {
		out = append(out, inspectedExit{StartedAt: e.Started, FinishedAt: e.Finished, ExitCode: e.Code, Signal: e.Signal,
			Reason: e.Reason, OOMKilled: known(e.OOM), Error: e.Error, Denied: e.Denied})
	}
	return out
}

func inspectConfig(c state.Container, cfg container.Config) inspectedConfig {
	o := inspectedConfig{Hostname: cfg.Hostname, Domainname: cfg.Network.Names.Domain, User: userText(cfg), Tty: cfg.Terminal, OpenStdin: cfg.Interactive,
		Env: append([]string{}, cfg.Env...), Cmd: append([]string{}, cfg.Args...), Image: c.Image, WorkingDir: cfg.Dir,
		Labels: cfg.Labels, StopSignal: signalText(cfg.StopSignal), Healthcheck: inspectHealthcheck(cfg.Health)}
	if o.Labels == nil {
		o.Labels = map[string]string{}
	}
	if cfg.StopTimeout != nil {
		seconds := int(cfg.StopTimeout.Seconds())
		if *cfg.StopTimeout < 0 {
			seconds = -1
		}
		o.StopTimeout = &seconds
	}
	return o
}

func userText(cfg container.Config) string {
	return strconv.Itoa(cfg.UID) + ":" + strconv.Itoa(cfg.GID)
}

func inspectMounts(cfg container.Config) []inspectedMount {
	list := []inspectedMount{}
	for _, v := range cfg.Volumes {
		m := inspectedMount{Type: "bind", Source: v.Host, Destination: v.Target, RW: !v.ReadOnly}
		if v.ReadOnly {
			m.Mode = "ro"
		}
		list = append(list, m)
	}
	for _, t := range cfg.Tmpfs {
		list = append(list, inspectedMount{Type: "tmpfs", Destination: t.Target, RW: true})
	}
	return list
}
