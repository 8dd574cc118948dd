package container

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pocket/runtime/hint"
)

func TestControlSocket(t *testing.T) {
	// Longer than the address of a socket may be.
	dir := filepath.Join(t.TempDir(), strings.Repeat("long", 40))
	must(t, os.Mkdir(dir, 0o700))
	if _, err := dial(dir); !errors.Is(err, errNoMonitor) {
		t.Errorf("without a socket: %v", err)
	}
	socket, err := listen(dir)
	must(t, err)
	info, err := os.Stat(filepath.Join(dir, controlName))
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the socket's mode is %v", info.Mode())
	}
	served := make(chan error, 1)
	go func() {
		conn, err := accept(socket)
		if err != nil {
			served <- err
			return
		}
		defer conn.Close()
		var r request
		if err := get(conn, &r); err != nil {
			served <- err
			return
		}
		served <- put(conn, failure(hint.With(errors.New("it is "+r.Do), "be %d", r.Signal)))
	}()
	conn, err := dial(dir)
	must(t, err)
	must(t, put(conn, request{Do: "stop", Signal: 15}))
	var answer reply
	must(t, get(conn, &answer))
	if err := answer.err(); err == nil || err.Error() != "it is stop" || hint.Of(err) != "be 15" || Status(err) != 125 {
		t.Errorf("answer %+v", answer)
	}
	must(t, <-served)
	if err := get(conn, &answer); !errors.Is(err, errNoMonitor) {
		t.Errorf("after the monitor's end: %v", err)
	}
	must(t, conn.Close())
	must(t, socket.Close())
	if _, err := dial(dir); !errors.Is(err, errNoMonitor) {
		t.Errorf("after the socket's end: %v", err)
	}
	again, err := listen(dir) // over what a dead monitor left
	must(t, err)
	must(t, again.Close())
}

// An attached client gets the program's output in frames of whatever size, and what it sends arrives; one
// that is gone is forgotten.
func TestHub(t *testing.T) {
	ours, theirs, err := pair()
	must(t, err)
	var h hub
	g := &guest{conn: theirs, options: AttachOptions{Stdin: true, Stdout: true}}
	h.join(g)
	input := &closing{}
	h.connect(input, nil)
	left := make(chan struct{})
	go func() { h.attend(g); close(left) }()
	a := &Attachment{conn: ours}

	long := bytes.Repeat([]byte("0123456789"), 20000) // several frames
	go func() {
		_, _ = h.writer(frameStderr).Write([]byte("not asked for"))
		_, _ = h.writer(frameStdout).Write(long)
		m := monitor{}
		m.hub.join(g)
		m.tell(Ended{Status: 3, Reason: ReasonExited}, true)
	}()
	if _, err := a.Write([]byte("typed")); err != nil {
		t.Error(err)
	}
	must(t, a.CloseInput())
	must(t, a.Resize(7, 9))
	var out, errs bytes.Buffer
	ended, err := a.Copy(&out, &errs)
	if err != nil || ended.Status != 3 || !bytes.Equal(out.Bytes(), long) || errs.Len() != 0 {
		t.Errorf("ended %+v, %v; %d bytes of output, %q", ended, err, out.Len(), errs.String())
	}
	<-left
	rows, cols := h.size()
	if input.String() != "typed" || !input.closed || rows != 7 || cols != 9 {
		t.Errorf("the program got %q, its end %v, and the size %d×%d", input.String(), input.closed, rows, cols)
	}
	if len(h.all()) != 0 {
		t.Error("one who left is still a guest")
	}
	if n, err := h.writer(frameStdout).Write([]byte("to nobody")); n != 9 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}

type closing struct {
	bytes.Buffer
	closed bool
}

func (c *closing) Close() error { c.closed = true; return nil }
