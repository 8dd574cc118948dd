package container

import (
	"os"
	"testing"
	"time"
)

func TestParseProcess(t *testing.T) {
	boot := time.Unix(1000, 0)
	const line = "42 (a) b\n(c) S 7 42 42 34820 42 4194304 1 2 3 4 150 50 6 7 20 0 3 0 1000 2048000 25 18446744073709551615 1"
	p, err := parseProcess(42, []byte(line), boot)
	if err != nil {
		t.Fatal(err)
	}
	if p.PID != 42 || p.Parent != 7 || p.Name != "a) b\n(c" || p.State != "S" || p.TTY != "pts/4" || p.Threads != 3 ||
		p.CPU != 2*time.Second || !p.Started.Equal(boot.Add(10*time.Second)) || p.Virtual != 2048000 || int(p.Resident) != 25*os.Getpagesize() {
		t.Errorf("%+v", p)
	}
	for _, bad := range []string{"", "42", "42 (x", "42 (x)", "42 )x( S 1 2 3", "42 (x) S 1 2 3"} {
		if _, err := parseProcess(42, []byte(bad), boot); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
	p.addStatus("Name:\tx\nUid:\t1000\t1001\t1000\t1000\nNSpid:\t42\t2\nVmRSS:\n")
	if p.UID != 1001 || p.Inside != 2 {
		t.Errorf("%+v", p)
	}
}

func TestTerminalName(t *testing.T) {
	for device, want := range map[uint32]string{0: "?", 136 << 8: "pts/0", 136<<8 | 255: "pts/255", 137<<8 | 1: "pts/257", 4<<8 | 1: "4:1"} {
		if got := terminalName(device); got != want {
			t.Errorf("%d: %s, want %s", device, got, want)
		}
	}
}

func TestReadOurselves(t *testing.T) {
	boot, err := bootTime()
	if err != nil {
		t.Fatal(err)
	}
	p, err := readProcess(os.Getpid(), boot)
	if err != nil {
		t.Fatal(err)
	}
	if p.UID != os.Geteuid() || p.Parent != os.Getppid() || len(p.Args) != len(os.Args) || p.Args[0] != os.Args[0] {
		t.Errorf("%+v", p)
	}
	if age := time.Since(p.Started); age < -time.Second || age > time.Hour {
		t.Errorf("started %v ago", age)
	}
}

func TestParseTraffic(t *testing.T) {
	const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:  9999      10    0    0    0     0          0         0     9999      10    0    0    0     0       0          0
  eth0: 1000       10    0    0    0     0          0         0      200       2    0    0    0     0       0          0
  tap0:    1        1    0    0    0     0          0         0        2       1    0    0    0     0       0          0
 bad0: x
`
	if got := parseTraffic(text); got != (Traffic{1001, 202}) {
		t.Errorf("%+v", got)
	}
}
