package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"pocket/runtime/idmap"
	"pocket/runtime/rootfs"
)

// TryOverlay tells whether containers' overlays can be mounted with their upper layers in the folder dir, by
// mounting one there: nil, or why not. It leaves nothing behind.
func TryOverlay(dir string, ids idmap.Map) (err error) {
	alone, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer alone.Close()
	if err := unix.Flock(int(alone.Fd()), unix.LOCK_EX); err != nil { // for a moment, or not at all: nobody tries for long
		return fmt.Errorf("lock %s: %w", dir, err)
	}
	// The name says nothing of what is tried, which errors are searched for. What is there already was left by one
	// that was killed while it tried.
	base := filepath.Join(dir, ".trial")
	if err := os.RemoveAll(base); err != nil {
		return err
	}
	if err := os.Mkdir(base, 0o700); err != nil {
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
