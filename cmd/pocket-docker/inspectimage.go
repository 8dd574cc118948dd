package main

import (
	"time"

	"pocket/runtime/image"
	"pocket/runtime/resource"
)

// inspectedImage is the JSON of an image, in docker's names.
type inspectedImage struct {
	ID           string    `json:"Id"`
	RepoTags     []string  // all its names
	RepoDigests  []string  // the manifest it was fetched by
	Created      time.Time // when its maker made it, or else when it was stored
	Stored       time.Time
	Architecture string
	OS           string `json:"Os"`
	Size         resource.Size
	Kind         image.Kind
	Source       string
	Remark       string `json:",omitempty"` // what of its archive was left out
	Config       image.Config
	Layers       []string // their folders, the topmost first
}

func inspectImage(img image.Image, names []string) *inspectedImage {
	o := &inspectedImage{ID: img.ID, RepoTags: names, RepoDigests: []string{}, Created: img.Built, Stored: img.Created,
		Architecture: img.Architecture, OS: "linux", Size: img.Size, Kind: img.Kind, Source: img.Source, Remark: img.Remark,
		Config: img.Config, Layers: append([]string{}, img.Layers...)}
	if o.Created.IsZero() {
		o.Created = img.Created
	}
	if o.ID == "" {
		o.ID = img.Digest
	}
	if img.Manifest != "" {
		o.RepoDigests = append(o.RepoDigests, img.Manifest)
	}
	return o
}
