package container

import (
	"context"
	"errors"
	"time"

	"pocket/runtime/image"
	"pocket/runtime/resource"
	"pocket/runtime/state"
)

// imageUses returns which images containers were made from, by their ids.
func (e *Engine) imageUses() (func(id string) bool, error) {
	list, err := e.DB.Containers(true)
	if err != nil {
		return nil, err
	}
	used := map[string]bool{}
	for _, c := range list {
		id := c.ImageID
		if id == "" { // recorded before ids were
			if img, err := e.DB.Image(c.Image); err == nil {
				id = img.Digest
			}
		}
		used[id] = true
	}
	return func(id string) bool { return used[id] }, nil
}

// PruneContainers removes the containers that do not run and were made before the time, unless that is
// zero. It returns the ids, and the bytes that became free.
func (e *Engine) PruneContainers(ctx context.Context, before time.Time) (ids []string, freed resource.Size, err error) {
	_, lost := e.Reconcile()
	list, err := e.DB.Containers(true)
	if err != nil {
		return nil, 0, errors.Join(lost, err)
	}
	var all []error
	for _, c := range list {
		ended := c.Status == state.Exited || c.Status == state.Created
		if !ended || ctx.Err() != nil || !before.IsZero() && !c.Created.Before(before) {
			continue
		}
		size, _ := e.Written(c.ID)
		if err := e.Remove(ctx, c.ID, false, false); err != nil {
			all = append(all, err)
			continue
		}
		ids, freed = append(ids, c.ID), freed+size
	}
	return ids, freed, errors.Join(append(all, ctx.Err())...)
}

// PruneImages removes the images that have lost their names or, with whole, all that no container was made
// from; of both only those stored before the time, unless that is zero.
func (e *Engine) PruneImages(ctx context.Context, whole bool, before time.Time) (names []string, freed resource.Size, err error) {
	used, err := e.imageUses()
	if err != nil {
		return nil, 0, err
	}
	return e.Images.Prune(ctx, func(img image.Image) bool {
		return (whole || img.Dangling()) && !used(img.Digest) && (before.IsZero() || img.Created.Before(before))
	})
}

// PruneVolumes removes the volumes that no container was made with: those without a name of the user's, or
// with named all. It returns the names, and the bytes that became free, as far as they could be counted.
func (e *Engine) PruneVolumes(named bool) (names []string, freed resource.Size, err error) {
	list, err := e.DB.Volumes()
	if err != nil {
		return nil, 0, err
	}
	sizes := map[string]resource.Size{}
	for _, v := range list {
		if len(v.Users) == 0 && (v.Anonymous || named) {
			sizes[v.Name], _ = occupied(e.Volumes().Path(v.Name))
		}
	}
	names, err = e.Volumes().Prune(named)
	for _, name := range names {
		freed += sizes[name]
	}
	return names, freed, err
}

// Disk is what of each kind there is on the disk.
type Disk struct{ Images, Containers, Volumes image.Usage }

// DiskUsage is what images, containers and volumes occupy. Active are the images that a container was made
// from, the containers that run, and the volumes that a container was made with.
func (e *Engine) DiskUsage() (d Disk, err error) {
	used, err := e.imageUses()
	if err != nil {
		return d, err
	}
	if d.Images, err = e.Images.Usage(used); err != nil {
		return d, err
	}
	_, lost := e.Reconcile()
	list, err := e.DB.Containers(true)
	if err != nil {
		return d, errors.Join(lost, err)
	}
	for _, c := range list {
		size, _ := e.Written(c.ID)
		add(&d.Containers, size, c.Status.Live())
	}
	volumes, err := e.DB.Volumes()
	for _, v := range volumes {
		size, _ := occupied(e.Volumes().Path(v.Name))
		add(&d.Volumes, size, len(v.Users) > 0)
	}
	return d, err
}

func add(u *image.Usage, size resource.Size, active bool) {
	u.Count++
	u.Size += size
	if active {
		u.Active++
	} else {
		u.Reclaimable += size
	}
}
