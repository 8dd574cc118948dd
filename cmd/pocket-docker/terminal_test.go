package main

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// openTerminal makes a terminal: the outer end, and the end for a program.
func openTerminal(t *testing.T) (outer, inner *os.File) {
	t.Helper()
	outer, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no terminals here: ", err)
	}
	fd := int(outer.Fd())
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		inner, err = os.OpenFile("/dev/pts/"+strconv.Itoa(number), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		t.Skip("no terminals here: ", err)
	}
	t.Cleanup(func() { outer.Close(); inner.Close() })
	return outer, inner
}

func TestMakeRaw(t *testing.T) {
	_, inner := openTerminal(t)
	before, err := unix.IoctlGetTermios(int(inner.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	restore, err := makeRaw(inner)
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := unix.IoctlGetTermios(int(inner.Fd()), unix.TCGETS)
	if raw.Lflag&(unix.ECHO|unix.ICANON|unix.ISIG) != 0 || raw.Oflag&unix.OPOST != 0 {
		t.Errorf("not raw: %+v", raw)
	}
	restore()
	if after, _ := unix.IoctlGetTermios(int(inner.Fd()), unix.TCGETS); *after != *before {
		t.Errorf("restored to %+v, was %+v", after, before)
	}
}

// A program at a terminal of its own: it sees a terminal that gets our size, reads what is typed, and
// what it writes comes back.
func TestRunAtATerminal(t *testing.T) {
	if err := canMakeNamespaces(); err != nil {
		if os.Getenv("POCKET_TEST_REQUIRE") != "" {
			t.Fatal("no namespaces here: ", err)
		}
		t.Skip("no namespaces here: ", err)
	}
	t.Setenv("POCKET_ROOT", t.TempDir())
	outer, inner := openTerminal(t)
	size := &unix.Winsize{Row: 33, Col: 77}
	if err := unix.IoctlSetWinsize(int(outer.Fd()), unix.TIOCSWINSZ, size); err != nil {
		t.Fatal(err)
	}
	seen := make(chan string)
	go func() { // ends when inner is closed
		var text bytes.Buffer
		b := make([]byte, 4096)
		for {
			n, err := outer.Read(b)
			text.Write(b[:n])
			if strings.Contains(text.String(), "name?") && !strings.Contains(text.String(), "hello") {
				outer.WriteString("world\r")
			}
			if err != nil || strings.Contains(text.String(), "the end") {
				seen <- text.String()
				return
			}
		}
	}()
	status := run([]string{"run", "--rm", "-it", "host", "sh", "-c",
		`test -t 0 && until stty size | grep "33 77"; do :; done && echo "name?" && read name && echo "hello $name" $TERM; exit 4`}, inner, inner, inner)
	inner.WriteString("the end")
	text := <-seen
	for _, want := range []string{"33 77\r\n", "hello world xterm\r\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("the terminal shows %q, without %q", text, want)
		}
	}
	if status != 4 {
		t.Errorf("exit status %d, want 4; the terminal shows %q", status, text)
	}
}
