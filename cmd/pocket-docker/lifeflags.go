package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"pocket/runtime/container"
)

// healthFlags are what the command line says of the health check.
type healthFlags struct {
	container.Health
	given, none bool
}

// lifeFlags defines the flags for how a container ends, is started again and is checked.
func (o *runOptions) lifeFlags(flags *pflag.FlagSet) {
	flags.Var(o.each("policy", o.setRestart), "restart", "")
	flags.Var(signalFlag(&o.StopSignal), "stop-signal", "")
	flags.Var(secondsFlag(&o.StopTimeout), "stop-timeout", "")
	flags.VarP(o.each("name=value", o.setLabel), "label", "l", "")
	flags.Var(o.each("file", o.setLabelFile), "label-file", "")
	flags.Var(o.each("command line", o.setHealthCmd), "health-cmd", "")
	flags.Var(o.healthDuration(&o.health.Interval), "health-interval", "")
	flags.Var(o.healthDuration(&o.health.Timeout), "health-timeout", "")
	flags.Var(o.healthDuration(&o.health.StartPeriod), "health-start-period", "")
	flags.Var(o.healthDuration(&o.health.StartInterval), "health-start-interval", "")
	flags.Var(o.each("number", o.setHealthRetries), "health-retries", "")
	flags.Var(o.each("action", o.setHealthOnFailure), "health-on-failure", "")
	flags.BoolVar(&o.health.none, "no-healthcheck", false, "")
}

func (o *runOptions) setRestart(s string) (err error) {
	o.Restart, err = container.ParseRestart(s)
	return err
}

func (o *runOptions) setLabel(s string) error {
	name, text, _ := strings.Cut(s, "=")
	if name == "" {
		return fmt.Errorf("%q is not NAME or NAME=VALUE", s)
	}
	if o.Labels == nil {
		o.Labels = map[string]string{}
	}
	o.Labels[name] = text
	return nil
}

// setLabelFile reads one NAME or NAME=VALUE a line; empty lines and lines that begin with # do not count.
func (o *runOptions) setLabelFile(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	number := 0
	for line := range bytes.Lines(text) {
		number++
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		if err := o.setLabel(string(line)); err != nil {
			return fmt.Errorf("%s:%d: %w", file, number, err)
		}
	}
	return nil
}

func (o *runOptions) healthDuration(to *time.Duration) *value {
	read := durationFlag(to)
	return o.each(read.kind, func(s string) error {
		o.health.given = true
		return read.set(s)
	})
}

// setHealthCmd gives the command line to the image's shell, as docker does; "none" is no check.
func (o *runOptions) setHealthCmd(s string) error {
	if strings.TrimSpace(s) == "" {
		return errors.New("it is empty")
	}
	if s == "none" {
		o.health.none = true
		return nil
	}
	o.health.given, o.health.Test = true, []string{"/bin/sh", "-c", s}
	return nil
}

func (o *runOptions) setHealthRetries(s string) error {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || n == 0 {
		return fmt.Errorf("%q is not a number of failures above 0", s)
	}
	o.health.given, o.health.Retries = true, int(n)
	return nil
}

func (o *runOptions) setHealthOnFailure(s string) error {
	switch s {
	case "none", "kill", "restart", "stop":
		o.health.given, o.health.OnFailure = true, s
		return nil
	}
	return fmt.Errorf("%q is none of none, kill, restart and stop", s)
}

// setHealth makes the config's health check of the flags.
func (o *runOptions) setHealth() error {
	switch h := &o.health; {
	case h.none && h.Test != nil:
		return usagef("%s: --no-healthcheck and --health-cmd exclude each other", o.command)
	case h.none || !h.given:
		o.NoHealth = h.none
		return nil
	case h.Test == nil:
		return usagef("%s: there is no health check to set this of: give --health-cmd too", o.command)
	default:
		o.Health = &h.Health
	}
	return nil
}
