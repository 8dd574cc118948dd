package main

import (
	"time"

	"pocket/runtime/container"
	"pocket/runtime/state"
)

type inspectedHealth struct {
	Status        string
	FailingStreak int
	Log           []container.Probe
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

// inspectHealth is nil for a container without a health check. Of one that does not run any more the last
// results are kept.
func inspectHealth(e *container.Engine, c state.Container) *inspectedHealth {
	log, ok := e.HealthOf(c)
	if !ok && c.Health == "" {
		return nil
	}
	h := &inspectedHealth{Status: log.Status, FailingStreak: log.FailingStreak, Log: append([]container.Probe{}, log.Log...)}
	if c.Health != "" {
		h.Status = c.Health // the record is what ps shows
	}
	return h
}

func inspectHealthcheck(h *container.Health) *inspectedHealthcheck {
	if h == nil {
		return nil
	}
	return &inspectedHealthcheck{append([]string{"CMD"}, h.Test...), h.Interval, h.Timeout, h.StartPeriod, h.StartInterval, h.Retries, h.OnFailure}
}
