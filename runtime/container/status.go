package container

import (
	"errors"

	"golang.org/x/sys/unix"

	"pocket/runtime/sandbox"
)

// Status is the exit status of a run that failed with err, as docker's users know it: 126 when the
// program is there and cannot be executed, or not in the working directory given to Exec, 127 when it is
// not there, 128 plus the signal that came before the start, and 125 for any other fault.
func Status(err error) int {
	if early, ok := errors.AsType[*Interrupted](err); ok {
		return 128 + int(early.Signal)
	}
	if told, ok := errors.AsType[*fault](err); ok {
		return told.status
	}
	if errors.Is(err, sandbox.ErrDirectory) {
		return 126
	}
	exec, ok := errors.AsType[*sandbox.ExecError](err)
	switch {
	case !ok:
		return 125
	case exec.Errno == unix.ENOENT || exec.Errno == unix.ENOTDIR:
		return 127
	}
	return 126
}
