package runner

import (
	"path/filepath"

	"pocket/runtime/image"
	"pocket/runtime/rootfs"
)

// Shown are the host's folders and files that every program of a root file system can read, absolute: of the
// host the part that rootfs.Host shows, of a folder what is in it. What an archive or a stored image holds lies
// elsewhere: nil.
func Shown(rootFS string) []string {
	var plan rootfs.Plan
	switch {
	case rootFS == "" || rootFS == string(image.Host):
		plan = rootfs.Host()
	case filepath.IsAbs(rootFS):
		plan, _ = rootfs.View(rootFS) // an archive, or what is not there, shows nothing
	}
	var all []string
	for _, m := range plan.Mounts {
		if m.Kind == rootfs.Bind {
			all = append(all, m.Source)
		}
	}
	return all
}
