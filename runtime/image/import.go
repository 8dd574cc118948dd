package image

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"pocket/runtime/transfer"
)

// Recipe is what an import makes of a root filesystem.
type Recipe struct {
	Name    string // made docker's short form with a tag; "" for none
	Config  Config
	Message string // kept in the image's history
}

// Import makes an image of one layer of the root filesystem in the archive from, which may be compressed.
// source says where it came from.
func (s *Store) Import(ctx context.Context, from io.Reader, source string, r Recipe, progress Progress) (Image, error) {
	if r.Name != "" {
		full, err := tagged(r.Name)
		if err != nil {
			return Image{}, err
		}
		r.Name = full
	}
	f, err := s.spool(func(to *os.File) error { return s.spoolTar(ctx, from, to, progress) })
	if err != nil {
		return Image{}, fmt.Errorf("import %s: %w", source, spaceHint(plain(err)))
	}
	defer f.Close()
	img, err := s.importTar(ctx, f, source, r, progress)
	if err != nil {
		return Image{}, fmt.Errorf("import %s: %w", source, err)
	}
	return img, nil
}

// spoolTar writes an archive's plain tar.
func (s *Store) spoolTar(ctx context.Context, from io.Reader, to io.Writer, progress Progress) error {
	t, err := openTar(ctx, readSource(ctx, from, 0, StageRead, progress), s.Limits.withDefaults())
	if err != nil {
		return err
	}
	defer t.close()
	_, err = io.Copy(to, t)
	return err
}

func (s *Store) importTar(ctx context.Context, f *os.File, source string, r Recipe, progress Progress) (Image, error) {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return Image{}, err
	}
	id, err := digestOfFile(f)
	if err != nil {
		return Image{}, err
	}
	now := s.now().UTC()
	p := packed{document: document{Created: &now, Architecture: runtime.GOARCH, OS: "linux", Config: r.Config,
		RootFS: layerIDs{"layers", []string{id}}, History: []layerNote{{Created: &now, Comment: r.Message}}}}
	if r.Name != "" {
		p.names = []string{r.Name}
	}
	if p.config, err = json.Marshal(p.document); err != nil {
		return Image{}, err
	}
	p.layers = []blob{{name: "layer.tar", digest: id, size: size}}
	b := &bundle{file: f, entries: map[string]section{"layer.tar": {size: size}}}
	stored, err := s.install(ctx, b, p, source, progress)
	if err != nil {
		return Image{}, err
	}
	return stored[0], nil
}

// ImportFile is Import of a file of this host.
func (s *Store) ImportFile(ctx context.Context, path string, r Recipe, progress Progress) (Image, error) {
	f, err := openArchive(path)
	if err != nil {
		return Image{}, fmt.Errorf("import %s: %w", path, plain(err))
	}
	defer f.Close()
	absolute, err := filepath.Abs(path)
	if err != nil {
		return Image{}, err
	}
	return s.Import(ctx, f, absolute, r, progress)
}

// ImportURL is Import of what an http or https URL gives, fetched as Pull does.
func (s *Store) ImportURL(ctx context.Context, url string, r Recipe, progress Progress) (Image, error) {
	if err := checkURL(url); err != nil {
		return Image{}, err
	}
	var img Image
	as := label{source: transfer.Shown(url)}
	err := s.download(ctx, url, as, progress, func(f *os.File) error {
		_, err := f.Seek(0, io.SeekStart)
		if err != nil {
			return err
		}
		img, err = s.Import(ctx, f, as.source, r, progress)
		return err
	})
	return img, err
}

// Tag gives a stored image another name, which is made docker's short form with a tag. Who had that name
// is called by its id from then on, unless it has another one.
func (s *Store) Tag(ctx context.Context, ref, name string) error {
	name, err := tagged(name)
	if err != nil {
		return err
	}
	if err := s.folders(); err != nil {
		return err
	}
	held, err := s.lock(ctx, nil)
	if err != nil {
		return err
	}
	defer held.Close()
	img, err := s.find(ref)
	if err != nil {
		return err
	}
	as := label{name: name, source: img.Source, manifest: img.Manifest, deliberate: true}
	if _, err := s.publish(as, img.Digest); err != nil {
		return err
	}
	if img.Name == hexOf(img.Digest)[:shortDigest] { // it has a name again
		_, err = s.db.RemoveImage(img.Name)
	}
	return err
}
