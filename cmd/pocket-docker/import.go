package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"pocket/runtime/hint"
	"pocket/runtime/image"
)

const importUsage = `pocket-docker import [flags] FILE|URL|- [NAME[:TAG]]

Makes an image of one layer of a root filesystem: a tar, compressed with gzip or zstd or not, from a file, an
http or https URL, or standard input (-). Its id is shown.

  -c, --change INSTRUCTION   what the image says of how it is run, as in a Dockerfile: CMD, ENTRYPOINT,
                             ENV, EXPOSE, LABEL, STOPSIGNAL, USER, VOLUME or WORKDIR; may be repeated
  -m, --message TEXT         a comment for the image's history
  -q, --quiet                show no progress

Example:
  pocket-docker import -c 'CMD ["/bin/sh"]' -c 'ENV LANG=C.UTF-8' rootfs.tar.gz team/base:1

EXIT STATUS
  0, 125 when it could not be imported, and for a wrong use.
`

func cmdImport(c *call) error {
	var changes []string
	var r image.Recipe
	var quiet bool
	flags := c.flagSet()
	flags.StringArrayVarP(&changes, "change", "c", nil, "")
	flags.StringVarP(&r.Message, "message", "m", "", "")
	flags.BoolVarP(&quiet, "quiet", "q", false, "")
	if err := c.parse(flags, 1, 2, "FILE"); err != nil {
		return err
	}
	r.Name = flags.Arg(1)
	for _, text := range changes {
		if err := change(&r.Config, text); err != nil {
			return usagef("import: --change %q: %w", text, err)
		}
	}
	from := flags.Arg(0)
	if from == "-" && isTerminal(c.stdin) {
		return usageError{hint.With(errors.New("import: standard input is a terminal"), "name a file, or write an archive to standard input")}
	}
	return c.withImages(quiet, func(ctx context.Context, s *image.Store, p image.Progress) error {
		img, err := c.importFrom(ctx, s, from, r, p)
		if err != nil {
			return err
		}
		if img.Remark != "" {
			c.warn("%s", img.Remark)
		}
		_, err = fmt.Fprintln(c.stdout, img.ID)
		return err
	})
}

func (c *call) importFrom(ctx context.Context, s *image.Store, from string, r image.Recipe, p image.Progress) (image.Image, error) {
	switch {
	case from == "-":
		return s.Import(ctx, c.stdin, "standard input", r, p)
	case strings.Contains(from, "://"):
		return s.ImportURL(ctx, from, r, p)
	}
	return s.ImportFile(ctx, from, r, p)
}
