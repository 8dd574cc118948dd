package container

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/hint"
	"pocket/runtime/state"
)

var (
	// errCutOff means that a monitor lives and nobody can reach it.
	errCutOff = errors.New("cannot be reached")
	// errStuck means that a monitor does not do what any monitor does at once.
	errStuck = errors.New("does not")
)

// reach connects to the container's monitor. The error is errNoMonitor when there is none, and errCutOff when
// there is one that nobody can reach.
func (e *Engine) reach(c state.Container) (*os.File, error) {
	conn, err := dial(e.Folder(c.ID))
	if errors.Is(err, errNoMonitor) {
		err = e.unreached(c, err)
	}
	return conn, err
}

// unreached is the error of who found no socket of the monitor that before names: err, unless that monitor has
// had one all the time since. It makes its socket before it is recorded and removes it after its end is.
func (e *Engine) unreached(before state.Container, err error) error {
	now, lost := e.DB.Container(before.ID)
	if lost != nil || !before.Status.Live() || !now.Status.Live() || now.Monitor != before.Monitor || !now.Monitor.Alive() {
		return err
	}
	return hint.With(fmt.Errorf("its monitor, process %d, %w: the container's folder, or the socket in it, was removed", now.Monitor.PID, errCutOff),
		"end and remove it: pocket-docker rm -f %s", now.Name)
}

// force ends a container whose monitor does not do it: the monitor, which takes its container along, and to be
// sure the container's first process.
func (e *Engine) force(id string) error {
	c, err := e.DB.Container(id)
	if err != nil {
		return err
	}
	if err := end(c.Monitor, killPatience); err != nil {
		return fmt.Errorf("end its monitor: %w", err)
	}
	_, _ = e.Reconcile() // lets go what was paused; what cannot be recorded, the removal tells
	if err := end(c.Init, killPatience); err != nil {
		return fmt.Errorf("end its first process: %w", err)
	}
	return nil
}

// end kills this very process, if it still runs, and waits until it has ended. The pidfd comes before the look:
// the process that had this number then, and is the one meant now, is the same.
func end(p state.Process, patience time.Duration) error {
	if p.PID <= 0 {
		return nil
	}
	fd, err := unix.PidfdOpen(p.PID, 0)
	if err == unix.ESRCH {
		return nil
	}
	if err != nil {
		return fmt.Errorf("process %d: pidfd_open: %w", p.PID, err)
	}
	defer unix.Close(fd)
	if !p.Alive() {
		return nil
	}
	if err := unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0); err != nil && err != unix.ESRCH {
		return fmt.Errorf("process %d: kill: %w", p.PID, err)
	}
	for deadline := time.Now().Add(patience); ; {
		// A pidfd can be read once its process has ended (pidfd_open(2)).
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, int(time.Until(deadline).Milliseconds()))
		switch {
		case err == unix.EINTR && time.Now().Before(deadline):
		case err != nil:
			return fmt.Errorf("process %d: poll: %w", p.PID, err)
		case n == 0:
			return fmt.Errorf("process %d was killed and is still there after %v: it waits for a device or a disk", p.PID, patience)
		default:
			return nil
		}
	}
}
