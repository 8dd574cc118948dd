package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"

	"golang.org/x/sys/unix"

	"pocket/runtime/hint"
	"pocket/runtime/image"
	"pocket/runtime/registry"
)

const pullUsage = `pocket-docker pull [flags] URL
pocket-docker pull [flags] docker://HOST[:PORT]/IMAGE[:TAG][@DIGEST]

Fetches the archive of a root filesystem (tar, tar.gz or tar.zst) over http or https and stores it under
the file name in the URL; run --rootfs finds it by that name, with or without the extension. Or fetches
an image with its layers from an OCI registry and stores it under its reference, with the tag latest
where there is none. What was fetched before an interruption is not fetched again, and neither are
layers that are stored. The name is shown.

A name without a host, as docker://alpine, is one of the registry in $POCKET_REGISTRY, as HOST[:PORT] or
HOST/PATH; PATH goes before names of one part. Logins are those of docker, podman and skopeo
($REGISTRY_AUTH_FILE, else containers/auth.json in $XDG_RUNTIME_DIR and .docker/config.json). A registry
on this host may speak plain http or have any certificate.

      --name NAME            store it under this name
      --sha256 DIGEST        refuse an archive with another digest (of an image: write @sha256:… behind it)
      --platform OS/ARCH[/VARIANT]
                             of an image for several platforms, take that one (default: this host's)
      --tls-verify=false     accept any certificate of the registry, and plain http
  -q, --quiet                show no progress

Example:
  pocket-docker pull --sha256 185123ceb6e7d08f2449fff5543db206ffb79decd814608d399ad447e08fa29e \
    https://dl-cdn.alpinelinux.org/alpine/v3.19/releases/x86_64/alpine-minirootfs-3.19.1-x86_64.tar.gz
  pocket-docker pull docker://127.0.0.1:5000/team/app:1.2
  pocket-docker run --rm 127.0.0.1:5000/team/app:1.2

EXIT STATUS
  0, 125 when it could not be fetched or stored, and for a wrong use.
`

// pullOptions is what the flags say.
type pullOptions struct {
	name, digest, platform string
	quiet, verify          bool
}

func cmdPull(c *call) error {
	var o pullOptions
	flags := c.flagSet()
	flags.StringVar(&o.name, "name", "", "")
	flags.StringVar(&o.digest, "sha256", "", "")
	flags.StringVar(&o.platform, "platform", "", "")
	flags.BoolVar(&o.verify, "tls-verify", true, "")
	flags.BoolVarP(&o.quiet, "quiet", "q", false, "")
	if err := c.parse(flags, 1, 1, "URL"); err != nil {
		return err
	}
	from := flags.Arg(0)
	pull, err := o.registry(from)
	if err != nil {
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
	if !o.quiet {
		m = newMeter(c.stderr)
	}
	img, err := o.fetch(ctx, e, pull, from, m)
	if err != nil {
		return err
	}
	return c.pulled(img)
}

// pulled shows the name of what was fetched.
func (c *call) pulled(img image.Image) error {
	if img.Remark != "" {
		c.warn("%s", img.Remark)
	}
	_, err := fmt.Fprintln(c.stdout, img.Name)
	return err
}

// registry returns what to fetch from a registry, nil when from is a URL.
func (o pullOptions) registry(from string) (*registry.Pull, error) {
	short := os.Getenv("POCKET_REGISTRY")
	if !registry.IsReference(from) {
		if !strings.Contains(from, "://") {
			return nil, usageError{typeReference(from, short)}
		}
		if o.platform != "" || !o.verify {
			return nil, usagef("pull: --platform and --tls-verify are for images of a registry (docker://…)")
		}
		return nil, nil
	}
	if o.digest != "" {
		return nil, usagef("pull: --sha256 is for archives (of an image, write the digest behind its name: %s@sha256:…)", from)
	}
	ref, err := registry.Parse(from, short)
	if err != nil {
		return nil, usageError{fmt.Errorf("pull: %w", err)}
	}
	pull := &registry.Pull{Reference: ref, Insecure: !o.verify, Logins: registry.LoginFiles(os.Getenv)}
	if o.platform != "" {
		if pull.Platform, err = registry.ParsePlatform(o.platform); err != nil {
			return nil, usageError{fmt.Errorf("pull: --platform: %w", err)}
		}
	}
	return pull, nil
}

// typeReference says how a name is pulled that docker would look for in its own registry.
func typeReference(name, short string) error {
	err := fmt.Errorf("pull: %q is not a URL", name)
	if ref, bad := registry.Parse(name, short); bad == nil {
		return hint.With(err, "for an image of a registry: pocket-docker pull docker://%s", ref)
	}
	return hint.With(err, "for an image of a registry: pocket-docker pull docker://HOST/%s; "+
		"for a root filesystem's archive, its http or https URL", name)
}
