package main

import (
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// keyboard is our standard input while a program has it. Where it is a terminal, every key goes to the
// program, but for the sequence that detaches.
type keyboard struct {
	// detached is closed when the sequence was typed: the program has got nothing of it.
	detached chan struct{}
	// over is closed when nothing more is read.
	over chan struct{}

	in            *os.File
	fd            int // of in, which the copying must not ask for: the caller may close in meanwhile
	keys          detachScanner
	stop, stopped *os.File // a pipe: closing stop ends the copying
	mu            sync.Mutex
	raw           bool
	restore       func() // puts the terminal back, nil when it is as it was
}

// newKeyboard copies what in has to the program until it ends, the program takes no more, or the keyboard is
// closed; the input's end is told to ended. With raw, in is a terminal and the program sees each key. The
// caller must close the keyboard, in every case: only then is the terminal as it was.
func newKeyboard(in *os.File, raw bool, keys []byte, to io.Writer, ended func()) (*keyboard, error) {
	k := &keyboard{detached: make(chan struct{}), over: make(chan struct{}), in: in, fd: int(in.Fd()), raw: raw, keys: detachScanner{keys: keys}}
	if err := k.seize(); err != nil {
		return nil, err
	}
	var err error
	if k.stopped, k.stop, err = os.Pipe(); err != nil {
		k.release()
		return nil, err
	}
	go func() { // ends with the input, the program or close; while the program reads nothing, with to's end
		defer close(k.over)
		defer k.stopped.Close()
		if k.copy(to) == io.EOF {
			ended()
		}
	}()
	return k, nil
}

// seize makes the terminal raw. It is called again when the shell that stopped us lets us go on (SIGCONT),
// because it has put the terminal back.
func (k *keyboard) seize() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.raw {
		return nil
	}
	restore, err := makeRaw(k.in)
	if err == nil && k.restore == nil {
		k.restore = restore
	}
	return err
}

func (k *keyboard) release() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.raw = false
	if k.restore != nil {
		k.restore()
		k.restore = nil
	}
}

// close ends the copying and puts the terminal back as it was, in this order: what is typed from then on is the
// shell's, and a read would wait for the end of a line. The copying is waited for only a moment, because another
// reader of the same input may have taken what ours was to get.
func (k *keyboard) close() {
	if k == nil {
		return
	}
	_ = k.stop.Close()
	select {
	case <-k.over:
	case <-time.After(lastKey):
	}
	k.release()
}

const lastKey = 200 * time.Millisecond

// copy waits with poll(2), because a read of a terminal cannot be called off: without this it would take the
// first key meant for the shell.
func (k *keyboard) copy(to io.Writer) error {
	buffer := make([]byte, 32<<10)
	for {
		fds := []unix.PollFd{{Fd: int32(k.fd), Events: unix.POLLIN}, {Fd: int32(k.stopped.Fd()), Events: unix.POLLIN}}
		if _, err := unix.Poll(fds, -1); err != nil && err != unix.EINTR {
			return err
		}
		if fds[1].Revents != 0 {
			return os.ErrClosed
		}
		if fds[0].Revents == 0 {
			continue
		}
		n, err := k.in.Read(buffer)
		if errors.Is(err, unix.EAGAIN) {
			continue
		}
		if k.pass(to, buffer[:n]) {
			return nil
		}
		if err != nil {
			_, _ = to.Write(k.keys.pending) // the input ends in the middle of the sequence
			return err
		}
	}
}

// pass hands on what was typed and says whether no more is to be read.
func (k *keyboard) pass(to io.Writer, typed []byte) bool {
	text, detached := k.keys.scan(typed)
	if len(text) > 0 {
		if _, err := to.Write(text); err != nil {
			return true
		}
	}
	if detached {
		close(k.detached)
	}
	return detached
}

// terminalSize is the size of the terminal f; 0, 0 when it is none.
func terminalSize(f *os.File) (rows, cols uint16) {
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0, 0
	}
	return size.Row, size.Col
}
