package container

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"pocket/runtime/idmap"
	"pocket/runtime/image"
)

// folders makes the container's folder, its log and its control pipe. What the program writes lies in
// a part of its own, upper, which nobody but the container's root can enter.
func (r *running) folders(img image.Image) error {
	mode := os.FileMode(0o700)
	if os.Geteuid() == 0 {
		mode = 0o711 // the container's root, another id, must come through to its upper folder
	}
	if err := os.MkdirAll(filepath.Dir(r.folder), mode); err != nil {
		return fmt.Errorf("make the container's folder: %w", err)
	}
	if err := os.Mkdir(r.folder, mode); err != nil {
		return fmt.Errorf("make the container's folder: %w", err)
	}
	var err error
	if r.log, err = OpenLog(r.folder, r.cfg.Log); err != nil {
		return fmt.Errorf("make the container's log: %w", err)
	}
	if r.control, err = makeControl(r.folder); err != nil {
		return errors.Join(err, r.log.Close())
	}
	if img.Kind == image.Host {
		return nil
	}
	return r.writable()
}

// writable makes the upper and work folder of the overlay. The upper folder's mode and owner are those
// of the container's "/".
func (r *running) writable() error {
	uid, gid := idmap.Host(r.IDs.UIDs, 0), idmap.Host(r.IDs.GIDs, 0)
	if uid < 0 || gid < 0 {
		uid, gid = os.Geteuid(), os.Getegid()
	}
	for _, dir := range []struct {
		path string
		mode os.FileMode
	}{{"", 0o700}, {"upper", 0o755}, {"work", 0o700}} {
		path := filepath.Join(r.layer(), dir.path)
		if err := os.Mkdir(path, dir.mode); err != nil {
			return fmt.Errorf("make the container's folder: %w", err)
		}
		if err := os.Chmod(path, dir.mode); err != nil { // whatever the umask
			return fmt.Errorf("make the container's folder: %w", err)
		}
		if err := os.Chown(path, uid, gid); err != nil && os.Geteuid() == 0 {
			return fmt.Errorf("make the container's folder: %w", err)
		}
	}
	return nil
}

// layer is the folder of what the program writes.
func (r *running) layer() string { return filepath.Join(r.folder, "layer") }
