package image

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

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
	if err := s.SweepDownloads(registry.SweepAge); err != nil {
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

// SweepDownloads removes what pulls left that were interrupted longer than age ago and that nothing goes on
// with now.
func (s *Store) SweepDownloads(age time.Duration) error {
	if err := registry.Sweep(s.tmp(), age); err != nil {
		return fmt.Errorf("remove old downloads: %w", err)
	}
	files, err := filepath.Glob(filepath.Join(s.tmp(), downloadPrefix+"*"))
	problems := []error{err}
	for _, file := range files {
		if part, ok := strings.CutSuffix(file, validatorSuffix); ok {
			file = part // it is written before the part, and goes with it
		}
		if err := registry.Discard(file, age); err != nil {
			problems = append(problems, fmt.Errorf("remove old downloads: %w", err))
		}
		if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
			problems = append(problems, ignoreMissing(os.Remove(file+validatorSuffix)))
		}
	}
	return errors.Join(problems...)
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
