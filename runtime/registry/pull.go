package registry

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/hint"
	"pocket/runtime/transfer"
)

// Pull is what is to be fetched, from where, and where to.
type Pull struct {
	Reference Reference
	Platform  Platform // of a list of images, which one; zero is the host's
	Insecure  bool     // allow plain http and any certificate also for registries elsewhere than on this host
	Logins    []string // files to look for a login in (see LoginFiles)

	// Folder keeps what has arrived: when a pull is interrupted, the next goes on with that. It must be on
	// the file system of the image store.
	Folder string
	// Have tells if the layer with that diff id, the digest of its uncompressed archive, need not be
	// fetched. nil means none.
	Have func(diffID string) bool
	// Bytes bounds the size of all layers together, as they are in the registry.
	Bytes int64
	// Progress is told of the bytes of layers that have arrived. It is called from the goroutine that
	// calls Fetch. It may be nil.
	Progress func(done, total int64)

	idle  time.Duration
	sleep func(context.Context, time.Duration) error
}

// Fetch fetches the image into an OCI layout folder, which the caller removes with Close. The layers that
// Have names are missing there. All digests and sizes are verified, but for that of the uncompressed
// layers.
func (p Pull) Fetch(ctx context.Context) (*Layout, error) {
	l, err := p.fetch(ctx)
	if err != nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, Blame(fmt.Errorf("pull %s: %w", p.Reference, err))
	}
	return l, nil
}

// Blame adds to an error what to do about a registry that sends what it should not. That is what is wrong
// when nothing better is known, unless it was this host that failed.
func Blame(err error) error {
	var errno unix.Errno
	if hint.Of(err) != "" || errors.As(err, &errno) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return hint.With(err, "nothing was stored; tell who runs the registry, or pull from another one")
}

func (p Pull) fetch(ctx context.Context) (*Layout, error) {
	client, err := transfer.Find()
	if err != nil {
		return nil, err
	}
	client.Idle = p.idle
	if p.Platform == (Platform{}) {
		p.Platform = HostPlatform()
	}
	if p.sleep == nil {
		p.sleep = sleep
	}
	s := &session{client: client, ref: p.Reference, insecure: p.Insecure, files: p.Logins, sleep: p.sleep}
	if err := s.connect(ctx); err != nil {
		return nil, err
	}
	m, err := s.image(ctx, p.Platform)
	if err != nil {
		return nil, err
	}
	return p.fill(ctx, s, m)
}

// fill makes the layout of the image that a manifest describes.
func (p Pull) fill(ctx context.Context, s *session, m manifest) (*Layout, error) {
	l, err := newLayout(p.Folder, m)
	if err != nil {
		return nil, spaceHint(err)
	}
	if err := p.fillLayout(ctx, s, l, m); err != nil {
		return nil, errors.Join(err, l.removeFolder())
	}
	return l, nil
}

func (p Pull) fillLayout(ctx context.Context, s *session, l *Layout, m manifest) error {
	if err := m.checkSizes(p.Bytes); err != nil {
		return err
	}
	if err := s.blob(ctx, p.Folder, l.blob(m.Config.Digest), *m.Config, func(int64) {}); err != nil {
		return err
	}
	text, err := os.ReadFile(l.blob(m.Config.Digest))
	if err != nil {
		return err
	}
	c, err := parseConfig(text, len(m.Layers))
	if err != nil {
		return err
	}
	if c.Platform.fit(p.Platform) == 0 {
		return hint.With(fmt.Errorf("the image is for %s, not for %s", quote(c.Platform.String()), p.Platform),
			"choose its platform with --platform, or another tag")
	}
	missing := p.missing(m.Layers, c.RootFS.DiffIDs)
	l.blobs = append(missing, *m.Config)
	return p.layers(ctx, s, l, missing)
}

// missing returns the layers that must be fetched, each once.
func (p Pull) missing(layers []descriptor, diffIDs []string) []descriptor {
	var list []descriptor
	seen := map[string]bool{}
	for i, layer := range layers {
		if !seen[layer.Digest] && (p.Have == nil || !p.Have(diffIDs[i])) {
			list = append(list, layer)
			seen[layer.Digest] = true
		}
	}
	return list
}

// parallel is how many blobs are fetched at once.
const parallel = 3

// layers fetches blobs until all are there or one cannot be had.
func (p Pull) layers(ctx context.Context, s *session, l *Layout, list []descriptor) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	queue, moved := make(chan descriptor, len(list)), make(chan int64, parallel)
	var total int64
	for _, d := range list {
		total += d.Size
		queue <- d
	}
	close(queue)
	var workers sync.WaitGroup
	for range min(parallel, len(list)) {
		workers.Go(func() {
			for d := range queue {
				if ctx.Err() != nil {
					return
				}
				if err := s.blob(ctx, p.Folder, l.blob(d.Digest), d, func(n int64) { moved <- n }); err != nil {
					cancel(err) // the first counts: those after it are because of it
				}
			}
		})
	}
	go func() { workers.Wait(); close(moved) }()
	p.report(moved, total)
	return context.Cause(ctx)
}

// report passes on how far the blobs are, until moved is closed.
func (p Pull) report(moved <-chan int64, total int64) {
	const step = 256 << 10
	var done, told int64
	for n := range moved {
		done += n
		if p.Progress != nil && (done-told >= step || done < told || done == total) {
			told = done
			p.Progress(done, total)
		}
	}
}
