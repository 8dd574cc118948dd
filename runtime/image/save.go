package image

import (
	"fmt"
	"os"
	"path/filepath"
)

// writeLayer writes the tar of a stored layer, byte for byte as it came. The error wraps errDamaged when
// the tree has been changed, and os.ErrNotExist when its tar cannot be made again.
func (s *Store) writeLayer(to *os.File, diffID string) error {
	l, ok := s.layer(diffID)
	if !ok {
		return fmt.Errorf("layer %s: %w", diffID, errDamaged)
	}
	pieces, err := os.Open(filepath.Join(s.layerHome(diffID), "pieces"))
	if err != nil {
		return err
	}
	defer pieces.Close()
	if err := s.replay(replayTask{l.tree, diffID}, pieces, to); err != nil {
		return fmt.Errorf("layer %s: %w", diffID, err)
	}
	return nil
}
