package image

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Config is what an image says of how it is to be run. It is the part "config" of the image's own
// document (OCI Image Configuration, "Properties"; the health check, the shell and the rest of docker's
// are in moby's image specification v1.2). All of it is what somebody else wrote, unchecked.
type Config struct {
	User         string              `json:"User,omitempty"` // "name", "uid", "name:group", "uid:gid"
	ExposedPorts map[string]struct{} `json:"ExposedPorts,omitempty"`
	Env          []string            `json:"Env,omitempty"` // "NAME=value"
	Entrypoint   []string            `json:"Entrypoint,omitempty"`
	Cmd          []string            `json:"Cmd,omitempty"`
	Volumes      map[string]struct{} `json:"Volumes,omitempty"` // paths inside
	WorkingDir   string              `json:"WorkingDir,omitempty"`
	Labels       map[string]string   `json:"Labels,omitempty"`
	StopSignal   string              `json:"StopSignal,omitempty"` // "SIGTERM", "TERM" or a number
	Healthcheck  *Healthcheck        `json:"Healthcheck,omitempty"`
	Shell        []string            `json:"Shell,omitempty"`   // what runs a health check's CMD-SHELL
	OnBuild      []string            `json:"OnBuild,omitempty"` // kept for who saves the image; not used
}

// Healthcheck is an image's health check. Test is empty to inherit, {"NONE"}, {"CMD", program, argument…}
// or {"CMD-SHELL", command line}. Times of 0 mean the default.
type Healthcheck struct {
	Test          []string      `json:"Test,omitempty"`
	Interval      time.Duration `json:"Interval,omitempty"`
	Timeout       time.Duration `json:"Timeout,omitempty"`
	StartPeriod   time.Duration `json:"StartPeriod,omitempty"`
	StartInterval time.Duration `json:"StartInterval,omitempty"`
	Retries       int           `json:"Retries,omitempty"`
}

// clone shares nothing with c.
func (c Config) clone() Config {
	c.ExposedPorts, c.Volumes, c.Labels = maps.Clone(c.ExposedPorts), maps.Clone(c.Volumes), maps.Clone(c.Labels)
	c.Env, c.Entrypoint, c.Cmd = slices.Clone(c.Env), slices.Clone(c.Entrypoint), slices.Clone(c.Cmd)
	c.Shell, c.OnBuild = slices.Clone(c.Shell), slices.Clone(c.OnBuild)
	if c.Healthcheck != nil {
		h := *c.Healthcheck
		h.Test = slices.Clone(h.Test)
		c.Healthcheck = &h
	}
	return c
}

// document is an image's configuration as it is stored and digested (OCI Image Configuration).
type document struct {
	Created      *time.Time  `json:"created,omitempty"`
	Author       string      `json:"author,omitempty"`
	Architecture string      `json:"architecture"`
	Variant      string      `json:"variant,omitempty"`
	OS           string      `json:"os"`
	Config       Config      `json:"config"`
	RootFS       layerIDs    `json:"rootfs"`
	History      []layerNote `json:"history,omitempty"`
}

type layerIDs struct {
	Type    string   `json:"type"`
	DiffIDs []string `json:"diff_ids"` // lowest first
}

type layerNote struct {
	Created    *time.Time `json:"created,omitempty"`
	CreatedBy  string     `json:"created_by,omitempty"`
	Author     string     `json:"author,omitempty"`
	Comment    string     `json:"comment,omitempty"`
	EmptyLayer bool       `json:"empty_layer,omitempty"`
}

// Bounds on what an image's documents may claim.
const (
	maxDocument = 4 << 20 // bytes of a configuration, manifest or index
	maxLayers   = 500     // what the kernel's overlay takes (fs/overlayfs, OVL_MAX_STACK)
)

// parseDocument reads a configuration and checks what the store relies on.
func parseDocument(text []byte) (document, error) {
	var d document
	if err := json.Unmarshal(text, &d); err != nil {
		return d, fmt.Errorf("the image's configuration: %w", err)
	}
	switch n := len(d.RootFS.DiffIDs); {
	case n == 0:
		return d, errors.New("the image's configuration names no layers")
	case n > maxLayers:
		return d, fmt.Errorf("the image has %d layers, the kernel takes %d", n, maxLayers)
	}
	for _, id := range d.RootFS.DiffIDs {
		if err := checkDigest(id); err != nil {
			return d, fmt.Errorf("the image's configuration: layer %w", err)
		}
	}
	return d, nil
}

// checkDigest accepts a sha256 in the form of the OCI image specification ("Digests").
func checkDigest(digest string) error {
	if hex := hexOf(digest); hex == digest || len(hex) != 64 || !isHex(hex) {
		return fmt.Errorf("%s is not a digest of the form sha256:HEX", quote(digest))
	}
	return nil
}
