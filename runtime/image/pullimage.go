package image

import (
	"context"
	"errors"

	"pocket/runtime/registry"
)

// PullImage fetches an image from a registry and stores it under name, or when that is "" under the name of
// its reference. A reference by digest only has no tag to be named by: the image's tag is then the
// beginning of the digest. Layers that are stored already are not fetched. Folder, Have, Bytes and Progress
// of p are set here.
//
// What has arrived when a pull ends early is where a later one goes on.
func (s *Store) PullImage(ctx context.Context, p registry.Pull, name string, progress Progress) (Image, error) {
	if name == "" {
		name = pulledName(p.Reference)
	}
	if _, err := tagged(name); err != nil { // before anything is fetched
		return Image{}, err
	}
	if err := s.folders(); err != nil {
		return Image{}, err
	}
	p.Folder, p.Bytes = s.tmp(), int64(s.Limits.withDefaults().Bytes)
	if progress != nil {
		p.Progress = func(done, total int64) { progress(StageDownload, done, total) }
	}
	for again := true; ; again = false {
		var relied reliance
		p.Have = func(diffID string) bool { return relied.on(s, diffID) }
		img, err := s.pullOnce(ctx, p, name, progress)
		if err == nil || !again || !relied.broken(s) {
			return img, registry.Blame(spaceHint(err))
		}
	}
}

func (s *Store) pullOnce(ctx context.Context, p registry.Pull, name string, progress Progress) (Image, error) {
	layout, err := p.Fetch(ctx)
	if err != nil {
		return Image{}, err
	}
	img, err := s.loadLayout(ctx, layout.Dir, name, "docker://"+p.Reference.String(), layout.Digest, progress)
	return img, errors.Join(err, layout.Close())
}

// pulledName is what an image is called that was fetched by a reference.
func pulledName(r registry.Reference) string {
	tag := r.Tag
	if tag == "" {
		tag = hexOf(r.Digest)[:shortDigest]
	}
	return r.Host + "/" + r.Path + ":" + tag
}

// reliance remembers which stored layers a pull left out: another process may remove them meanwhile.
type reliance struct{ layers []string }

func (r *reliance) on(s *Store, diffID string) bool {
	has := s.HasLayer(diffID)
	if has {
		r.layers = append(r.layers, diffID)
	}
	return has
}

func (r *reliance) broken(s *Store) bool {
	for _, id := range r.layers {
		if !s.HasLayer(id) {
			return true
		}
	}
	return false
}
