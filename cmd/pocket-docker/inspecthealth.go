package main

import (
	"time"

	"pocket/runtime/container"
	"pocket/runtime/state"
)

type inspectedHealth struct {
	Status string
}

// inspectedHealthcheck has its times in nanoseconds, as docker has them.
type inspectedHealthcheck struct {
	Test          []string
	Interval      time.Duration `json:",omitempty"`
	Timeout       time.Duration `json:",omitempty"`
	StartPeriod   time.Duration `json:",omitempty"`
	StartInterval time.Duration `json:",omitempty"`
	Retries       int           `json:",omitempty"`
	OnFailure     string        `json:",omitempty"`
}

func inspectHealth(c state.Container) *inspectedHealth {
	if c.Health == "" {
		return nil
	}
	return &inspectedHealth{Status: c.Health}
}

func inspectHealthcheck(h *container.Health) *inspectedHealthcheck {
	if h == nil {
		return nil
	}
	return &inspectedHealthcheck{append([]string{"CMD"}, h.Test...), h.Interval, h.Timeout, h.StartPeriod, h.StartInterval, h.Retries, h.OnFailure}
}
