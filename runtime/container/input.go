package container

import (
	"errors"
	"io"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"pocket/runtime/sandbox"
)

// input is what the program reads. A pipe of the caller's is handed in as it is; a terminal never is,
// because with it the program could type into the caller's shell (TIOCSTI, CVE-2017-5226): it is read here.
type input struct {
	from          *os.File
	pipe          *os.File // the program's end of a pipe, ours to close once it has started
	to            *os.File // nil: nothing is copied
	stop, stopped *os.File // a pipe: closing stop ends the copying
	terminal      bool
}

// connect sets the sandbox's streams.
func (m *monitor) connect(spec *sandbox.Spec) (*input, error) {
	in := &input{from: m.streams.Stdin, terminal: m.cfg.Terminal}
	if m.cfg.Terminal {
		return in, nil // its streams are the terminal, and come when it runs
	}
	spec.Stdout = sandbox.Output{Writer: m.output(m.log.Stdout(), m.streams.Stdout, frameStdout)}
	spec.Stderr = sandbox.Output{Writer: m.output(m.log.Stderr(), m.streams.Stderr, frameStderr)}
	if in.from == nil && !m.cfg.Interactive || in.from != nil && isPipe(in.from) {
		spec.Stdin = in.from
		return in, nil
	}
	var err error
	if in.pipe, in.to, err = os.Pipe(); err != nil {
		return nil, err
	}
	spec.Stdin = in.pipe
	if in.from == nil {
		return in, nil // what those who are attached send
	}
	if in.stopped, in.stop, err = os.Pipe(); err != nil {
		return nil, errors.Join(err, in.pipe.Close(), in.to.Close())
	}
	return in, nil
}

// program is where those who are attached may write, nil where nobody may.
func (in *input) program() io.WriteCloser {
	if in.to == nil || in.from != nil {
		return nil
	}
	if in.terminal {
		return keepOpen{in.to}
	}
	return in.to
}

// keepOpen is a terminal: the end of one's input does not end it.
type keepOpen struct{ io.Writer }

func (keepOpen) Close() error { return nil }

// started gives up the program's end of the pipe: only then does the pipe break when the program ends.
func (in *input) started() {
	if in.pipe != nil {
		_ = in.pipe.Close()
	}
}

// copy starts the copying, if anything is to be copied.
func (in *input) copy(others *sync.WaitGroup) {
	if in.to == nil || in.from == nil {
		return
	}
	others.Go(func() {
		copyInput(in.to, in.from, in.stopped)
		_ = in.to.Close() // the program reads the end of its input
		_ = in.stopped.Close()
	})
}

// close ends the copying, also one that waits for a program that reads nothing.
func (in *input) close() error {
	var all []error
	if in.stop != nil {
		all = append(all, in.stop.Close())
	}
	if in.to != nil && !in.terminal {
		if err := in.to.Close(); !errors.Is(err, os.ErrClosed) {
			all = append(all, err)
		}
	}
	return errors.Join(all...)
}

// copyInput copies until the input ends, the program takes no more, or stop's other end is closed. It
// waits with poll(2), because a read of a terminal cannot be called off: without this, the goroutine
// would outlive the container and take the first key meant for the shell.
func copyInput(to io.Writer, from, stop *os.File) {
	buffer := make([]byte, 32<<10)
	for {
		fds := []unix.PollFd{{Fd: int32(from.Fd()), Events: unix.POLLIN}, {Fd: int32(stop.Fd()), Events: unix.POLLIN}}
		if _, err := unix.Poll(fds, -1); err != nil && err != unix.EINTR {
			return
		}
		if fds[1].Revents != 0 {
			return
		}
		if fds[0].Revents == 0 {
			continue
		}
		n, err := from.Read(buffer)
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// showTerminal starts to copy what the program writes to its terminal, and makes the terminal what input
// is written to.
func (m *monitor) showTerminal(terminal *os.File, in *input, others *sync.WaitGroup) error {
	master, err := pollable(terminal)
	if err != nil {
		return err
	}
	in.to = master
	to := m.output(m.log.Stdout(), m.streams.Stdout, frameStdout)
	others.Go(func() {
		// The end is EIO, when nobody inside has the terminal open any more. Closing it also ends a
		// writing that waits for the program to read.
		_, _ = io.Copy(to, onlyReader{master})
		_ = master.Close()
	})
	return nil
}

// onlyReader keeps io.Copy from splice(2), which a terminal does not know.
type onlyReader struct{ io.Reader }

// pollable returns another descriptor of f that Go waits for without a thread, so that closing it ends
// a read.
func pollable(f *os.File) (*os.File, error) {
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("duplicate the terminal", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		return nil, errors.Join(os.NewSyscallError("unblock the terminal", err), unix.Close(fd))
	}
	return os.NewFile(uintptr(fd), f.Name()), nil
}

// isPipe says whether f can be handed in as it is. A file cannot: by way of /proc/self/fd/0 the program could
// open it again, for writing. Nor can a terminal (see input).
func isPipe(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&(os.ModeNamedPipe|os.ModeSocket) != 0
}
