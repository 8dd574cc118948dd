package container

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/failpoint"
	"pocket/runtime/hint"
	"pocket/runtime/state"
)

// The monitor of a container listens on a socket in the container's folder. A connection carries one
// request and its reply, both JSON; after an attach request, frames go both ways until one side closes.
// Messages keep their bounds (SOCK_SEQPACKET, unix(7)).
const controlName = "control"

// maxMessage bounds a message: a frame of output, or a request with a whole config.
const maxMessage = 64 << 10

// request is what a monitor is asked for.
type request struct {
	Do       string          // one of the verbs
	Signal   int             `json:",omitempty"` // signal, stop, restart: its number
	Patience time.Duration   `json:",omitempty"` // stop, restart: how long to wait before killing; negative: for ever
	Attach   *AttachOptions  `json:",omitempty"` // attach; with start, attach before it
	Change   json.RawMessage `json:",omitempty"` // update: an Update
}

// reply is the monitor's answer.
type reply struct {
	Error    string          `json:",omitempty"`
	Hint     string          `json:",omitempty"`
	Status   int             `json:",omitempty"` // the exit status that goes with the error, or that was waited for
	Taken    bool            `json:",omitempty"` // another monitor has the container
	Warnings []string        `json:",omitempty"`
	Result   json.RawMessage `json:",omitempty"` // stats, update
}

// fault is an error that a monitor tells of in a reply.
type fault struct {
	text   string
	status int
}

func (f *fault) Error() string { return f.text }

func (r reply) err() error {
	if r.Error == "" {
		return nil
	}
	if r.Taken {
		return errRunsAlready
	}
	err := error(&fault{r.Error, r.Status})
	if r.Hint != "" {
		err = hint.With(err, "%s", r.Hint)
	}
	return err
}

func failure(err error) reply {
	if err == nil {
		return reply{}
	}
	return reply{Error: err.Error(), Hint: hint.Of(err), Status: Status(err), Taken: errors.Is(err, state.ErrLocked)}
}

// The first byte of a frame says what it is.
const (
	frameStdin  = 'i' // to the monitor: input
	frameEOF    = 'c' // to the monitor: the end of the input
	frameSize   = 'r' // to the monitor: the terminal's rows and columns, 16 bits each
	frameSignal = 's' // to the monitor: a signal's number, a byte
	frameStdout = 'o'
	frameStderr = 'e'
	frameExit   = 'x' // from the monitor, the last: how it ended, an Ended
)

// listen makes the socket of the container in folder. The lock is held, so what is there is a dead one's.
func listen(folder string) (*os.File, error) {
	if err := failpoint.At("monitor.listen"); err != nil {
		return nil, fmt.Errorf("make the control socket: %w", err)
	}
	path := filepath.Join(folder, controlName)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	// Before it has a name: only who may write to the socket may connect (unix(7), "Pathname socket ownership").
	err = os.NewSyscallError("fchmod", unix.Fchmod(fd, 0o600))
	if err == nil {
		err = atSocket(folder, func(a unix.Sockaddr) error { return unix.Bind(fd, a) })
	}
	if err == nil {
		err = os.NewSyscallError("listen", unix.Listen(fd, 128))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make the control socket %s: %w", path, err), unix.Close(fd))
	}
	return os.NewFile(uintptr(fd), path), nil
}

// atSocket uses the socket's address in the folder. A folder's path may be longer than the 108 bytes of an
// address (unix(7)); the one of an open descriptor never is.
func atSocket(folder string, use func(unix.Sockaddr) error) error {
	dir, err := unix.Open(folder, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: folder, Err: err}
	}
	defer unix.Close(dir)
	return use(&unix.SockaddrUnix{Name: "/proc/self/fd/" + strconv.Itoa(dir) + "/" + controlName})
}

// transient says of an accept's error that the next may be better: whoever connected has gone, or there is no
// descriptor or memory just now (accept(2)).
func transient(err error) bool {
	for _, passing := range []error{unix.ECONNABORTED, unix.EINTR, unix.EMFILE, unix.ENFILE, unix.ENOBUFS, unix.ENOMEM} {
		if errors.Is(err, passing) {
			return true
		}
	}
	return false
}

// accept waits for a connection. After an error that is not transient there will be no more: the socket has
// been closed.
func accept(socket *os.File) (*os.File, error) {
	raw, err := socket.SyscallConn()
	if err != nil {
		return nil, err
	}
	fd, failed := -1, error(nil)
	err = raw.Read(func(s uintptr) bool {
		fd, _, failed = unix.Accept4(int(s), unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK)
		return failed != unix.EAGAIN
	})
	if err = errors.Join(err, os.NewSyscallError("accept", failed)); err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), "connection"), nil
}

// errNoMonitor means that nobody watches the container.
var errNoMonitor = errors.New("the container has no monitor")

// dial connects to the monitor of the container in folder. The error is errNoMonitor when there is none.
func dial(folder string) (*os.File, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	err = atSocket(folder, func(a unix.Sockaddr) error { return unix.Connect(fd, a) })
	if err == nil {
		err = unix.SetNonblock(fd, true)
	}
	if err == nil {
		return os.NewFile(uintptr(fd), "monitor"), nil
	}
	if errors.Is(err, unix.ECONNREFUSED) || errors.Is(err, unix.ENOENT) {
		err = errNoMonitor
	}
	return nil, errors.Join(fmt.Errorf("connect to the monitor: %w", err), unix.Close(fd))
}

// pair returns two connected ends, for a monitor that is about to be started.
func pair() (ours, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	return os.NewFile(uintptr(fds[0]), "monitor"), os.NewFile(uintptr(fds[1]), "connection"), nil
}

// put sends a value as one message.
func put(conn *os.File, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = conn.Write(text)
	return err
}

// get receives a value; the error is errNoMonitor when the other side has closed, and os.ErrDeadlineExceeded
// when it has not answered by the connection's deadline.
func get(conn *os.File, v any) error {
	buffer := make([]byte, maxMessage)
	n, err := conn.Read(buffer)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	if err != nil || n == 0 {
		return errNoMonitor
	}
	return json.Unmarshal(buffer[:n], v)
}
