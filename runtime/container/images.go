package container

import (
	"errors"

	"pocket/runtime/state"
)

// UsedBy returns the name of a container that was made from the stored image and would lose its tree if
// the image were removed, or "" when there is none. With running, only one that runs now counts. An
// image that does not exist is used by nobody.
func (e *Engine) UsedBy(ref string, running bool) (string, error) {
	img, err := e.DB.Image(ref)
	if errors.Is(err, state.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	others, err := e.DB.Images()
	if err != nil {
		return "", err
	}
	for _, other := range others {
		if other.Digest == img.Digest && other.Name != img.Name {
			return "", nil // the tree stays under that name
		}
	}
	list, err := e.DB.Containers(true)
	if err != nil {
		return "", err
	}
	for _, c := range list {
		uses := c.ImageID == img.Digest || c.ImageID == "" && c.Image == img.Name // recorded before ids were
		if uses && (!running || state.IsLocked(e.Dir, c.ID)) {
			return c.Name, nil
		}
	}
	return "", nil
}
