package main

import (
	"context"

	"pocket/runtime/image"
)

const tagUsage = `pocket-docker tag IMAGE NAME[:TAG]

Gives a stored image one more name; the tag is latest where none is given. An image that had the name
before keeps its files and is found by its id.

Example:
  pocket-docker tag alpine:3.19 team/base:1

EXIT STATUS
  0, 125 when it could not be done, and for a wrong use.
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
