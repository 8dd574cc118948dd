package main

import (
	"context"
	"errors"
	"fmt"
	"os/signal"

	"golang.org/x/sys/unix"

	"pocket/runtime/hint"
)

const pullUsage = `pocket-docker pull [flags] URL

Fetches the archive of a root filesystem (tar or tar.gz) over http or https and stores it under the file
name in the URL; run --rootfs finds it by that name, with or without the extension. What was fetched
before an interruption is not fetched again. The name is shown.

      --name NAME       store it under this name
      --sha256 DIGEST   refuse an archive with another digest
  -q, --quiet           show no progress

Example:
  pocket-docker pull --sha256 185123ceb6e7d08f2449fff5543db206ffb79decd814608d399ad447e08fa29e \
    https://dl-cdn.alpinelinux.org/alpine/v3.19/releases/x86_64/alpine-minirootfs-3.19.1-x86_64.tar.gz

EXIT STATUS
  0, 1 when it could not be fetched or stored, 125 for a wrong use.
`

func cmdPull(c *call) error {
	var name, digest string
	var quiet bool
	flags := c.flagSet()
	flags.StringVar(&name, "name", "", "")
	flags.StringVar(&digest, "sha256", "", "")
	flags.BoolVarP(&quiet, "quiet", "q", false, "")
	if err := c.parse(flags, 1, 1, "URL"); err != nil {
		return err
	}
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
	img, err := e.Images.Pull(ctx, flags.Arg(0), name, digest, m.show)
	m.clear()
	if ctx.Err() != nil && err != nil {
		return hint.With(errors.New("interrupted"), "call it again to go on where it stopped")
	}
	if err != nil {
		return err
	}
	if img.Remark != "" {
		c.warn("%s", img.Remark)
	}
	_, err = fmt.Fprintln(c.stdout, img.Name)
	return err
}
