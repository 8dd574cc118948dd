package image

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"pocket/runtime/resource"
)

// Dangling tells if the image has no name but a part of its id, because another took its name.
func (img Image) Dangling() bool {
	return img.Digest != "" && img.Name == hexOf(img.Digest)[:min(shortDigest, len(hexOf(img.Digest)))]
}

// Reference is the image's name without its tag, and the tag; "" for none. An archive's name has no tag.
func (img Image) Reference() (repository, tag string) {
	switch {
	case img.Dangling():
		return "", ""
	case img.Kind != Layered:
		return img.Name, ""
	}
	return splitTag(img.Name)
}

// Usage is what stored things occupy.
type Usage struct {
	Count       int           // images, each counted once however many names it has
	Active      int           // those that a container was made from
	Size        resource.Size // bytes of their regular files; layers that several share count once
	Reclaimable resource.Size // what would be free if all that are not active were removed
}

// Usage sums up the stored images. used tells of an id if a container was made from it.
func (s *Store) Usage(used func(id string) bool) (Usage, error) {
	list, err := s.List()
	if err != nil {
		return Usage{}, err
	}
	var u Usage
	seen, kept := map[string]resource.Size{}, map[string]bool{}
	counted := map[string]bool{}
	for _, img := range list {
		if counted[img.Digest] {
			continue
		}
		counted[img.Digest] = true
		active := used(img.Digest)
		u.Count++
		if active {
			u.Active++
		}
		for part, size := range s.parts(img) {
			seen[part] = size
			kept[part] = kept[part] || active
		}
	}
	for part, size := range seen {
		u.Size += size
		if !kept[part] {
			u.Reclaimable += size
		}
	}
	return u, nil
}

// parts are what an image occupies, by what it is stored as.
func (s *Store) parts(img Image) map[string]resource.Size {
	d, err := s.document(img.Digest)
	if err != nil {
		return map[string]resource.Size{img.Digest: img.Size}
	}
	parts := map[string]resource.Size{}
	for _, id := range d.RootFS.DiffIDs {
		if l, ok := s.layer(id); ok {
			parts["layer "+id] = resource.Size(l.size)
		}
	}
	return parts
}

// Prune removes the names that unwanted chooses, then what processes that were killed have left: layers of
// no image, and what has not been downloaded further for a day. It returns the names, and the bytes of
// regular files that became free.
func (s *Store) Prune(ctx context.Context, unwanted func(Image) bool) (names []string, freed resource.Size, err error) {
	nobody := func(string) bool { return false }
	before, err := s.Usage(nobody)
	if err != nil {
		return nil, 0, err
	}
	list, err := s.List()
	if err != nil {
		return nil, 0, err
	}
	var all []error
	for _, img := range list {
		if !unwanted(img) || ctx.Err() != nil {
			continue
		}
		if err := s.Remove(ctx, img.Name); err != nil {
			all = append(all, err)
			continue
		}
		names = append(names, img.Name)
	}
	after, err := s.Usage(nobody)
	left, swept := s.sweep(ctx)
	return names, before.Size - after.Size + left, errors.Join(append(all, err, swept, ctx.Err())...)
}

// sweep removes what belongs to nothing.
func (s *Store) sweep(ctx context.Context) (resource.Size, error) {
	if _, err := os.Stat(s.tmp()); err != nil {
		return 0, ignoreMissing(err)
	}
	held, err := s.lock(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer held.Close()
	freed, err := s.sweepLayers()
	all := []error{err, s.removeTree(s.work())}
	entries, err := os.ReadDir(s.tmp())
	all = append(all, err)
	for _, e := range entries {
		st, err := e.Info()
		const kept = 24 * time.Hour
		if err != nil || strings.HasSuffix(e.Name(), ".lock") || s.now().Sub(st.ModTime()) < kept {
			continue
		}
		if err = s.removeTree(filepath.Join(s.tmp(), e.Name())); err == nil {
			freed += st.Size()
		}
		all = append(all, err)
	}
	if err := errors.Join(all...); err != nil {
		return resource.Size(freed), fmt.Errorf("remove what was left behind: %w", err)
	}
	return resource.Size(freed), nil
}
