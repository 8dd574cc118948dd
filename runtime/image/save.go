package image

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"pocket/runtime/hint"
	files "pocket/runtime/tree"
)

// The forms in which Save writes images.
const (
	DockerArchive = "docker-archive" // a tar, as docker save writes it
	OCIArchive    = "oci-archive"    // a tar of an OCI layout
	OCIFolder     = "oci-dir"        // an OCI layout in a folder, which is made
)

// Save writes stored images to a file, or for OCIFolder to a folder of that name, neither of which may be
// there; it appears when all is written. Of images with layers the configuration, the layers and so the
// id come out as they came in. An image of one archive gets a configuration; its layer is packed anew. The
// same images give the same bytes. remarks say what could not be kept.
func (s *Store) Save(ctx context.Context, refs []string, format, path string) (remarks []string, err error) {
	if _, err := os.Lstat(path); err == nil {
		return nil, hint.With(fmt.Errorf("%s: %w", path, os.ErrExist), "remove it, or give another name")
	}
	part, err := os.MkdirTemp(filepath.Dir(path), "."+filepath.Base(path)+".part-")
	if err != nil {
		return nil, fmt.Errorf("save: %w", err)
	}
	defer func() { err = errors.Join(err, removeTree(part)) }()
	whole := filepath.Join(part, "whole")
	if format == OCIFolder {
		if err = os.Mkdir(whole, 0o755); err == nil {
			remarks, err = s.save(ctx, refs, format, folderWriter(whole))
		}
	} else {
		remarks, err = s.saveFile(ctx, refs, format, whole)
	}
	if err == nil {
		err = os.Rename(whole, path)
	}
	return remarks, spaceHint(err)
}

func (s *Store) saveFile(ctx context.Context, refs []string, format, path string) ([]string, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, err
	}
	remarks, err := s.SaveTo(ctx, refs, format, f)
	return remarks, errors.Join(err, f.Close())
}

// SaveTo is Save to a stream, which no OCIFolder can be.
func (s *Store) SaveTo(ctx context.Context, refs []string, format string, to io.Writer) ([]string, error) {
	w := newTarWriter(to)
	remarks, err := s.save(ctx, refs, format, w)
	if err != nil {
		return remarks, err
	}
	return remarks, w.close()
}

// saved is an image that is being written.
type saved struct {
	names    []string
	config   []byte
	document document
	layers   []savedLayer
}

type savedLayer struct {
	digest string
	size   int64
	file   *os.File // its tar
}

func (s *Store) save(ctx context.Context, refs []string, format string, to target) ([]string, error) {
	var all []*saved
	var remarks []string
	for _, ref := range refs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		one, remark, err := s.pick(ref)
		if err != nil {
			return nil, fmt.Errorf("save %s: %w", ref, err)
		}
		if remark != "" {
			remarks = append(remarks, ref+": "+remark)
		}
		i := slices.IndexFunc(all, func(other *saved) bool { return string(other.config) == string(one.config) })
		if i >= 0 { // another name of it
			all[i].names = append(all[i].names, one.names...)
			one.close()
			continue
		}
		defer one.close()
		all = append(all, one)
	}
	if format == DockerArchive {
		return remarks, writeDocker(to, all)
	}
	return remarks, writeLayout(to, all)
}

func (one *saved) close() {
	for _, l := range one.layers {
		l.file.Close()
	}
}

// pick finds an image and makes the tars of its layers.
func (s *Store) pick(ref string) (*saved, string, error) {
	img, err := s.find(ref)
	if err != nil {
		return nil, "", err
	}
	one := &saved{names: namesOf(img)}
	if img.Kind == Archive {
		return s.packAnew(one, img, document{}, "")
	}
	if one.config, err = os.ReadFile(filepath.Join(s.home(img.ID), configFile)); err != nil {
		return nil, "", err
	}
	if one.document, err = parseDocument(one.config); err != nil {
		return nil, "", err
	}
	for _, id := range one.document.RootFS.DiffIDs {
		f, err := s.spool(func(to *os.File) error { return s.writeLayer(to, id) })
		if errors.Is(err, os.ErrNotExist) { // its pieces: it holds a name twice
			one.close()
			one.layers = nil
			return s.packAnew(one, img, one.document, "its layers became one and its id another: a layer has two files of one name")
		}
		if err == nil {
			err = one.add(id, f)
		}
		if err != nil {
			one.close()
			return nil, "", hint.With(err, "remove the image with: pocket-docker rmi %s, and get it again", img.Name)
		}
	}
	return one, "", nil
}

// namesOf is the name that an image can be loaded by again: none for one that is only called by its id, and
// an archive's with a tag.
func namesOf(img Image) []string {
	if img.Name == hexOf(img.ID)[:shortDigest] {
		return nil
	}
	name := img.Name
	if img.Kind == Archive {
		repository, _ := splitTag(strings.ToLower(layoutBase(img.Name)))
		name = strings.NewReplacer("+", "-", ":", "-").Replace(repository)
	}
	if full, err := tagged(name); err == nil {
		return []string{full}
	}
	return nil
}

func (one *saved) add(digest string, f *os.File) error {
	size, err := f.Seek(0, io.SeekCurrent)
	one.layers = append(one.layers, savedLayer{digest, size, f})
	return err
}

// packAnew makes one layer of all that the image shows, and a configuration to it.
func (s *Store) packAnew(one *saved, img Image, d document, remark string) (*saved, string, error) {
	dir, err := s.Tree(context.Background(), img, nil)
	if err != nil {
		return nil, "", err
	}
	view := files.View{IDs: s.ids, Lower: []string{dir}}
	f, err := s.spool(func(to *os.File) error {
		_, err := view.Pack("/", ".", false, to)
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("pack its files: %w", err)
	}
	if _, err := f.Seek(0, io.SeekEnd); err != nil { // another process wrote it, by this same description
		return nil, "", err
	}
	id, err := digestOfFile(f)
	if err == nil {
		err = one.add(id, f)
	}
	if d.Architecture == "" {
		d.Architecture, d.OS = runtime.GOARCH, "linux"
	}
	d.RootFS, d.History = layerIDs{"layers", []string{id}}, nil
	if err == nil {
		one.config, err = json.Marshal(d)
	}
	one.document = d
	if err != nil {
		return nil, "", errors.Join(err, f.Close())
	}
	return one, remark, nil
}

// digestOfFile reads all of f and leaves it at its end.
func digestOfFile(f *os.File) (string, error) {
	from, err := newSource(context.Background(), f, StageRead, nil)
	if err == nil {
		_, err = io.Copy(io.Discard, from)
	}
	if err != nil {
		return "", err
	}
	return from.digest(), nil
}

// spool makes a file without a name in the state folder: the kernel removes it with its descriptor.
func (s *Store) spool(fill func(*os.File) error) (*os.File, error) {
	if err := s.folders(); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(s.tmp(), os.O_RDWR|unix.O_TMPFILE, 0o600)
	if err != nil { // a file system without O_TMPFILE
		if f, err = os.CreateTemp(s.tmp(), "spool-*"); err == nil {
			err = os.Remove(f.Name())
		}
	}
	if err != nil {
		return nil, err
	}
	if err := fill(f); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// writeLayer writes the tar of a stored layer, byte for byte as it came. The error wraps errDamaged when
// the tree has been changed, and os.ErrNotExist when its tar cannot be made again.
func (s *Store) writeLayer(to *os.File, diffID string) error {
	l, ok := s.layer(diffID)
	if !ok {
		return fmt.Errorf("layer %s: %w", diffID, errDamaged)
	}
	pieces, err := os.Open(filepath.Join(s.layerHome(diffID), "pieces"))
	if err != nil {
		return err
	}
	defer pieces.Close()
	if err := s.replay(replayTask{l.tree, diffID}, pieces, to); err != nil {
		return fmt.Errorf("layer %s: %w", diffID, err)
	}
	return nil
}
