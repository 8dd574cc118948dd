package image

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"pocket/runtime/failpoint"
	"pocket/runtime/hint"
	"pocket/runtime/state"
)

// label is what an archive is to be recorded as.
type label struct {
	name   string
	source string
	pin    string
	// manifest is the digest of the manifest that a layered image came by, or "".
	manifest string
	// deliberate is true when the user chose or expects the name, as with pull. An archive that is only
	// run gets a name for convenience and never takes one from an image that was named deliberately.
	deliberate bool
}

// find returns the stored image that ref names.
func (s *Store) find(ref string) (Image, error) {
	row, err := s.row(ref)
	if err != nil {
		return Image{}, err
	}
	img, ok := s.stored(row.Digest)
	if !ok {
		return Image{}, hint.With(fmt.Errorf("image %s: its files are gone from %s", quote(ref), s.home(row.Digest)),
			"remove it with: pocket-docker rmi %s, and get it again from %s", row.Name, row.Source)
	}
	return img.with(row), nil
}

// row returns the record of what ref names: as it is written, or in docker's short form.
func (s *Store) row(ref string) (state.Image, error) {
	row, err := s.db.Image(ref)
	if short := familiar(ref); errors.Is(err, state.ErrNotFound) && short != ref {
		row, err = s.db.Image(short)
	}
	if errors.Is(err, state.ErrNotFound) {
		return row, notFound(ref)
	}
	return row, err
}

func (img Image) with(row state.Image) Image {
	img.Name, img.Source, img.Created, img.Manifest = row.Name, row.Source, row.Created, row.Manifest
	return img
}

// List returns the stored images. One whose files are gone is among them, with Dir "".
func (s *Store) List() ([]Image, error) {
	rows, err := s.db.Images()
	if err != nil {
		return nil, err
	}
	list := make([]Image, 0, len(rows))
	for _, row := range rows {
		img, ok := s.stored(row.Digest)
		if !ok {
			img = Image{ID: row.Digest, Digest: row.Digest, Kind: Kind(row.Kind), Size: row.Size}
		}
		list = append(list, img.with(row))
	}
	return list, nil
}

// published returns the image of that digest when it is stored under that label already.
func (s *Store) published(as label, digest string) (Image, bool) {
	rows, err := s.db.Images()
	img, ok := s.stored(digest)
	if err != nil || !ok {
		return Image{}, false // the long way finds the error again
	}
	for _, row := range rows {
		same := row.Name == as.name && row.Source == as.source && row.Pin == as.pin
		if row.Digest == digest && (same || !as.deliberate) {
			return img.with(row), true
		}
	}
	return Image{}, false
}

// publish records a stored tree. Who had the name before keeps its files and is called by its digest
// from then on, unless it has another name. The caller holds the lock.
func (s *Store) publish(as label, digest string) (Image, error) {
	img, ok := s.stored(digest)
	if !ok {
		return Image{}, fmt.Errorf("store %s: its files have gone meanwhile", as.source)
	}
	rows, err := s.db.Images()
	if err != nil {
		return Image{}, err
	}
	short := hexOf(digest)[:shortDigest]
	if as.name == "" || as.name == hostName {
		as.name = short
	}
	if old, taken := byName(rows, as.name); taken && old.Digest != digest {
		if isURL(old.Source) && !as.deliberate {
			as.name = short
		} else if err := s.keepReachable(old, rows); err != nil {
			return Image{}, err
		}
	}
	row := state.Image{
		Name: as.name, Digest: digest, Kind: string(img.Kind), Size: img.Size,
		Source: as.source, Created: s.now(), Pin: as.pin, Manifest: as.manifest,
	}
	if err := failpoint.At("image.record"); err != nil {
		return Image{}, fmt.Errorf("record the image: %w", err)
	}
	if err := s.db.AddImage(row); err != nil {
		return Image{}, err
	}
	return img.with(row), nil
}

func byName(rows []state.Image, name string) (state.Image, bool) {
	for _, row := range rows {
		if row.Name == name {
			return row, true
		}
	}
	return state.Image{}, false
}

// keepReachable gives an image that is about to lose its name another one.
func (s *Store) keepReachable(old state.Image, rows []state.Image) error {
	for _, row := range rows {
		if row.Digest == old.Digest && row.Name != old.Name {
			return nil
		}
	}
	old.Name = hexOf(old.Digest)[:shortDigest]
	return s.db.AddImage(old)
}

// Remove forgets the name of a stored image, or the image that a digest means, and with its last name
// removes its files. Whether a container still uses them is for the caller to know.
func (s *Store) Remove(ctx context.Context, ref string) error {
	if err := s.folders(); err != nil {
		return err
	}
	held, err := s.lock(ctx, nil)
	if err != nil {
		return err
	}
	defer held.Close()
	row, err := s.row(ref)
	if errors.Is(err, ErrNotFound) { // an earlier removal of it may have been killed
		_, swept := s.sweepLayers()
		return errors.Join(err, swept, s.removeTree(s.work()))
	}
	if err != nil {
		return err
	}
	rows, err := s.db.Images()
	if err != nil {
		return err
	}
	for _, other := range rows {
		if other.Digest == row.Digest && other.Name != row.Name {
			_, err := s.db.RemoveImage(row.Name)
			return err
		}
	}
	return s.discard(row)
}

// discard removes an image's files and record. The tree leaves its place at once, by rename, while it
// is still recorded: killed in between, the image is listed as broken and can be removed again.
func (s *Store) discard(row state.Image) error {
	if err := s.removeTree(s.work()); err != nil {
		return err
	}
	if err := failpoint.At("image.remove"); err != nil {
		return fmt.Errorf("remove image %s: %w", quote(row.Name), err)
	}
	if err := ignoreMissing(os.Rename(s.home(row.Digest), s.work())); err != nil {
		return fmt.Errorf("remove image %s: %w", quote(row.Name), err)
	}
	failpoint.Kill("image.removed")
	if _, err := s.db.RemoveImage(row.Name); err != nil {
		return err
	}
	failpoint.Kill("image.forgotten")
	_, err := s.sweepLayers()
	return errors.Join(s.removeTree(s.work()), s.forgetSeen(row.Digest), err)
}

// forgetSeen drops what is remembered of archive files with that digest.
func (s *Store) forgetSeen(digest string) error {
	entries, err := os.ReadDir(filepath.Join(s.dir, "seen"))
	if err != nil {
		return err
	}
	for _, e := range entries {
		path := filepath.Join(s.dir, "seen", e.Name())
		if text, err := os.ReadFile(path); err == nil && strings.Contains(string(text), digest) {
			if err := ignoreMissing(os.Remove(path)); err != nil {
				return err
			}
		}
	}
	return nil
}
