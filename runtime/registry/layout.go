package registry

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Layout is a fetched image: a folder as the OCI image layout specification has it, with one image.
type Layout struct {
	Dir    string
	Digest string // of the document that the reference names, which may be a list of images
	ID     string // the digest of the image's config

	folder string
	held   *os.File
	blobs  []descriptor
}

const layoutPrefix = "pull-"

// newLayout makes the folder and what is in it but for the config and the layers. It is locked, so that
// others know that it is in use.
func newLayout(folder string, m manifest) (*Layout, error) {
	dir, err := os.MkdirTemp(folder, layoutPrefix+"*")
	if err != nil {
		return nil, err
	}
	l := &Layout{Dir: dir, folder: folder, Digest: m.top, ID: m.Config.Digest}
	if err := l.begin(m); err != nil {
		return nil, errors.Join(err, l.removeFolder())
	}
	return l, nil
}

func (l *Layout) begin(m manifest) (err error) {
	if l.held, err = os.Open(l.Dir); err != nil {
		return err
	}
	if !tryLock(l.held) {
		return fmt.Errorf("lock %s: it is in use", l.Dir)
	}
	if err := os.MkdirAll(filepath.Join(l.Dir, "blobs", "sha256"), 0o700); err != nil {
		return err
	}
	index, err := json.Marshal(document{SchemaVersion: 2, MediaType: ociIndex, Manifests: []descriptor{{
		MediaType: m.mediaType(), Digest: m.digest, Size: int64(len(m.text)),
	}}})
	return errors.Join(err,
		os.WriteFile(l.blob(m.digest), m.text, 0o600),
		os.WriteFile(filepath.Join(l.Dir, "oci-layout"), []byte(`{"imageLayoutVersion":"1.0.0"}`), 0o600),
		os.WriteFile(filepath.Join(l.Dir, "index.json"), index, 0o600))
}

func (l *Layout) blob(digest string) string {
	return filepath.Join(l.Dir, "blobs", "sha256", strings.TrimPrefix(digest, "sha256:"))
}

func (l *Layout) removeFolder() error {
	err := os.RemoveAll(l.Dir)
	if l.held != nil {
		err = errors.Join(err, l.held.Close())
	}
	return err
}

// Close removes the layout and what was kept of its blobs in case that the pull is interrupted. Who calls
// it has made use of the layout.
func (l *Layout) Close() error {
	problems := []error{l.removeFolder()}
	for _, d := range l.blobs {
		problems = append(problems, Discard(partPath(l.folder, d), 0))
	}
	return errors.Join(problems...)
}
