package image

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// writeLayer writes the tar of a stored layer, byte for byte as it came. The error wraps errDamaged when
// the tree has been changed, and os.ErrNotExist when its tar cannot be made again.
func (s *Store) writeLayer(to io.Writer, diffID string) error {
	l, ok := s.layer(diffID)
	if !ok {
		return fmt.Errorf("layer %s: %w", diffID, errDamaged)
	}
	pieces, err := os.Open(filepath.Join(s.layerHome(diffID), "pieces"))
	if err != nil {
		return err
	}
	defer pieces.Close()
	root, err := unix.Open(l.tree, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open %s: %w", l.tree, err)
	}
	defer unix.Close(root)
	sum := sha256.New()
	if err := replay(io.MultiWriter(to, sum), pieces, root); err != nil {
		return fmt.Errorf("layer %s: %w", diffID, err)
	}
	if got := fmt.Sprintf("%s%x", digestPrefix, sum.Sum(nil)); got != diffID {
		return fmt.Errorf("layer %s: %w", diffID, errDamaged)
	}
	return nil
}
