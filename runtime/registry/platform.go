package registry

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"

	"pocket/runtime/hint"
)

// Platform is what an image's programs run on, in Go's words (OCI image specification, "Image Index").
type Platform struct {
	OS           string `json:"os"`
	Architecture string `json:"architecture"`
	Variant      string `json:"variant"`
}

// ParsePlatform reads OS/ARCHITECTURE[/VARIANT] or ARCHITECTURE alone.
func ParsePlatform(text string) (Platform, error) {
	parts := strings.Split(text, "/")
	if len(parts) == 1 {
		parts = []string{"linux", text}
	}
	for _, part := range parts {
		if !isWord(part) {
			parts = nil
		}
	}
	if len(parts) != 2 && len(parts) != 3 {
		return Platform{}, hint.With(fmt.Errorf("%s is not a platform", quote(text)), "write for example linux/arm64 or linux/arm/v7")
	}
	p := Platform{OS: parts[0], Architecture: architecture(parts[1])}
	if len(parts) == 3 {
		p.Variant = parts[2]
	}
	return p, nil
}

// architecture turns the kernel's name of an architecture (uname -m) into Go's.
func architecture(name string) string {
	switch name {
	case "x86_64", "x86-64":
		return "amd64"
	case "aarch64":
		return "arm64"
	case "i386", "i686":
		return "386"
	}
	return name
}

// HostPlatform is this host's.
func HostPlatform() Platform {
	p := Platform{OS: "linux", Architecture: runtime.GOARCH}
	if p.Architecture == "arm" {
		p.Variant = armVariant()
	}
	return p
}

// armVariant reads which ARM the processor is, which Go knows only at build time.
func armVariant() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err == nil {
		for line := range strings.Lines(string(text)) {
			name, value, _ := strings.Cut(line, ":")
			if strings.TrimSpace(name) != "CPU architecture" {
				continue
			}
			if v := strings.TrimSpace(value); v == "5" || v == "6" {
				return "v" + v
			}
		}
	}
	return "v7" // what 64-bit processors run too
}

// String is the platform as ParsePlatform reads it.
func (p Platform) String() string {
	text := p.OS + "/" + p.Architecture
	if p.Variant != "" {
		text += "/" + p.Variant
	}
	return text
}

// fit says how well programs for p run where want is asked for: 0 not at all, else the higher the better.
func (p Platform) fit(want Platform) int {
	if p.OS != want.OS || architecture(p.Architecture) != want.Architecture {
		return 0
	}
	ours, theirs := baseline(want), baseline(p)
	switch {
	case ours == theirs:
		return 100
	case len(ours) != 2 || len(theirs) != 2 || theirs > ours:
		return 0
	}
	return 1 + int(theirs[1]-'0') // an older variant's programs run, those of the newest best
}

// baseline is a platform's variant; without one it is the architecture's first.
func baseline(p Platform) string {
	if p.Variant != "" {
		return p.Variant
	}
	switch p.Architecture {
	case "amd64":
		return "v1"
	case "arm":
		return "v7"
	case "arm64", "aarch64":
		return "v8"
	}
	return ""
}

// choose picks the manifest of an index for the platform.
func choose(list []descriptor, want Platform) (descriptor, error) {
	var best descriptor
	most := 0
	var there []string
	for _, d := range list {
		if d.Platform == nil {
			continue
		}
		if n := d.Platform.fit(want); n > most {
			best, most = d, n
		}
		if name := d.Platform.String(); d.Platform.OS != "unknown" && !slices.Contains(there, name) {
			there = append(there, name)
		}
	}
	if most > 0 {
		return best, nil
	}
	for _, d := range list { // an index may name no platform: the image's config does
		if d.Platform == nil && (len(list) == 1 || isIndex(d.MediaType)) {
			return d, nil
		}
	}
	return descriptor{}, noPlatform(want, there)
}

func noPlatform(want Platform, there []string) error {
	err := fmt.Errorf("there is no image for %s", want)
	if len(there) == 0 {
		return hint.With(err, "ask the publisher for one, or pull another tag")
	}
	const most = 12
	shown := there[:min(len(there), most)]
	return hint.With(fmt.Errorf("%w, only for %s", err, strings.Map(printable, strings.Join(shown, ", "))),
		"choose one with --platform, or another tag")
}

func printable(r rune) rune {
	if r < ' ' || r == 0x7f {
		return '?'
	}
	return r
}
