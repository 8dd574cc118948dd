package sandbox

import (
	"errors"
	"os"
	"path/filepath"

	"pocket/runtime/idmap"
	"pocket/runtime/rootfs"
)

// TryOverlay tells whether containers' overlays can be mounted with their upper layers in the folder dir, by
// mounting one there: nil, or why not. It leaves nothing behind.
func TryOverlay(dir string, ids idmap.Map) (err error) {
	base, err := os.MkdirTemp(dir, "overlay-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(base)) }()
	folders := map[string]string{}
	for _, name := range []string{"", "lower", "upper", "work"} {
		path := filepath.Join(base, name)
		if name != "" {
			if err := os.Mkdir(path, 0o755); err != nil {
				return err
			}
		}
		if os.Geteuid() == 0 {
			if err := os.Chown(path, idmap.Host(ids.UIDs, 0), idmap.Host(ids.GIDs, 0)); err != nil {
				return err
			}
		}
		folders[name] = path
	}
	root := rootfs.Image([]string{folders["lower"]}, folders["upper"], folders["work"])
	p, err := Start(Spec{Args: []string{"/nothing"}, Root: root, IDs: ids})
	if err == nil {
		_, err = p.Wait()
	}
	if _, mounted := errors.AsType[*ExecError](err); mounted {
		return nil // the root was there: only the program was not
	}
	return err
}
