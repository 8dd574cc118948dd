package image

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// target is where the files of saved images go: a folder or a tar.
type target interface {
	// put writes a file that comes once; what names its folder is made.
	put(name string, size int64, from io.Reader) error
}

// folderWriter is a target that is the folder of that name.
type folderWriter string

func (w folderWriter) put(name string, _ int64, from io.Reader) error {
	file := filepath.Join(string(w), name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	return errors.Join(err, f.Close())
}

// tarWriter is a target that is a tar, without anything that would differ from one time to the next. Folders
// have entries of their own: what makes them unasked may try to give them to root (skopeo).
type tarWriter struct {
	w       *tar.Writer
	folders map[string]bool
}

func newTarWriter(to io.Writer) tarWriter {
	return tarWriter{tar.NewWriter(to), map[string]bool{".": true}}
}

func (w tarWriter) folder(name string) error {
	if w.folders[name] {
		return nil
	}
	w.folders[name] = true
	if err := w.folder(path.Dir(name)); err != nil {
		return err
	}
	return w.w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: 0o755, ModTime: time.Unix(0, 0)})
}

func (w tarWriter) put(name string, size int64, from io.Reader) error {
	if err := w.folder(path.Dir(name)); err != nil {
		return err
	}
	err := w.w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: size, ModTime: time.Unix(0, 0)})
	if err == nil {
		_, err = io.Copy(w.w, from)
	}
	return err
}

func (w tarWriter) close() error { return w.w.Close() }

// output writes each file once.
type output struct {
	target
	have map[string]bool
}

func (o output) text(name string, text []byte) error {
	return o.once(name, int64(len(text)), strings.NewReader(string(text)))
}

func (o output) json(name string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return o.text(name, text)
}

func (o output) layer(name string, l savedLayer) error {
	return o.once(name, l.size, io.NewSectionReader(l.file, 0, l.size))
}

func (o output) once(name string, size int64, from io.Reader) error {
	if o.have[name] {
		return nil
	}
	o.have[name] = true
	if err := o.put(name, size, from); err != nil {
		return fmt.Errorf("write %s: %w", name, plain(err))
	}
	return nil
}

// writeDocker writes what docker load reads (moby, image/tarexport).
func writeDocker(to target, all []*saved) error {
	o := output{to, map[string]bool{}}
	list := []savedImage{}
	for _, one := range all {
		entry := savedImage{Config: hexOf(digestOfText(one.config)) + ".json", RepoTags: uniqueSorted(one.names), Layers: []string{}}
		if err := o.text(entry.Config, one.config); err != nil {
			return err
		}
		for _, l := range one.layers {
			name := hexOf(l.digest) + ".tar"
			entry.Layers = append(entry.Layers, name)
			if err := o.layer(name, l); err != nil {
				return err
			}
		}
		list = append(list, entry)
	}
	return o.json("manifest.json", list)
}

func uniqueSorted(names []string) []string {
	names = slices.Clone(names)
	slices.Sort(names)
	return slices.Compact(names)
}

// writeLayout writes an OCI layout. Its layers are not compressed, so that their digests are the diff ids.
func writeLayout(to target, all []*saved) error {
	o := output{to, map[string]bool{}}
	if err := o.json("oci-layout", map[string]string{"imageLayoutVersion": "1.0.0"}); err != nil {
		return err
	}
	top := index{SchemaVersion: 2, MediaType: typeIndex, Manifests: []descriptor{}}
	for _, one := range all {
		d, err := o.manifest(one)
		if err != nil {
			return err
		}
		names := uniqueSorted(one.names)
		if len(names) == 0 {
			top.Manifests = append(top.Manifests, d)
		}
		for _, name := range names {
			d.Annotations = map[string]string{refName: name, fullName: name}
			top.Manifests = append(top.Manifests, d)
		}
	}
	return o.json("index.json", top)
}

func (o output) manifest(one *saved) (descriptor, error) {
	m := manifest{SchemaVersion: 2, MediaType: typeManifest, Layers: []descriptor{},
		Config: descriptor{MediaType: typeConfig, Digest: digestOfText(one.config), Size: int64(len(one.config))}}
	if err := o.text(blobName(m.Config.Digest), one.config); err != nil {
		return descriptor{}, err
	}
	for _, l := range one.layers {
		if err := o.layer(blobName(l.digest), l); err != nil {
			return descriptor{}, err
		}
		m.Layers = append(m.Layers, descriptor{MediaType: typeLayer, Digest: l.digest, Size: l.size})
	}
	text, err := json.Marshal(m)
	if err != nil {
		return descriptor{}, err
	}
	d := descriptor{MediaType: typeManifest, Digest: digestOfText(text), Size: int64(len(text)),
		Platform: &platform{Architecture: one.document.Architecture, OS: one.document.OS, Variant: one.document.Variant}}
	return d, o.text(blobName(d.Digest), text)
}
