package registry

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"

	"pocket/runtime/hint"
	"pocket/runtime/transfer"
)

// manifest is an image's manifest and its bytes.
type manifest struct {
	document
	text   []byte
	digest string // of text
	top    string // of the document that the reference names: this one, or a list it stands in
}

// image finds the manifest of the image for a platform.
func (s *session) image(ctx context.Context, want Platform) (manifest, error) {
	next, size, top := s.ref.wanted(), int64(-1), ""
	for range mostNesting {
		m, err := s.manifest(ctx, next, size)
		if err != nil {
			return m, err
		}
		if top == "" {
			top = m.digest
		}
		m.top = top
		if m.Manifests == nil {
			return m, nil
		}
		chosen, err := choose(m.Manifests, want)
		if err != nil {
			return m, err
		}
		if err := chosen.check(mostManifest); err != nil {
			return m, fmt.Errorf("the list of images: %w", err)
		}
		next, size = chosen.Digest, chosen.Size
	}
	return manifest{}, fmt.Errorf("lists of images are nested more than %d deep", mostNesting)
}

// manifest fetches one document, by tag or digest; size is what it must have, -1 for any.
func (s *session) manifest(ctx context.Context, wanted string, size int64) (manifest, error) {
	var m manifest
	err := s.persist(ctx, func() error {
		a, err := s.open(ctx, transfer.Request{
			URL: "/v2/" + s.ref.Path + "/manifests/" + wanted, Header: []string{"Accept: " + accepted}, Whole: true,
		})
		if err != nil {
			return err
		}
		defer a.Close()
		if m.text, err = readAll(a, mostManifest); err != nil {
			return err
		}
		m.digest = fmt.Sprintf("sha256:%x", sha256.Sum256(m.text))
		if err := m.checkDigests(wanted, a.Fields["docker-content-digest"], size); err != nil {
			return err
		}
		m.document, err = parseDocument(m.text, a.Fields["content-type"])
		return err
	})
	if err != nil {
		return m, fmt.Errorf("manifest %s: %w", wanted, err)
	}
	return m, nil
}

// checkDigests compares a document with what names it, and with what the registry says of it.
func (m manifest) checkDigests(wanted, said string, size int64) error {
	switch {
	case strings.Contains(wanted, ":") && m.digest != wanted:
		return hint.With(fmt.Errorf("the registry sent one with the digest %s", m.digest),
			"the registry or something on the way to it is not to be trusted")
	case checkDigest(said) == nil && m.digest != said:
		return hint.With(fmt.Errorf("its digest is %s, the registry says %s", m.digest, said), "try again later")
	case size >= 0 && size != int64(len(m.text)):
		return fmt.Errorf("it is %d bytes long, the list of images says %d", len(m.text), size)
	}
	return nil
}

// mediaType is the document's, which the oldest of OCI's leave out.
func (m manifest) mediaType() string {
	if m.MediaType != "" {
		return m.MediaType
	}
	return ociManifest
}
