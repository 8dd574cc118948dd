package container

import (
	"fmt"
	"os"
	"path/filepath"

	"pocket/runtime/idmap"
)

// writable makes the upper and work folder of the overlay. The upper folder's mode and owner are those
// of the container's "/".
func (m *monitor) writable() error {
	uid, gid := idmap.Host(m.ids().UIDs, 0), idmap.Host(m.ids().GIDs, 0)
	if uid < 0 || gid < 0 {
		uid, gid = os.Geteuid(), os.Getegid()
	}
	for _, dir := range []struct {
		path string
		mode os.FileMode
	}{{"", 0o700}, {"upper", 0o755}, {"work", 0o700}} {
		path := filepath.Join(m.layer(), dir.path)
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

// ids is the container's map: the user's own, or none at all.
func (m *monitor) ids() idmap.Map { return m.cfg.ids(m.IDs) }

func (c *Config) ids(own idmap.Map) idmap.Map {
	if c.Userns == HostUsers {
		return idmap.None()
	}
	return own
}

// layer is the folder of what the program writes.
func (m *monitor) layer() string { return filepath.Join(m.folder, "layer") }
