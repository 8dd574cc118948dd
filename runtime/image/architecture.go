package image

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"pocket/runtime/hint"
)

// machines are the names that qemu's programs have for Go's architectures, where they differ.
var machines = map[string]string{"arm64": "aarch64", "386": "i386", "amd64": "x86_64", "ppc64le": "ppc64le", "loong64": "loongarch64"}

// CheckArchitecture tells why the image's programs cannot run on this host, or returns nil: they are for its
// processor, for one that is not known, or for one that the kernel passes to an interpreter that it has
// opened already (binfmt-misc.rst, flag F), which so need not be in the image.
func (img Image) CheckArchitecture() error {
	if img.Architecture == "" || img.Architecture == runtime.GOARCH || runtime.GOARCH == "amd64" && img.Architecture == "386" {
		return nil
	}
	if runtime.GOARCH == "arm64" && img.Architecture == "arm" {
		return nil // most can; one that cannot says "exec format error"
	}
	if interpreted("/proc/sys/fs/binfmt_misc", img.Architecture) {
		return nil
	}
	return hint.With(fmt.Errorf("image %s is for %s, this host is %s", quote(img.Name), quote(img.Architecture), runtime.GOARCH),
		"get the image for this processor, or have the kernel run the other one's programs (Debian's package qemu-user-static)")
}

// interpreted looks for an interpreter of that architecture's programs.
func interpreted(dir, architecture string) bool {
	machine := machines[architecture]
	if machine == "" {
		machine = architecture
	}
	rule, err := os.ReadFile(filepath.Join(dir, "qemu-"+machine))
	if err != nil {
		return false
	}
	fixed := false
	for line := range bytes.Lines(rule) {
		flags, ok := bytes.CutPrefix(bytes.TrimSpace(line), []byte("flags: "))
		fixed = fixed || ok && bytes.ContainsRune(flags, 'F')
	}
	return fixed && bytes.HasPrefix(rule, []byte("enabled"))
}
