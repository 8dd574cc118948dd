package registry

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"pocket/runtime/hint"
)

// The documents' media types (OCI image specification, "Media Types"; docker's "Image Manifest Version
// 2, Schema 2").
const (
	ociIndex       = "application/vnd.oci.image.index.v1+json"
	ociManifest    = "application/vnd.oci.image.manifest.v1+json"
	ociConfig      = "application/vnd.oci.image.config.v1+json"
	dockerList     = "application/vnd.docker.distribution.manifest.list.v2+json"
	dockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
	dockerConfig   = "application/vnd.docker.container.image.v1+json"
	schema1        = "application/vnd.docker.distribution.manifest.v1+"
)

const accepted = ociIndex + ", " + ociManifest + ", " + dockerList + ", " + dockerManifest

// What a registry may make us read.
const (
	mostManifest = 4 << 20 // as registries refuse larger ones (the distribution specification, "Pushing Manifests")
	mostConfig   = 4 << 20
	mostLayers   = 1000
	mostNesting  = 4 // of indexes in indexes
)

// descriptor names a document or blob (OCI image specification, "Content Descriptors").
type descriptor struct {
	MediaType   string            `json:"mediaType,omitempty"`
	Digest      string            `json:"digest"`
	Size        int64             `json:"size"`
	Platform    *Platform         `json:"platform,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

func (d descriptor) check(most int64) error {
	if err := checkDigest(d.Digest); err != nil {
		return err
	}
	if d.Size < 0 || d.Size > most {
		return fmt.Errorf("%s has a size of %d bytes, at most %d are allowed", d.Digest, d.Size, most)
	}
	return nil
}

// document is an index or a manifest.
type document struct {
	SchemaVersion int          `json:"schemaVersion"`
	MediaType     string       `json:"mediaType,omitempty"`
	Config        *descriptor  `json:"config,omitempty"`
	Layers        []descriptor `json:"layers,omitempty"`
	Manifests     []descriptor `json:"manifests,omitempty"`
}

func isIndex(mediaType string) bool { return mediaType == ociIndex || mediaType == dockerList }

func known(mediaType string) bool {
	return isIndex(mediaType) || mediaType == ociManifest || mediaType == dockerManifest
}

// parseDocument reads what a registry sent as contentType. A document that could be read as either kind
// is refused: what one program verifies, another would unpack (CVE-2021-41190).
func parseDocument(text []byte, contentType string) (document, error) {
	var d document
	contentType, _, _ = strings.Cut(contentType, ";")
	contentType = strings.TrimSpace(contentType)
	if err := json.Unmarshal(text, &d); err != nil {
		return d, fmt.Errorf("the manifest is not the JSON that it should be: %w", err)
	}
	if d.MediaType == "" && known(contentType) {
		d.MediaType = contentType
	}
	switch {
	case d.SchemaVersion == 1 || strings.HasPrefix(contentType, schema1):
		return d, hint.With(errors.New("the manifest has the old form schema 1, which proves nothing of its layers"),
			"have the image pushed again by a current program")
	case d.SchemaVersion != 2:
		return d, fmt.Errorf("the manifest has the unknown schema version %d", d.SchemaVersion)
	case known(contentType) && d.MediaType != contentType:
		return d, fmt.Errorf("the manifest calls itself %s, the registry %s", quote(d.MediaType), quote(contentType))
	case d.Manifests != nil && (d.Config != nil || d.Layers != nil):
		return d, errors.New("the manifest is an image and a list of images at once")
	case isIndex(d.MediaType) != (d.Manifests != nil) && known(d.MediaType):
		return d, fmt.Errorf("the manifest is not the %s that it calls itself", quote(d.MediaType))
	}
	if d.Manifests != nil {
		return d, nil
	}
	return d, d.checkImage()
}

func (d document) checkImage() error {
	switch {
	case d.Config == nil:
		return errors.New("the manifest has no config")
	case d.Config.MediaType != ociConfig && d.Config.MediaType != dockerConfig:
		return hint.With(fmt.Errorf("it is no container image but holds %s", quote(d.Config.MediaType)),
			"registries keep other things than images too: check the name")
	case len(d.Layers) > mostLayers:
		return fmt.Errorf("the manifest has %d layers, at most %d are allowed", len(d.Layers), mostLayers)
	}
	for _, layer := range d.Layers {
		if err := checkLayerType(layer.MediaType); err != nil {
			return err
		}
	}
	return nil
}

// checkSizes checks the digests and sizes of the blobs, those of the layers together against most.
func (d document) checkSizes(most int64) error {
	if err := d.Config.check(mostConfig); err != nil {
		return fmt.Errorf("the image's config: %w", err)
	}
	sizes := map[string]int64{}
	for _, layer := range d.Layers {
		size, again := sizes[layer.Digest]
		if again && size == layer.Size {
			continue
		}
		if again {
			return fmt.Errorf("the manifest gives layer %s two sizes", layer.Digest)
		}
		if err := layer.check(most); err != nil {
			return fmt.Errorf("a layer: %w", err)
		}
		sizes[layer.Digest] = layer.Size
		most -= layer.Size
	}
	return nil
}

func checkLayerType(mediaType string) error {
	switch mediaType {
	case "application/vnd.oci.image.layer.v1.tar", "application/vnd.oci.image.layer.v1.tar+gzip",
		"application/vnd.oci.image.layer.v1.tar+zstd", "application/vnd.docker.image.rootfs.diff.tar",
		"application/vnd.docker.image.rootfs.diff.tar.gzip", "application/vnd.docker.image.rootfs.diff.tar.zstd":
		return nil
	}
	if strings.Contains(mediaType, "foreign") || strings.Contains(mediaType, "nondistributable") {
		return hint.With(errors.New("a layer of the image is kept elsewhere than in the registry"),
			"fetch the image with a program that its publisher names, and load its archive")
	}
	return fmt.Errorf("a layer has the unknown type %s", quote(mediaType))
}

// config is what is needed of an image's config.
type config struct {
	Platform
	RootFS struct {
		DiffIDs []string `json:"diff_ids"`
	} `json:"rootfs"`
}

// parseConfig reads the config of an image that has that many layers.
func parseConfig(text []byte, layers int) (config, error) {
	var c config
	if err := json.Unmarshal(text, &c); err != nil {
		return c, fmt.Errorf("the image's config is not the JSON that it should be: %w", err)
	}
	if len(c.RootFS.DiffIDs) != layers {
		return c, fmt.Errorf("the image's config has %d layers, its manifest %d", len(c.RootFS.DiffIDs), layers)
	}
	for _, id := range c.RootFS.DiffIDs {
		if err := checkDigest(id); err != nil {
			return c, fmt.Errorf("the image's config: %w", err)
		}
	}
	return c, nil
}
