package image

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"pocket/runtime/failpoint"
	"pocket/runtime/hint"
	"pocket/runtime/resource"
)

func digestOfText(text []byte) string { return fmt.Sprintf("%s%x", digestPrefix, sha256.Sum256(text)) }

// LoadLayout stores the image of the OCI layout in the folder dir under name, which is made docker's short
// form with a tag, and source, which says where it came from. Of several platforms this host's is taken.
// Every digest and size is checked. A layer that is stored already need not be in the layout.
func (s *Store) LoadLayout(ctx context.Context, dir, name, source string, progress Progress) (Image, error) {
	return s.loadLayout(ctx, dir, name, source, "", progress)
}

// loadLayout is LoadLayout of an image that came by manifest, if that is not "" and not the layout's: by a
// list of images, of which the layout holds one.
func (s *Store) loadLayout(ctx context.Context, dir, name, source, manifest string, progress Progress) (Image, error) {
	name, err := tagged(name)
	if err != nil {
		return Image{}, err
	}
	b, err := openFolder(dir)
	if err != nil {
		return Image{}, fmt.Errorf("load %s: %w", source, err)
	}
	defer b.close()
	found, err := b.layoutImages("")
	if err == nil && len(found) > 1 {
		err = fmt.Errorf("the layout holds %d images", len(found))
	}
	if err != nil {
		return Image{}, fmt.Errorf("load %s: %w", source, err)
	}
	found[0].names = []string{name}
	if manifest != "" {
		found[0].manifest = manifest
	}
	stored, err := s.install(ctx, b, found[0], source, progress)
	if err != nil {
		return Image{}, fmt.Errorf("load %s: %w", source, err)
	}
	return stored[0], nil
}

// Load stores all images of a docker-archive or OCI layout: a folder, a tar, or a tar compressed with gzip
// or zstd. Each comes back once per name, or once without a name (Name is then a part of its id). Of an
// image for several platforms this host's is taken.
func (s *Store) Load(ctx context.Context, path string, progress Progress) ([]Image, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", path, plain(err))
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if st.IsDir() {
		b, err := openFolder(path)
		if err != nil {
			return nil, fmt.Errorf("load %s: %w", path, plain(err))
		}
		return s.loadBundle(ctx, b, absolute, progress)
	}
	f, err := openArchive(path)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", path, plain(err))
	}
	defer f.Close()
	return s.loadFile(ctx, f, absolute, progress)
}

// LoadFrom is Load from a stream, which is first written to the state folder.
func (s *Store) LoadFrom(ctx context.Context, from io.Reader, source string, progress Progress) ([]Image, error) {
	f, err := s.spool(func(to *os.File) error {
		_, err := io.Copy(to, readSource(ctx, from, 0, StageRead, progress))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", source, spaceHint(plain(err)))
	}
	defer f.Close()
	return s.loadFile(ctx, f, source, progress)
}

// loadFile loads from an archive, which is decompressed to a file first where that is needed: layers
// are read from the middle of it.
func (s *Store) loadFile(ctx context.Context, f *os.File, source string, progress Progress) ([]Image, error) {
	plainTar, err := s.decompressed(ctx, f, progress)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", source, spaceHint(plain(err)))
	}
	if plainTar != f {
		defer plainTar.Close()
	}
	b, err := openPacked(ctx, plainTar)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", source, plain(err))
	}
	return s.loadBundle(ctx, b, source, progress)
}

func (s *Store) decompressed(ctx context.Context, f *os.File, progress Progress) (*os.File, error) {
	from, err := newSource(ctx, f, StageRead, progress)
	if err != nil {
		return nil, err
	}
	t, err := openTar(ctx, from, s.Limits.withDefaults())
	if err != nil {
		return nil, err
	}
	defer t.close()
	if !t.gzip && t.zstd == nil {
		return f, nil
	}
	return s.spool(func(to *os.File) error {
		_, err := io.Copy(to, t)
		return err
	})
}

// loadBundle loads all images of b and closes it.
func (s *Store) loadBundle(ctx context.Context, b *bundle, source string, progress Progress) ([]Image, error) {
	defer b.close()
	var found []packed
	var err error
	switch {
	case b.has("manifest.json"):
		found, err = b.dockerImages()
	case b.has("index.json"):
		found, err = b.layoutImages(layoutBase(source))
	default:
		err = hint.With(errors.New("it is neither a docker-archive nor an OCI layout"),
			"for a root filesystem, not an image with layers, use: pocket-docker import %s", source)
	}
	var all []Image
	for _, p := range found {
		if err == nil {
			var stored []Image
			stored, err = s.install(ctx, b, p, source, progress)
			all = append(all, stored...)
		}
	}
	if err != nil {
		return all, fmt.Errorf("load %s: %w", source, err)
	}
	return all, nil
}

// layoutBase is what an image is called that brings only a tag: as its folder or file.
func layoutBase(source string) string {
	base := filepath.Base(source)
	for _, ext := range []string{".gz", ".zst", ".tgz", ".tar"} {
		base = strings.TrimSuffix(base, ext)
	}
	return base
}

// install stores one image of a bundle under its names. What is stored already is not read again.
func (s *Store) install(ctx context.Context, b *bundle, p packed, source string, progress Progress) ([]Image, error) {
	if err := s.folders(); err != nil {
		return nil, err
	}
	held, err := s.lock(ctx, progress)
	if err != nil {
		return nil, err
	}
	defer held.Close()
	ids := p.document.RootFS.DiffIDs
	for i, id := range ids {
		if s.HasLayer(id) {
			continue
		}
		if err := s.addLayer(ctx, b, p.layers[i], id, ids[:i], progress); err != nil {
			_, swept := s.sweepLayers() // those before it are no image's
			return nil, errors.Join(fmt.Errorf("layer %d of %d: %w", i+1, len(ids), err), swept)
		}
	}
	id := digestOfText(p.config)
	if err := s.addDocument(id, p.config); err != nil {
		return nil, spaceHint(err)
	}
	if len(p.names) == 0 {
		p.names = []string{""}
	}
	var all []Image
	for _, name := range p.names {
		as := label{name: name, source: source, manifest: p.manifest, deliberate: true}
		img, err := s.publish(as, id)
		if err != nil {
			return nil, err
		}
		all = append(all, img)
	}
	return all, nil
}

// configFile is the image's configuration as it came, in the image's folder.
const configFile = "config.json"

// addDocument stores a configuration, which is the image but for its layers. The caller holds the lock.
func (s *Store) addDocument(id string, text []byte) error {
	if _, ok := s.stored(id); ok {
		return nil
	}
	if err := failpoint.At("image.document"); err != nil {
		return err
	}
	if err := s.removeTree(s.work()); err != nil {
		return err
	}
	if err := os.Mkdir(s.work(), 0o700); err != nil {
		return err
	}
	if err := writeSynced(filepath.Join(s.work(), configFile), text); err != nil {
		return errors.Join(err, s.removeTree(s.work()))
	}
	err := syncFolder(s.work())
	if err == nil {
		err = s.removeTree(s.home(id))
	}
	if err == nil {
		err = os.Rename(s.work(), s.home(id))
	}
	if err != nil {
		return errors.Join(err, s.removeTree(s.work()))
	}
	return syncFolder(filepath.Join(s.dir, "images"))
}

// document reads an image's stored configuration. The error wraps os.ErrNotExist for an archive.
func (s *Store) document(id string) (document, error) {
	var d document
	text, err := os.ReadFile(filepath.Join(s.home(id), configFile))
	if err == nil {
		err = json.Unmarshal(text, &d)
	}
	if err != nil {
		return d, fmt.Errorf("configuration of image %s: %w", id, err)
	}
	return d, nil
}

// layered returns what is stored of an image with layers.
func (s *Store) layered(id string) (Image, bool) {
	d, err := s.document(id)
	if err != nil {
		return Image{}, false
	}
	img := Image{ID: id, Digest: id, Kind: Layered, Config: d.Config, Architecture: d.Architecture}
	if d.Created != nil {
		img.Built = *d.Created
	}
	remarks := []string{}
	hidden := false
	for i := len(d.RootFS.DiffIDs) - 1; i >= 0; i-- {
		l, ok := s.layer(d.RootFS.DiffIDs[i])
		if !ok {
			return Image{}, false
		}
		img.Size += resource.Size(l.size)
		if l.remark != "" {
			remarks = append(remarks, l.remark)
		}
		if !hidden {
			img.Layers = append(img.Layers, l.tree)
		}
		hidden = hidden || l.alone
	}
	img.Remark = strings.Join(remarks, ", ")
	if len(img.Layers) == 1 {
		img.Dir = img.Layers[0]
	}
	return img, true
}
