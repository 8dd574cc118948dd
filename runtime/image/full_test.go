package image

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"pocket/runtime/hint"
	"pocket/runtime/internal/trial"
)

// TestDiskFull imports an archive on a file system that is too small for it, then one that fits.
func TestDiskFull(t *testing.T) {
	trial.OnSmallDisk(t, "2m", func(t *testing.T, dir string) {
		t.Run("import", func(t *testing.T) { importOnSmallDisk(t, dir) })
		t.Run("pull", func(t *testing.T) { pullOnSmallDisk(t, t.TempDir()) })
	})
}

func importOnSmallDisk(t *testing.T, dir string) {
	big := write(t, pack(t, file("d/big", strings.Repeat("x", 5<<20))), t.TempDir(), "big.tar")
	small := write(t, pack(t, file("small", "x")), t.TempDir(), "small.tar")
	s := newStore(t)
	s.dir = filepath.Join(dir, "state")
	_, err := s.Resolve(t.Context(), big, nil)
	if !errors.Is(err, unix.ENOSPC) || !strings.Contains(err.Error(), "d/big") || hint.Of(err) == "" {
		t.Errorf("error is %v, hint %q", err, hint.Of(err))
	}
	checkClean(t, s, 0)
	if img := mustResolve(t, s, small, nil); content(t, img, "small") != "x" {
		t.Errorf("with space again: %+v", img)
	}
	checkClean(t, s, 1)
}
