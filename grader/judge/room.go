package judge

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"pocket/grader"
	"pocket/runtime/hint"
)

// NoRoom marks an error of writing temporary files that says that their disk is full with grader.ErrFull, and
// names the folder and what to do; every other error stays what it is. It may be given errors of writing only: a
// program that cannot be started for another want may have the same number (clone(2), ENOSPC).
func NoRoom(err error) error {
	full := errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
	if !full || errors.Is(err, grader.ErrFull) {
		return err
	}
	err = fmt.Errorf("%w in %s: %w", grader.ErrFull, os.TempDir(), err)
	return hint.With(err, "make room there, or set TMPDIR to another folder; the same command goes on with what is left")
}
