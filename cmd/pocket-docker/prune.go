package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os/signal"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/container"
	"pocket/runtime/hint"
	"pocket/runtime/resource"
)

const pruneUsage = `pocket-docker prune [flags] [containers|images|volumes]

Removes what is not used: the containers that have ended or were never started, with all that they wrote, and
the images that have lost their name to another one, with the layers of no image; or only the ones named.
Volumes are removed only where that is asked for, and only those without a name of yours. It asks first. What
was removed is shown, and how much became free.

  -a, --all            of images, all that no container was made from; with the word volumes also those with a
                       name that no container was made with
      --volumes        the volumes that no container was made with, too
  -f, --force          do not ask
      --filter until=TIME   only what was made before: a time (2006-01-02T15:04:05Z, 2006-01-02) or that
                       long ago (10m, 24h); not of volumes

Example:
  pocket-docker prune -f --filter until=24h

EXIT STATUS
  0, 1 when the answer was no, 125 when something could not be removed (the rest is) and for a wrong use.
`

// pruneOptions is what the flags say.
type pruneOptions struct {
	all, force, volumes bool
	before              time.Time
	what                string // container, image or volume; "" for the first two
}

func cmdPrune(c *call) error {
	var o pruneOptions
	flags := c.flagSet()
	flags.BoolVarP(&o.all, "all", "a", false, "")
	flags.BoolVarP(&o.force, "force", "f", false, "")
	flags.BoolVar(&o.volumes, "volumes", false, "")
	flags.Var(&value{kind: "until=time", set: o.setFilter}, "filter", "")
	if err := c.parse(flags, 0, 1, ""); err != nil {
		return err
	}
	switch o.what = strings.TrimSuffix(flags.Arg(0), "s"); o.what {
	case "", "container", "image":
	case "volume":
		o.volumes = true
	default:
		return usagef("prune: %q is none of containers, images and volumes", flags.Arg(0))
	}
	if o.volumes && !o.before.IsZero() {
		return usageError{hint.With(errors.New("prune: volumes cannot be chosen by --filter until"), "prune them on their own: pocket-docker prune volumes")}
	}
	if err := c.confirm(o); err != nil {
		return err
	}
	e, err := open()
	if err != nil {
		return err
	}
	defer e.DB.Close()
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGINT, unix.SIGTERM, unix.SIGHUP)
	defer stop()
	return c.prune(ctx, e, o)
}

func (o *pruneOptions) setFilter(s string) error {
	text, ok := strings.CutPrefix(s, "until=")
	if !ok {
		return fmt.Errorf("%q is not until=TIME", s)
	}
	for _, form := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02"} {
		if at, err := time.ParseInLocation(form, text, time.Local); err == nil {
			o.before = at
			return nil
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return fmt.Errorf("%q is neither a time nor a duration (write 2006-01-02 or 24h)", text)
	}
	o.before = time.Now().Add(-d)
	return nil
}

// confirm asks, unless that was forbidden.
func (c *call) confirm(o pruneOptions) error {
	if o.force {
		return nil
	}
	if !isTerminal(c.stdin) {
		return usageError{hint.With(errors.New("prune: there is nobody to ask"), "call it with --force")}
	}
	fmt.Fprintf(c.stderr, "This removes %s. Are you sure? [y/N] ", o.words())
	answer, err := bufio.NewReader(c.stdin).ReadString('\n')
	if answer = strings.ToLower(strings.TrimSpace(answer)); err == nil && (answer == "y" || answer == "yes") {
		return nil
	}
	return exitStatus(1)
}

// words says what would be removed.
func (o pruneOptions) words() string {
	var list []string
	if o.prunes("container") {
		list = append(list, "all containers that do not run")
	}
	switch {
	case o.prunes("image") && o.all:
		list = append(list, "all images that no container was made from")
	case o.prunes("image"):
		list = append(list, "the images without a name")
	}
	switch {
	case o.volumes && o.what == "volume" && o.all:
		list = append(list, "all volumes that no container was made with")
	case o.volumes:
		list = append(list, "the volumes without a name that no container was made with")
	}
	return strings.Join(list, ", and ")
}

func (o pruneOptions) prunes(what string) bool { return o.what == "" || o.what == what }

func (c *call) prune(ctx context.Context, e *container.Engine, o pruneOptions) error {
	var all []error
	var freed resource.Size
	if o.prunes("container") {
		ids, size, err := e.PruneContainers(ctx, o.before)
		all, freed = append(all, err, c.removed("Deleted Containers:", ids)), freed+size
	}
	if o.prunes("image") {
		names, size, err := e.PruneImages(ctx, o.all, o.before)
		all, freed = append(all, err, c.removed("Deleted Images:", names)), freed+size
	}
	if o.volumes { // after the containers, whose own volumes are free then
		names, size, err := e.PruneVolumes(o.all && o.what == "volume")
		all, freed = append(all, err, c.removed("Deleted Volumes:", names)), freed+size
	}
	_, err := fmt.Fprintf(c.stdout, "Total reclaimed space: %s\n", freed.Human())
	return errors.Join(append(all, err)...)
}

func (c *call) removed(title string, names []string) error {
	if len(names) == 0 {
		return nil
	}
	_, err := fmt.Fprintf(c.stdout, "%s\n%s\n\n", title, oneLines(names))
	return err
}

func oneLines(names []string) string {
	shown := make([]string, len(names))
	for i, name := range names {
		shown[i] = oneLine(name)
	}
	return strings.Join(shown, "\n")
}
