package container

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/hint"
)

// AttachOptions says what of a container one is attached to.
type AttachOptions struct {
	Stdin, Stdout, Stderr bool
	Rows, Cols            uint16 // of the terminal that shows it; 0, 0 leaves the program's as it is
}

// Attachment is a connection to a running container's streams.
type Attachment struct {
	// Terminal says that the program has a terminal: its input is keys, and all its output comes as one
	// stream.
	Terminal bool
	conn     *os.File
}

// ErrDetached is what Copy returns after Close: the container goes on.
var ErrDetached = errors.New("detached")

// Attach connects to the running container with this name, id or beginning of an id.
func (e *Engine) Attach(ref string, options AttachOptions) (*Attachment, error) {
	c, err := e.Find(ref)
	if err != nil {
		return nil, err
	}
	conn, err := e.reach(c)
	if errors.Is(err, errNoMonitor) {
		err = errNotRunning(c.Name)
	}
	if err != nil {
		return nil, err
	}
	_ = conn.SetReadDeadline(time.Now().Add(killPatience))
	a, err := attachOver(conn, request{Do: "attach", Attach: &options})
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = stuck(c, "answer")
	}
	_ = conn.SetReadDeadline(time.Time{}) // closed already after an error
	return a, err
}

func attachOver(conn *os.File, r request) (*Attachment, error) {
	var answer reply
	err := put(conn, r)
	if err == nil {
		err = get(conn, &answer)
	}
	a := &Attachment{conn: conn}
	if err == nil {
		err = answer.err()
	}
	if err == nil {
		err = json.Unmarshal(answer.Result, a)
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return a, nil
}

// Copy writes the program's output to stdout and stderr until the container has ended, and returns how. The
// error is ErrDetached after Close, and tells of a monitor that died.
func (a *Attachment) Copy(stdout, stderr io.Writer) (Ended, error) {
	buffer := make([]byte, maxMessage)
	var ended Ended
	for {
		n, err := a.conn.Read(buffer)
		if errors.Is(err, os.ErrClosed) {
			return ended, ErrDetached
		}
		if err != nil || n == 0 {
			return ended, hint.With(errors.New("the container's monitor is gone"), "see how the container ended with: pocket-docker ps -a")
		}
		switch buffer[0] {
		case frameStdout:
			_, err = stdout.Write(buffer[1:n])
		case frameStderr:
			_, err = stderr.Write(buffer[1:n])
		case frameExit:
			return ended, errors.Join(json.Unmarshal(buffer[1:n], &ended), a.conn.Close())
		}
		if err != nil {
			return ended, errors.Join(err, a.Close())
		}
	}
}

// Write sends input to the program.
func (a *Attachment) Write(p []byte) (int, error) {
	sent := 0
	for sent < len(p) {
		n := min(len(p)-sent, maxMessage-1)
		if err := a.frame(frameStdin, p[sent:sent+n]); err != nil {
			return sent, err
		}
		sent += n
	}
	return sent, nil
}

// CloseInput tells the program that its input has ended; one with a terminal does not notice.
func (a *Attachment) CloseInput() error { return a.frame(frameEOF, nil) }

// Resize tells the size of the terminal that shows the program.
func (a *Attachment) Resize(rows, cols uint16) error {
	p := binary.LittleEndian.AppendUint16(nil, rows)
	return a.frame(frameSize, binary.LittleEndian.AppendUint16(p, cols))
}

// Signal sends a signal to the program.
func (a *Attachment) Signal(s unix.Signal) error { return a.frame(frameSignal, []byte{byte(s)}) }

// Close detaches: the container goes on.
func (a *Attachment) Close() error { return a.conn.Close() }

func (a *Attachment) frame(kind byte, p []byte) error {
	_, err := a.conn.Write(append([]byte{kind}, p...))
	return err
}

// StartAttached starts a container that does not run, under a monitor of its own, attached to it from
// before its program starts. It returns warnings of limits that are not held.
func (e *Engine) StartAttached(ctx context.Context, ref string, options AttachOptions) (*Attachment, []string, error) {
	conn, err := e.startMonitor(ctx, ref)
	if err != nil {
		return nil, nil, err
	}
	// Attached first, then started: not a byte of output is missed.
	a, err := attachOver(conn, request{Do: "attach", Attach: &options})
	if err != nil {
		return nil, nil, err
	}
	var answer reply
	if err := get(conn, &answer); err != nil {
		return nil, nil, errors.Join(err, conn.Close())
	}
	if err := answer.err(); err != nil {
		return nil, answer.Warnings, errors.Join(err, conn.Close())
	}
	return a, answer.Warnings, nil
}
