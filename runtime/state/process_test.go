package state

import (
	"errors"
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

func TestProcessIdentity(t *testing.T) {
	self, err := Self()
	if err != nil {
		t.Fatal(err)
	}
	if !self.Alive() {
		t.Errorf("this process is not alive: %+v", self)
	}
	for name, other := range map[string]Process{
		"start": {self.PID, self.Start + 1, self.Boot},
		"boot":  {self.PID, self.Start, "another boot"},
		"zero":  {},
	} {
		if other.Alive() {
			t.Errorf("%s: alive: %+v", name, other)
		}
	}
	if _, err := Identify(1 << 30); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a PID beyond all: %v", err)
	}
}

func TestZombieIsNotAlive(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "-test.run=^$")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := unix.Waitid(unix.P_PID, cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil); err != nil {
		t.Fatal(err)
	}
	p, err := Identify(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	if p.Alive() {
		t.Error("a zombie counts as alive")
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

func TestParseStat(t *testing.T) {
	const tail = " 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4242 20\n"
	for stat, want := range map[string]uint64{
		"7 (sh) S" + tail:              4242,
		"7 (a) Z 9 (b c\n) ) S" + tail: 4242,
		"7 () R" + tail:                4242,
		"":                             0,
		"7 (sh":                        0,
		"7 (sh) S 1 2 3":               0,
		"7 (sh) SS" + tail:             0,
		"7 (sh) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 -1 20": 0,
	} {
		start, state, err := parseStat([]byte(stat))
		if start != want || (err == nil) != (want != 0) {
			t.Errorf("%q: %d %c, %v; want %d", stat, start, state, err, want)
		}
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add([]byte("7 (sh) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4242 20\n"))
	f.Add([]byte(")"))
	f.Fuzz(func(t *testing.T, stat []byte) {
		if start, state, err := parseStat(stat); err != nil && (start != 0 || state != 0) {
			t.Errorf("%q: %d %c beside an error", stat, start, state)
		}
	})
}
