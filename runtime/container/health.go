package container

import "time"

// Health is a container's health check: a program that the monitor runs inside now and then.
type Health struct {
	Test        []string      // the program and its arguments
	Interval    time.Duration // between the end of one check and the start of the next; 0 for 30 s
	Timeout     time.Duration // after which a check has failed; 0 for 30 s
	StartPeriod time.Duration // from the start, in which failures do not count
	// StartInterval is the interval in the start period; 0 for 5 s.
	StartInterval time.Duration
	Retries       int    // failures in a row that make it unhealthy; 0 for 3
	OnFailure     string // what is done when it becomes unhealthy: none, kill, restart or stop; "" for none
}

// The states of a container's health.
const (
	HealthStarting  = "starting"
	HealthHealthy   = "healthy"
	HealthUnhealthy = "unhealthy"
)
