package main

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"strings"

	"github.com/spf13/pflag"
	"golang.org/x/sys/unix"

	"pocket/runtime/container"
	"pocket/runtime/hint"
	"pocket/runtime/image"
	"pocket/runtime/registry"
)

// imageOptions are the flags of run and create for where the image comes from.
type imageOptions struct {
	pull, platform string
}

func (o *runOptions) imageFlags(flags *pflag.FlagSet) {
	flags.Var(o.each("always|missing|never", o.setPull), "pull", "")
	flags.Var(o.each("os/arch", o.setPlatform), "platform", "")
}

func (o *runOptions) setPull(s string) error {
	switch s {
	case "always", "missing", "never":
		o.image.pull = s
		return nil
	}
	return fmt.Errorf("%q is none of always, missing and never", s)
}

func (o *runOptions) setPlatform(s string) error {
	p, err := registry.ParsePlatform(s)
	if err != nil {
		return err
	}
	if p.OS != "linux" {
		return fmt.Errorf("%q is not for Linux", s)
	}
	o.image.platform, o.Architecture = s, p.Architecture
	return nil
}

// fetchImage fetches the image first where --pull asks for it.
func (c *call) fetchImage(e *container.Engine, o *runOptions) error {
	if o.image.pull == "" || o.image.pull == "never" || o.Image == "" || o.Image == string(image.Host) {
		return nil
	}
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGINT, unix.SIGTERM, unix.SIGHUP)
	defer stop()
	m := &meter{}
	if !o.quiet {
		m = newMeter(c.stderr)
	}
	defer m.clear()
	if o.image.pull == "missing" {
		img, err := e.Images.Resolve(ctx, o.Image, m.show)
		fits := err == nil && (o.Architecture == "" || img.Architecture == "" || img.Architecture == o.Architecture)
		if fits || err != nil && !errors.Is(err, image.ErrNotFound) {
			return err
		}
	}
	from := o.Image
	if !strings.Contains(from, "://") {
		from = "docker://" + from
	}
	p := pullOptions{platform: o.image.platform, verify: true}
	pull, err := p.registry(from)
	if err != nil {
		return err
	}
	img, err := p.fetch(ctx, e, pull, from, m)
	if err != nil {
		return err
	}
	o.Image = img.Name
	return nil
}

// fetch gets what pull names, or the archive at the URL from where that is nil.
func (o pullOptions) fetch(ctx context.Context, e *container.Engine, pull *registry.Pull, from string, m *meter) (img image.Image, err error) {
	if pull != nil {
		img, err = e.Images.PullImage(ctx, *pull, o.name, m.show)
	} else {
		img, err = e.Images.Pull(ctx, from, o.name, o.digest, m.show)
	}
	m.clear()
	if ctx.Err() != nil && err != nil {
		return img, hint.With(errors.New("interrupted"), "call it again to go on where it stopped")
	}
	return img, err
}
