package container

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"pocket/runtime/hint"
	"pocket/runtime/image"
	"pocket/runtime/state"
)

// RemoveImage removes a name of a stored image, with the last one its files; by the image's id all of its
// names, of which there may be several only with force. An image that a container was made from, which
// would lose its files, is not removed; with force that goes for a container that runs only. Nothing is
// removed where that is refused; what the user can do is a hint.
func (e *Engine) RemoveImage(ctx context.Context, ref string, force bool) error {
	names, last, err := e.namesToRemove(ref, force)
	if err != nil {
		return err
	}
	if last != "" {
		user, err := e.madeFrom(last, force)
		if err != nil {
			return err
		}
		if user != "" {
			return hint.With(fmt.Errorf("image %s: container %s was made from it", ref, user),
				"remove the container first: pocket-docker rm %s", user)
		}
	}
	for _, name := range names {
		if err := e.Images.Remove(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// namesToRemove are the names that are to go; digest is the image's whose files go with them, or "".
func (e *Engine) namesToRemove(ref string, force bool) (names []string, digest string, err error) {
	img, err := e.DB.Image(ref)
	if errors.Is(err, state.ErrNotFound) {
		return []string{ref}, "", nil // the store knows more forms of a name, or what is wrong
	}
	if err != nil {
		return nil, "", err
	}
	list, err := e.DB.Images()
	if err != nil {
		return nil, "", err
	}
	all := []string{img.Name}
	for _, other := range list {
		if other.Digest == img.Digest && other.Name != img.Name {
			all = append(all, other.Name)
		}
	}
	switch {
	case len(all) == 1:
		return all, img.Digest, nil
	case img.Named(ref):
		return all[:1], "", nil // the files stay under the other names
	case !force:
		return nil, "", hint.With(fmt.Errorf("image %s has several names: %s", ref, strings.Join(all, ", ")),
			"remove one of these names, or all with --force")
	}
	return all, img.Digest, nil
}

// madeFrom returns the name of a container that was made from the image, or "" when there is none. With
// running, only one that runs now counts.
func (e *Engine) madeFrom(digest string, running bool) (string, error) {
	list, err := e.DB.Containers(true)
	if err != nil {
		return "", err
	}
	for _, c := range list {
		id := c.ImageID
		if id == "" { // recorded before ids were
			if img, err := e.DB.Image(c.Image); err == nil {
				id = img.Digest
			}
		}
		if id == digest && (!running || state.IsLocked(e.Dir, c.ID)) {
			return c.Name, nil
		}
	}
	return "", nil
}

// gone is the error for an image whose files are not where a container looks for them; nil when they are.
func gone(img image.Image) error {
	for _, layer := range img.Layers {
		if _, err := os.Stat(layer); !errors.Is(err, os.ErrNotExist) {
			continue // what else may be wrong with it, its use tells
		}
		err := fmt.Errorf("image %s: its files are gone from %s", img.Name, layer)
		if img.Kind == image.Directory {
			return hint.With(err, "put the folder back, or make the container anew from another")
		}
		return hint.With(err, "get the image again: pocket-docker rmi -f %s, and fetch it from %s", img.Name, cmp.Or(img.Source, "where it came from"))
	}
	return nil
}
