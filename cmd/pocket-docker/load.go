package main

import (
	"context"
	"errors"
	"fmt"
	"os/signal"

	"golang.org/x/sys/unix"

	"pocket/runtime/hint"
	"pocket/runtime/image"
)

const loadUsage = `pocket-docker load [flags]

Stores the images of an archive that docker, podman, skopeo or pocket-docker saved: a docker-archive or an
OCI layout, as a tar, compressed with gzip or zstd or not, or as a folder. It is read from standard input
unless --input is given. Of an image for several platforms this host's is taken; every digest is
checked; layers that are stored already are shared. The names of the images are shown.

  -i, --input FILE   read this archive or folder
  -q, --quiet        show no progress

Example:
  pocket-docker load -i alpine.tar && pocket-docker run --rm alpine cat /etc/os-release

EXIT STATUS
  0, 125 when it could not be loaded, and for a wrong use.
`

func cmdLoad(c *call) error {
	var input string
	var quiet bool
	flags := c.flagSet()
	flags.StringVarP(&input, "input", "i", "", "")
	flags.BoolVarP(&quiet, "quiet", "q", false, "")
	if err := c.parse(flags, 0, 0, ""); err != nil {
		return err
	}
	if flags.Changed("input") && input == "" {
		return usagef("load: the name of the file is empty")
	}
	if input == "" && isTerminal(c.stdin) {
		return usageError{hint.With(errors.New("load: standard input is a terminal"), "name an archive with -i, or write it to standard input")}
	}
	return c.withImages(quiet, func(ctx context.Context, s *image.Store, p image.Progress) error {
		var list []image.Image
		var err error
		if input == "" {
			list, err = s.LoadFrom(ctx, c.stdin, "standard input", p)
		} else {
			list, err = s.Load(ctx, input, p)
		}
		return errors.Join(c.loaded(list), err)
	})
}

func (c *call) loaded(list []image.Image) error {
	for _, img := range list {
		if img.Remark != "" {
			c.warn("%s: %s", oneLine(img.Name), img.Remark)
		}
		line := "Loaded image: " + oneLine(img.Name)
		if img.Dangling() {
			line = "Loaded image ID: " + img.ID
		}
		if _, err := fmt.Fprintln(c.stdout, line); err != nil {
			return err
		}
	}
	return nil
}

// withImages opens the store for something long, which Ctrl-C ends.
func (c *call) withImages(quiet bool, do func(context.Context, *image.Store, image.Progress) error) error {
	e, err := open()
	if err != nil {
		return err
	}
	defer e.DB.Close()
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGINT, unix.SIGTERM, unix.SIGHUP)
	defer stop()
	m := &meter{}
	if !quiet {
		m = newMeter(c.stderr)
	}
	err = do(ctx, e.Images, m.show)
	m.clear()
	if ctx.Err() != nil && err != nil {
		return errors.New("interrupted; nothing was changed")
	}
	return err
}
