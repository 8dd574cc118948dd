package image

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"pocket/runtime/hint"
)

// The media types that are read (OCI image specification, media-types.md; those of docker's schema 2 mean
// the same).
const (
	typeIndex          = "application/vnd.oci.image.index.v1+json"
	typeManifest       = "application/vnd.oci.image.manifest.v1+json"
	typeConfig         = "application/vnd.oci.image.config.v1+json"
	typeLayer          = "application/vnd.oci.image.layer.v1.tar"
	typeDockerList     = "application/vnd.docker.distribution.manifest.list.v2+json"
	typeDockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
)

// descriptor refers to a blob (OCI Content Descriptors).
type descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int64             `json:"size"`
	Annotations map[string]string `json:"annotations,omitempty"`
	Platform    *platform         `json:"platform,omitempty"`
}

type platform struct {
	Architecture string `json:"architecture"`
	OS           string `json:"os"`
	Variant      string `json:"variant,omitempty"`
}

func (p *platform) String() string {
	if p == nil {
		return "unknown"
	}
	return strings.TrimSuffix(p.OS+"/"+p.Architecture+"/"+p.Variant, "/")
}

func (p *platform) ours() bool {
	return p == nil || p.OS == "linux" && p.Architecture == runtime.GOARCH
}

type manifest struct {
	SchemaVersion int          `json:"schemaVersion"`
	MediaType     string       `json:"mediaType,omitempty"`
	Config        descriptor   `json:"config"`
	Layers        []descriptor `json:"layers"`
}

type index struct {
	SchemaVersion int          `json:"schemaVersion"`
	MediaType     string       `json:"mediaType,omitempty"`
	Manifests     []descriptor `json:"manifests"`
}

// packed is one image of a bundle.
type packed struct {
	names    []string // "NAME:TAG"; none where nobody named it
	manifest string   // its digest, or ""
	config   []byte
	document document
	layers   []blob // lowest first
}

// refName and fullName are the annotations of a layout's index that name an image: by a tag or as a whole
// (OCI Image Layout, "index.json"), and as a whole in archives by docker.
const (
	refName  = "org.opencontainers.image.ref.name"
	fullName = "io.containerd.image.name"
)

// layoutImages reads an OCI layout. A bare tag names an image together with base.
func (b *bundle) layoutImages(base string) ([]packed, error) {
	text, err := b.text("index.json", "")
	if err != nil {
		return nil, err
	}
	var top index
	if err := json.Unmarshal(text, &top); err != nil {
		return nil, fmt.Errorf("index.json: %w", err)
	}
	var all []packed
	for _, same := range groups(top.Manifests, base) {
		one, err := b.choose(same.manifests, 0)
		if err != nil {
			return nil, err
		}
		if same.name != "" {
			one.names = []string{same.name}
		}
		all = append(all, one)
	}
	if len(all) == 0 {
		return nil, errors.New("index.json names no image")
	}
	return all, nil
}

type group struct {
	name      string
	manifests []descriptor
}

// groups puts together what has the same name: an image for several platforms.
func groups(manifests []descriptor, base string) []group {
	var list []group
	at := map[string]int{}
	for _, d := range manifests {
		name := layoutName(d.Annotations, base)
		i, ok := at[name]
		if !ok {
			i = len(list)
			at[name] = i
			list = append(list, group{name: name})
		}
		list[i].manifests = append(list[i].manifests, d)
	}
	return list
}

func layoutName(annotations map[string]string, base string) string {
	name := annotations[fullName]
	if name == "" {
		name = annotations[refName]
		if name != "" && !strings.ContainsAny(name, ":/") {
			name = strings.ToLower(base) + ":" + name
		}
	}
	if full, err := tagged(name); err == nil {
		return full
	}
	return ""
}

const maxIndexes = 4 // one in the other

// choose follows the descriptor that is for this host.
func (b *bundle) choose(list []descriptor, depth int) (packed, error) {
	if depth > maxIndexes {
		return packed{}, errors.New("its indexes lie in one another without end")
	}
	var offered []string
	for _, d := range list {
		if len(list) > 1 && !d.Platform.ours() {
			offered = append(offered, d.Platform.String())
			continue
		}
		return b.follow(d, depth)
	}
	return packed{}, hint.With(fmt.Errorf("the image is for %s, not for linux/%s", strings.Join(offered, ", "), runtime.GOARCH),
		"get one that was built for this processor")
}

func (b *bundle) follow(d descriptor, depth int) (packed, error) {
	if err := checkDigest(d.Digest); err != nil {
		return packed{}, err
	}
	text, err := b.text(blobName(d.Digest), d.Digest)
	if err != nil {
		return packed{}, err
	}
	var kind struct {
		MediaType string       `json:"mediaType"`
		Manifests []descriptor `json:"manifests"`
		Layers    []descriptor `json:"layers"`
	}
	if err := json.Unmarshal(text, &kind); err != nil {
		return packed{}, fmt.Errorf("manifest %s: %w", d.Digest, err)
	}
	switch {
	// A document that can be read as both is refused (CVE-2021-41190).
	case kind.Manifests != nil && kind.Layers != nil:
		return packed{}, fmt.Errorf("manifest %s is an index and a manifest at once", d.Digest)
	case kind.Manifests != nil:
		return b.choose(kind.Manifests, depth+1)
	}
	return b.manifest(d.Digest, text)
}

func (b *bundle) manifest(digest string, text []byte) (packed, error) {
	var m manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return packed{}, fmt.Errorf("manifest %s: %w", digest, err)
	}
	if m.SchemaVersion != 2 {
		return packed{}, fmt.Errorf("manifest %s has the schema version %d; only 2 is supported", digest, m.SchemaVersion)
	}
	if err := checkDigest(m.Config.Digest); err != nil {
		return packed{}, fmt.Errorf("manifest %s: configuration %w", digest, err)
	}
	p := packed{manifest: digest}
	var err error
	if p.config, err = b.text(blobName(m.Config.Digest), m.Config.Digest); err != nil {
		return packed{}, err
	}
	for _, l := range m.Layers {
		if err := checkDigest(l.Digest); err != nil {
			return packed{}, fmt.Errorf("manifest %s: layer %w", digest, err)
		}
		p.layers = append(p.layers, blob{blobName(l.Digest), l.Digest, l.Size})
	}
	return p, p.parse()
}

// parse reads the configuration and compares its layers with the manifest's.
func (p *packed) parse() (err error) {
	if p.document, err = parseDocument(p.config); err != nil {
		return err
	}
	if n := len(p.document.RootFS.DiffIDs); n != len(p.layers) {
		return fmt.Errorf("the configuration names %d layers, the manifest %d", n, len(p.layers))
	}
	return nil
}
