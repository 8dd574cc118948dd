package main

import (
	"context"
	"errors"
	"strings"

	"pocket/runtime/hint"
	"pocket/runtime/image"
)

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
