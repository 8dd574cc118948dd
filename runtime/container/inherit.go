package container

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"pocket/runtime/hint"
	"pocket/runtime/idmap"
	"pocket/runtime/image"
)

// inherit fills what the user left open with what the image says of itself, and finds out who User is.
func (c *Config) inherit(img image.Image) error {
	if err := c.checkPlatform(img); err != nil {
		return err
	}
	start := img.Config.Start(image.Wish{Args: c.Args, Entrypoint: c.Entrypoint, Env: c.Env, User: c.User, Dir: c.Dir})
	c.Args, c.Env, c.Dir = start.Args, start.Env, start.Dir
	if c.Dir != "" && !path.IsAbs(c.Dir) { // an image's may be relative: docker reads it from the root
		c.Dir = path.Join("/", c.Dir)
	}
	if len(c.Args) == 0 || c.Args[0] == "" {
		return hint.With(errors.New("no program is given, and the image names none"), "put it after the image, for example /bin/sh")
	}
	if err := c.checkText(); err != nil { // also what is the image's
		return fmt.Errorf("image %s: %w", img.Name, err)
	}
	if c.StopSignal == 0 && start.StopSignal != "" {
		signal, err := imageSignal(start.StopSignal)
		if err != nil {
			return fmt.Errorf("image %s: %w", img.Name, err)
		}
		c.StopSignal = signal
	}
	if c.Health == nil && !c.NoHealth {
		c.Health = healthOf(img.Config)
	}
	return c.inheritUser(img, start.User)
}

// checkPlatform finds out whether the image is for the processor that is asked for, and can run here.
func (c *Config) checkPlatform(img image.Image) error {
	if c.Architecture != "" && img.Architecture != "" && img.Architecture != c.Architecture {
		return hint.With(fmt.Errorf("image %s is for %s, not %s", img.Name, img.Architecture, c.Architecture),
			"fetch the other one first: pocket-docker pull --platform linux/%s docker://%s, or run --pull missing", c.Architecture, img.Name)
	}
	return img.CheckArchitecture()
}

func (c *Config) inheritUser(img image.Image, spec string) error {
	user, err := image.LookupUser(img.Layers, spec)
	if err != nil {
		return err
	}
	if user.Name == "" && img.Kind == image.Host && !strings.Contains(spec, ":") {
		user.GID = user.UID // the view of the host has no entry for it but the one that is made of it
	}
	c.UID, c.GID, c.Groups, c.Home = user.UID, user.GID, user.Groups, user.Home
	c.AddedIDs = nil
	for _, name := range c.GroupAdd {
		gid, err := image.LookupGroup(img.Layers, name)
		if err != nil {
			return err
		}
		c.AddedIDs = append(c.AddedIDs, gid)
	}
	return nil
}

// supplementary are those of the user's further groups that can be had with the mapping. With a single id there
// are none: setgroups(2) is denied then (user_namespaces(7)).
func (c *Config) supplementary(ids idmap.Map) []int {
	if os.Geteuid() != 0 && !ids.Tool {
		return nil
	}
	all := slices.Concat(c.Groups, c.AddedIDs)
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(gid int) bool { return idmap.Host(ids.GIDs, gid) < 0 })
}

// checkAdded tells of a group that was asked for and cannot be had with the mapping.
func (c *Config) checkAdded(ids idmap.Map) error {
	have := c.supplementary(ids)
	for i, gid := range c.AddedIDs {
		if !slices.Contains(have, gid) {
			return hint.With(fmt.Errorf("group %s cannot be added: %s", c.GroupAdd[i], cmp.Or(ids.Reason, fmt.Sprintf("%d has no id on this host", gid))),
				"leave --group-add out, or have ranges of subordinate ids set up (pocket-docker doctor)")
		}
	}
	return nil
}

// imageSignal reads a stop signal as images have it: SIGTERM, TERM, 15, SIGRTMIN+3.
func imageSignal(text string) (unix.Signal, error) {
	if n, err := strconv.Atoi(text); err == nil && n > 0 && n <= 64 {
		return unix.Signal(n), nil
	}
	name := strings.ToUpper(text)
	if !strings.HasPrefix(name, "SIG") {
		name = "SIG" + name
	}
	if s := unix.SignalNum(name); s != 0 {
		return s, nil
	}
	const realTime = 34 // SIGRTMIN of the C libraries, which keep two for themselves (signal(7))
	if rest, ok := strings.CutPrefix(name, "SIGRTMIN"); ok {
		n, err := strconv.Atoi("0" + strings.TrimPrefix(rest, "+"))
		if err == nil && realTime+n <= 64 {
			return unix.Signal(realTime + n), nil
		}
	}
	return 0, fmt.Errorf("its stop signal %q is none", text)
}

// healthOf is an image's health check, nil for none.
func healthOf(c image.Config) *Health {
	h := c.Healthcheck
	if h == nil || len(h.Test) < 2 {
		return nil
	}
	test := h.Test[1:]
	switch h.Test[0] {
	case "CMD":
	case "CMD-SHELL":
		shell := c.Shell
		if len(shell) == 0 {
			shell = []string{"/bin/sh", "-c"}
		}
		test = append(slices.Clone(shell), h.Test[1])
	default: // NONE, and what nobody knows
		return nil
	}
	return &Health{Test: test, Interval: h.Interval, Timeout: h.Timeout, StartPeriod: h.StartPeriod,
		StartInterval: h.StartInterval, Retries: h.Retries}
}
