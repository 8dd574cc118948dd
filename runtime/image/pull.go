package image

import (
	"context"
	"errors"
	"fmt"
	"os"

	"pocket/runtime/failpoint"
	"pocket/runtime/hint"
	"pocket/runtime/registry"
	"pocket/runtime/transfer"
)

// Pull fetches the archive at an http or https URL and stores it under name, or under the file name in
// the URL when name is "". sha256 is the digest that the archive must have, or "" for any; with it,
// nothing is fetched when that archive is stored already.
//
// The host's curl does the transfer, else its wget. A transfer that ended early goes on where it
// stopped, now or in a later Pull, if curl is there and the server can do so. Redirections are followed
// up to 10 times and never from https to http.
func (s *Store) Pull(ctx context.Context, url, name, sha256 string, progress Progress) (Image, error) {
	pin, err := parsePin(sha256)
	if err != nil {
		return Image{}, fmt.Errorf("pull %s: %w", transfer.Shown(url), err)
	}
	if err := checkURL(url); err != nil {
		return Image{}, err
	}
	if name == "" {
		if name = urlName(url); name == "" || name == hostName {
			return Image{}, hint.With(fmt.Errorf("pull %s: the URL has no file name", transfer.Shown(url)),
				"choose the image's name: --name NAME")
		}
	}
	if err := checkName(name); err != nil {
		return Image{}, err
	}
	as := label{name: name, source: transfer.Shown(url), pin: pin, deliberate: true}
	if pin != "" {
		if img, done, err := s.rename(ctx, as, pin, progress); done || err != nil {
			return img, err
		}
	}
	return s.fetch(ctx, url, as, progress)
}

// rename gives the image of a digest another name, if it is stored.
func (s *Store) rename(ctx context.Context, as label, digest string, progress Progress) (Image, bool, error) {
	if err := s.folders(); err != nil {
		return Image{}, false, err
	}
	held, err := s.lock(ctx, progress)
	if err != nil {
		return Image{}, false, err
	}
	defer held.Close()
	if _, ok := s.stored(digest); !ok {
		return Image{}, false, nil
	}
	img, err := s.publish(as, digest)
	return img, true, err
}

func (s *Store) fetch(ctx context.Context, url string, as label, progress Progress) (img Image, err error) {
	err = s.download(ctx, url, as, progress, func(f *os.File) (err error) {
		img, err = s.importDownload(ctx, f, as, progress)
		return err
	})
	return img, err
}

// download fetches a URL and hands it on. What was fetched is kept only until it was fetched whole.
func (s *Store) download(ctx context.Context, url string, as label, progress Progress, use func(*os.File) error) error {
	c, err := transfer.Find()
	if err != nil {
		return fmt.Errorf("pull %s: %w", as.source, err)
	}
	if err := s.folders(); err != nil {
		return err
	}
	if err := s.SweepDownloads(registry.SweepAge); err != nil {
		return err
	}
	if err := failpoint.At("pull.open"); err != nil {
		return fmt.Errorf("pull %s: %w", as.source, spaceHint(err))
	}
	d, err := openDownload(ctx, s.tmp(), url, progress)
	if err != nil {
		return fmt.Errorf("pull %s: %w", as.source, err)
	}
	defer d.part.Close()
	d.client, d.pinned, d.most = c, as.pin != "", int64(s.Limits.withDefaults().Bytes)
	if err := d.fetch(ctx); err != nil {
		return spaceHint(err)
	}
	failpoint.Kill("pull.fetched")
	return errors.Join(use(d.part), d.remove())
}

// importDownload stores a complete download.
func (s *Store) importDownload(ctx context.Context, f *os.File, as label, progress Progress) (Image, error) {
	digest, err := readDigest(ctx, f, progress)
	if err != nil {
		return Image{}, fmt.Errorf("read the download of %s: %w", as.source, plain(err))
	}
	if as.pin != "" && digest != as.pin {
		return Image{}, hint.With(fmt.Errorf("pull %s: its sha256 is %s, not %s", as.source, hexOf(digest), hexOf(as.pin)),
			"compare both with the publisher's: the file was replaced, or the pin is another file's")
	}
	return s.importArchive(ctx, f, as, digest, progress)
}
