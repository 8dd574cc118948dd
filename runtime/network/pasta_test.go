package network

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"pocket/runtime/boot"
	"pocket/runtime/idmap"
	"pocket/runtime/internal/trial"
)

// connect makes a namespace with a published port, or skips where there is no pasta.
func connect(t *testing.T, ports []Port) (*Connection, error) {
	t.Helper()
	_, err := Program()
	var user *os.File
	if err == nil {
		user, err = boot.UserNS(idmap.Default())
	}
	if err != nil {
		trial.Lacks(t, "%v", err)
	}
	defer user.Close()
	return Mode{Kind: Pasta}.Connect(context.Background(), user, idmap.Default(), ports)
}

func TestPastaListensAndEnds(t *testing.T) {
	ports, err := Claim([]Port{{Container: 80, Protocol: "tcp"}})
	if err != nil {
		t.Fatal(err)
	}
	c, err := connect(t, ports)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Claim(ports); !errors.Is(err, unix.EADDRINUSE) {
		t.Errorf("nobody listens at %v: %v", ports, err)
	}
	pid := c.program.Pid
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if err := unix.Kill(pid, 0); !errors.Is(err, unix.ESRCH) {
		t.Errorf("pasta is left: %v", err)
	}
	if _, err := Claim(ports); err != nil {
		t.Errorf("the port is still taken: %v", err)
	}
}

func TestPastaThatDiesIsTold(t *testing.T) {
	c, err := connect(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.program.Kill(); err != nil {
		t.Fatal(err)
	}
	<-c.ended
	if err := c.Close(); err == nil || !strings.Contains(err.Error(), "ended before the container") {
		t.Errorf("%v", err)
	}
}

func TestPastaThatCannotBeginIsExplained(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	c, err := connect(t, []Port{{Address: netip.MustParseAddr("127.0.0.1"), Host: uint16(port), Container: 80, Protocol: "tcp"}})
	if err == nil {
		t.Fatal(c.Close())
	}
	if !strings.Contains(err.Error(), "pasta: ") || strings.Contains(err.Error(), "said nothing") {
		t.Errorf("%v", err)
	}
}

func TestOnlyTheLastOfWhatWasSaidIsKept(t *testing.T) {
	s := &said{}
	w, err := s.listen()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, strings.Repeat("long ago\n", saidLimit)+"Failed to send 3 bytes to syslog\nat last\n"); err != nil {
		t.Fatal(err)
	}
	w.Close()
	s.end()
	if got := s.String(); len(got) > 2*saidLimit || !strings.HasSuffix(got, "; at last") {
		t.Errorf("%d bytes, …%s", len(got), got[max(0, len(got)-40):])
	}
}
