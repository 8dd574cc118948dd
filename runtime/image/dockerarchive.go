package image

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"
)

// savedImage is an entry of manifest.json in what docker save writes (moby, image/tarexport).
type savedImage struct {
	Config   string
	RepoTags []string
	Layers   []string
}

// dockerImages reads a docker-archive.
func (b *bundle) dockerImages() ([]packed, error) {
	text, err := b.text("manifest.json", "")
	if err != nil {
		return nil, err
	}
	var list []savedImage
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("manifest.json: %w", err)
	}
	if len(list) == 0 {
		return nil, errors.New("manifest.json names no image")
	}
	var all []packed
	for _, saved := range list {
		one, err := b.dockerImage(saved)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

func (b *bundle) dockerImage(saved savedImage) (packed, error) {
	var p packed
	var err error
	// The configuration is called by its digest: "HEX.json", or "blobs/sha256/HEX" by newer dockers.
	want := digestPrefix + strings.TrimSuffix(path.Base(saved.Config), ".json")
	if checkDigest(want) != nil {
		want = ""
	}
	if p.config, err = b.text(saved.Config, want); err != nil {
		return packed{}, err
	}
	for _, name := range saved.Layers {
		l := blob{name: name, size: -1}
		if strings.HasPrefix(name, "blobs/sha256/") && checkDigest(digestPrefix+path.Base(name)) == nil {
			l.digest = digestPrefix + path.Base(name)
		}
		p.layers = append(p.layers, l)
	}
	for _, tag := range saved.RepoTags {
		name, err := tagged(tag)
		if err != nil {
			return packed{}, fmt.Errorf("manifest.json: %w", err)
		}
		p.names = append(p.names, name)
	}
	return p, p.parse()
}
