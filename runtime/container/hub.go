package container

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"pocket/runtime/sandbox"
)

// hub connects those who are attached with the program: its output goes to all of them, and what they
// send is its input.
type hub struct {
	mu         sync.Mutex
	guests     map[*guest]bool
	program    io.WriteCloser // nil: takes no input
	proc       *sandbox.Process
	rows, cols uint16
}

// guest is one who is attached.
type guest struct {
	conn    *os.File
	options AttachOptions
	mu      sync.Mutex // one frame at a time
}

// parting is how long a guest who does not read may hold up the container's end.
const parting = 2 * time.Second

// connect names the program that guests reach from now on, or none.
func (h *hub) connect(program io.WriteCloser, proc *sandbox.Process) {
	h.mu.Lock()
	h.program, h.proc = program, proc
	h.mu.Unlock()
	if proc != nil {
		h.resize()
	}
}

func (h *hub) join(g *guest) {
	h.mu.Lock()
	if h.guests == nil {
		h.guests = map[*guest]bool{}
	}
	h.guests[g] = true
	if g.options.Rows > 0 {
		h.rows, h.cols = g.options.Rows, g.options.Cols
	}
	h.mu.Unlock()
	h.resize()
}

func (h *hub) leave(g *guest) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.guests, g)
}

func (h *hub) all() []*guest {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := make([]*guest, 0, len(h.guests))
	for g := range h.guests {
		list = append(list, g)
	}
	return list
}

// hurry keeps a guest who does not read from holding up an end that was ordered.
func (h *hub) hurry() {
	for _, g := range h.all() {
		_ = g.conn.SetWriteDeadline(time.Now().Add(parting))
	}
}

// size is the terminal's size, as the last guest who told has it; 0, 0 when none did.
func (h *hub) size() (rows, cols uint16) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.rows, h.cols
}

func (h *hub) resize() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.proc != nil && h.proc.Terminal != nil && h.rows > 0 {
		_ = h.proc.Resize(h.rows, h.cols) // a program that has just ended needs no size
	}
}

// writer passes on a stream of the program. Guests are waited for, as a pipe would; one whose connection
// is broken leaves.
func (h *hub) writer(frame byte) io.Writer { return hubWriter{h, frame} }

type hubWriter struct {
	*hub
	frame byte
}

func (w hubWriter) Write(p []byte) (int, error) {
	for _, g := range w.all() {
		if w.frame == frameStdout && !g.options.Stdout || w.frame == frameStderr && !g.options.Stderr {
			continue
		}
		if err := g.send(w.frame, p); err != nil {
			w.leave(g)
			_ = g.conn.SetReadDeadline(time.Now()) // who reads from it gives up too
		}
	}
	return len(p), nil
}

func (g *guest) send(frame byte, p []byte) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	for first := true; first || len(p) > 0; first = false {
		n := min(len(p), maxMessage-1)
		if _, err := g.conn.Write(append([]byte{frame}, p[:n]...)); err != nil {
			return err
		}
		p = p[n:]
	}
	return nil
}

// attend takes what a guest sends until it goes.
func (h *hub) attend(g *guest) {
	defer h.leave(g)
	buffer := make([]byte, maxMessage)
	for {
		n, err := g.conn.Read(buffer)
		if err != nil || n == 0 {
			return
		}
		h.obey(g, buffer[0], buffer[1:n])
	}
}

func (h *hub) obey(g *guest, frame byte, p []byte) {
	h.mu.Lock()
	program, proc := h.program, h.proc
	h.mu.Unlock()
	switch frame {
	case frameStdin:
		if program != nil && g.options.Stdin {
			_, _ = program.Write(p) // a program that has ended, or closed its input, takes no more
		}
	case frameEOF:
		if program != nil && g.options.Stdin {
			_ = program.Close()
		}
	case frameSize:
		if len(p) == 4 {
			h.mu.Lock()
			h.rows, h.cols = binary.LittleEndian.Uint16(p), binary.LittleEndian.Uint16(p[2:])
			h.mu.Unlock()
			h.resize()
		}
	case frameSignal:
		if len(p) == 1 && proc != nil {
			_ = proc.Signal(unix.Signal(p[0]))
		}
	}
}

// Ended is how a container ended, as those who wait or are attached are told.
type Ended struct {
	Status int    // as a shell would show it
	Reason string `json:",omitempty"`
	Error  string `json:",omitempty"` // what pocket or the host could not do
	Hint   string `json:",omitempty"`
	// Warnings are of the end: lost logs, what a seccomp profile that only tells has refused.
	Warnings []string `json:",omitempty"`
}

// Err is the error that it ended with, nil when pocket did all it should.
func (e Ended) Err() error { return reply{Error: e.Error, Hint: e.Hint, Status: e.Status}.err() }

// tell tells who waits for the end of a run, and with last who is attached.
func (m *monitor) tell(e Ended, last bool) {
	m.mu.Lock()
	m.last, m.over = e, last
	for _, c := range m.waiting {
		c <- e // each has room for one
	}
	m.waiting = nil
	m.mu.Unlock()
	if !last {
		return
	}
	text, err := json.Marshal(e)
	for _, g := range m.hub.all() {
		_ = g.conn.SetWriteDeadline(time.Now().Add(parting))
		if err == nil {
			err = g.send(frameExit, text)
		}
	}
}

// connections are the open ones, so that the end of the watch can end them.
type connections struct {
	mu   sync.Mutex
	open map[*os.File]bool
	over bool
}

func (c *connections) add(conn *os.File) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open == nil {
		c.open = map[*os.File]bool{}
	}
	c.open[conn] = true
	if c.over {
		_ = conn.SetReadDeadline(time.Now())
	}
}

func (c *connections) remove(conn *os.File) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.open[conn] {
		return errors.New("connection is closed")
	}
	delete(c.open, conn)
	return conn.Close()
}

// end ends all reading; replies that are on their way are still sent.
func (c *connections) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	for conn := range c.open {
		_ = conn.SetReadDeadline(time.Now())
	}
}
