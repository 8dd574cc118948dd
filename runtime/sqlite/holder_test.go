package sqlite

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	sqlite3 "modernc.org/sqlite/lib"
)

func TestParseLock(t *testing.T) {
	for line, want := range map[string]lock{
		"2: POSIX  ADVISORY  WRITE 512 08:01:131077 120 120\n":              {512, 131077, 120, 120},
		"13: POSIX  ADVISORY  WRITE 7 00:2d:99 1073741825 1073741825\n":     {7, 99, 1073741825, 1073741825},
		"3: POSIX  MANDATORY WRITE 1 fd:00:1 0 EOF":                         {1, 1, 0, ^uint64(0)},
		"2: POSIX  ADVISORY  READ 512 08:01:131077 123 123\n":               {},
		"2: -> POSIX  ADVISORY  WRITE 512 08:01:131077 120 120\n":           {},
		"4: OFDLCK ADVISORY  WRITE -1 00:2d:99 5 5\n":                       {},
		"5: FLOCK  ADVISORY  WRITE 12 00:2d:99 0 EOF\n":                     {},
		"2: POSIX  ADVISORY  WRITE 512 08:01:131077 120\n":                  {},
		"2: POSIX  ADVISORY  WRITE many 08:01:131077 120 120\n":             {},
		"2: POSIX  ADVISORY  WRITE 512 08:01:<none>:0 120 forever and ever": {},
		"": {},
	} {
		got, ok := parseLock(line)
		if ok != (want != lock{}) || ok && got != want {
			t.Errorf("%q: %+v, %t, want %+v", line, got, ok, want)
		}
	}
}

// TestHolderIsNamed has another program hold the lock, stops it, and wants both to be said.
func TestHolderIsNamed(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3")
	}
	path := filepath.Join(t.TempDir(), "test.db")
	db := open(t, path, history)
	if got := Holder(path); got != "" {
		t.Errorf("nobody holds it: %q", got)
	}
	other := exec.Command(python, "-c", `import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()`, path)
	in, _ := other.StdinPipe()
	out, err := other.StdoutPipe()
	if err == nil {
		err = other.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		other.Process.Signal(syscall.SIGCONT)
		in.Close()
		other.Wait()
	}()
	if _, err := fmt.Fscanln(out, new(string)); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("process %d (%s", other.Process.Pid, filepath.Base(strings.TrimSpace(comm(t, other.Process.Pid))))
	if got := Holder(path); got != want+")" {
		t.Errorf("%q, want %q", got, want+")")
	}
	if err := other.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	for !Stopped(other.Process.Pid) { // the signal is on its way
		if err := other.Process.Signal(syscall.Signal(0)); err != nil {
			t.Fatal(err)
		}
	}
	if got := Holder(path); got != want+", stopped)" {
		t.Errorf("%q, want %q", got, want+", stopped)")
	}
	told := make(chan struct{})
	db.OnWait(func() { close(told) })
	sqlite3.Xsqlite3_busy_timeout(db.conn.tls, db.conn.db, 3000) // the test need not wait for as long
	err = db.Write(insert("x"))
	if !errors.Is(err, ErrBusy) || !strings.Contains(err.Error(), want+", stopped)") {
		t.Errorf("%v", err)
	}
	<-told
}

func comm(t *testing.T, pid int) string {
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil {
		t.Fatal(err)
	}
	return string(name)
}
