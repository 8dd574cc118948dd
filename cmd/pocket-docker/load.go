package main

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"strings"

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

const tagUsage = `pocket-docker tag IMAGE NAME[:TAG]

Gives a stored image one more name; the tag is latest where none is given. An image that had the name
before keeps its files and is found by its id.

Example:
  pocket-docker tag alpine:3.19 team/base:1

EXIT STATUS
  0, 1 when it could not be done, 125 for a wrong use.
`

func cmdTag(c *call) error {
	flags := c.flagSet()
	if err := c.parse(flags, 2, 2, "IMAGE NAME"); err != nil {
		return err
	}
	return c.withImages(true, func(ctx context.Context, s *image.Store, _ image.Progress) error {
		return s.Tag(ctx, flags.Arg(0), flags.Arg(1))
	})
}

const saveUsage = `pocket-docker save [flags] IMAGE…

Writes stored images with their names to an archive, for load here or docker, podman and skopeo elsewhere.
Layers, configuration and id are those that were loaded or pulled; of a root filesystem that was one
archive, its files become one layer. The same images give the same bytes. The archive goes to standard
output, unless that is a terminal, or to a new file.

  -o, --output FILE    write to this file, or folder with oci-dir; it must not exist
      --format FORMAT  docker-archive (default), oci-archive, or oci-dir: an OCI layout in a folder
  -q, --quiet          no warnings

Example:
  pocket-docker save -o base.tar team/base:1

EXIT STATUS
  0, 125 when it could not be written, and for a wrong use.
`

func cmdSave(c *call) error {
	format, output, quiet := image.DockerArchive, "", false
	flags := c.flagSet()
	flags.StringVarP(&output, "output", "o", "", "")
	flags.StringVar(&format, "format", format, "")
	flags.BoolVarP(&quiet, "quiet", "q", false, "")
	if err := c.parse(flags, 1, -1, "IMAGE"); err != nil {
		return err
	}
	switch {
	case !strings.Contains(" docker-archive oci-archive oci-dir ", " "+format+" "):
		return usagef("save: %q is not a format (docker-archive, oci-archive and oci-dir are)", format)
	case output == "" && format == image.OCIFolder:
		return usagef("save: --format oci-dir needs the name of a folder (--output)")
	case output == "" && isTerminal(c.stdout):
		return usageError{hint.With(errors.New("save: standard output is a terminal"), "name a file with -o, or write into a pipe")}
	}
	return c.withImages(true, func(ctx context.Context, s *image.Store, _ image.Progress) error {
		var remarks []string
		var err error
		if output == "" {
			remarks, err = s.SaveTo(ctx, flags.Args(), format, c.stdout)
		} else {
			remarks, err = s.Save(ctx, flags.Args(), format, output)
		}
		for _, remark := range remarks {
			if !quiet {
				c.warn("%s", remark)
			}
		}
		return err
	})
}
