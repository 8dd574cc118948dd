package container

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// The control pipe of a running container takes numbers of signals, a byte each. It needs neither a pid,
// which could be another process's by now, nor a right to signal, only the right to the folder.
const controlName = "control"

// makeControl makes the pipe and opens it for both reading and writing, so that it never ends.
func makeControl(folder string) (*os.File, error) {
	path := filepath.Join(folder, controlName)
	if err := unix.Mkfifo(path, 0o600); err != nil {
		return nil, &os.PathError{Op: "make control pipe", Path: path, Err: err}
	}
	return os.OpenFile(path, os.O_RDWR, 0)
}

// obey passes on what comes through the pipe until it is closed.
func obey(control *os.File, to receiver) {
	b := make([]byte, 1)
	for {
		if _, err := control.Read(b); err != nil {
			return
		}
		if s := unix.Signal(b[0]); s == unix.SIGKILL {
			to.Kill()
		} else {
			// The program may have ended just now.
			_ = to.Signal(s)
		}
	}
}

// send asks the monitor of a container to signal its program. errNoMonitor means that there is none.
func send(folder string, s unix.Signal) error {
	path := filepath.Join(folder, controlName)
	fd, err := unix.Open(path, unix.O_WRONLY|unix.O_NONBLOCK|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.ENXIO) || errors.Is(err, unix.ENOENT) {
		return errNoMonitor
	}
	if err != nil {
		return &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	if _, err := unix.Write(fd, []byte{byte(s)}); err != nil {
		return fmt.Errorf("ask the monitor through %s: %w", path, err)
	}
	return nil
}

var errNoMonitor = errors.New("the container has no monitor")

func (r *running) closeControl() error {
	err := r.control.Close()
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}
