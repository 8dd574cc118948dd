package container

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pocket/runtime/internal/trial"
)

func openLog(t *testing.T, dir string) *Log {
	t.Helper()
	l, err := OpenLog(dir, LogOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// readAll returns what q chooses, by stream, with the newlines put back.
func readAll(t *testing.T, dir string, q Query) map[Stream]string {
	t.Helper()
	got := map[Stream]string{}
	err := ReadLog(dir, q, func(r Record) error {
		got[r.Stream] += string(r.Text)
		if r.Whole {
			got[r.Stream] += "\n"
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

var all = Query{Tail: -1}

func TestLogKeepsEveryByte(t *testing.T) {
	every := make([]byte, 0, 256)
	for i := range 256 {
		every = append(every, byte(i))
	}
	for name, text := range map[string]string{
		"line":        "hello\n",
		"no newline":  "prompt> ",
		"empty lines": "\n\n\n",
		"all bytes":   string(every) + "\n" + string(every),
		"exact limit": strings.Repeat("x", lineLimit) + "\n" + strings.Repeat("y", lineLimit),
		"long line":   strings.Repeat("long ", 20000) + "\nafter\n",
		"like a log":  "2026-01-02T15:04:05.000000000Z stdout F text\n",
	} {
		for _, piece := range []int{1, 7, 1 << 20} {
			dir := t.TempDir()
			l := openLog(t, dir)
			for rest := text; rest != ""; {
				n := min(piece, len(rest))
				l.Stdout().Write([]byte(rest[:n]))
				rest = rest[n:]
			}
			l.Stderr().Write([]byte("other\n"))
			l.Close()
			got := readAll(t, dir, all)
			if got[Stdout] != text || got[Stderr] != "other\n" {
				t.Errorf("%s in pieces of %d: got %.80q", name, piece, got[Stdout])
			}
		}
	}
}

func TestLogSplitsLongLines(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, dir)
	l.Stdout().Write([]byte(strings.Repeat("x", 3*lineLimit+5) + "\n"))
	l.Close()
	var sizes []string
	ReadLog(dir, all, func(r Record) error {
		sizes = append(sizes, fmt.Sprint(len(r.Text), r.Whole))
		return nil
	})
	want := fmt.Sprint([]string{"16384 false", "16384 false", "16384 false", "5 true"})
	if fmt.Sprint(sizes) != want {
		t.Errorf("records %v, want %v", sizes, want)
	}
}

func TestTail(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, dir)
	l.limit = 200 // so that the lines lie in several files
	long := strings.Repeat("z", lineLimit+1)
	l.Stdout().Write([]byte("a\nb\n"))
	l.Stderr().Write([]byte("c\n"))
	l.Stdout().Write([]byte(long + "\nend"))
	l.Close()
	for n, want := range map[int]string{0: "", 1: "end", 2: long + "\nend", 3: "c\n" + long + "\nend", 9: "b\nc\n" + long + "\nend"} {
		got := ""
		ReadLog(dir, Query{Tail: n}, func(r Record) error {
			got += string(r.Text)
			if r.Whole {
				got += "\n"
			}
			return nil
		})
		if n == 9 {
			got = got[strings.Index(got, "b"):]
		}
		if got != want {
			t.Errorf("tail %d: got %d bytes %.40q, want %d", n, len(got), got, len(want))
		}
	}
}

func TestLogRotates(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, dir)
	l.limit = 1000
	var text []byte
	for i := range 300 {
		text = fmt.Appendf(text, "line %d\n", i)
	}
	l.Stdout().Write(text) // at once, as a program that buffers writes
	l.Close()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != fileLimit {
		t.Errorf("%d files, want %d", len(entries), fileLimit)
	}
	for _, e := range entries {
		if info, _ := e.Info(); info.Size() > 1000 {
			t.Errorf("%s has %d bytes", e.Name(), info.Size())
		}
	}
	lines := strings.Split(strings.TrimSpace(readAll(t, dir, all)[Stdout]), "\n")
	for i, line := range lines {
		if want := fmt.Sprintf("line %d", 300-len(lines)+i); line != want {
			t.Fatalf("line %d is %q, want %q", i, line, want)
		}
	}
}

func TestRotationIsToldOf(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, dir)
	l.limit = 1000
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	now := func() time.Time { at = at.Add(time.Second); return at }
	l.now = now
	begin := at
	const lines = 300
	for i := range lines {
		if i == 10 {
			if got := readAll(t, dir, all)[Notice]; got != "" {
				t.Errorf("nothing is removed yet: %q", got)
			}
		}
		if i == 150 { // as another monitor of the container does
			l.Close()
			l = openLog(t, dir)
			l.limit, l.now = 1000, now
		}
		fmt.Fprintf(l.Stdout(), "line %d\n", i)
	}
	l.Close()
	kept := strings.Count(readAll(t, dir, all)[Stdout], "\n")
	notice := fmt.Sprintf("the first %d records were removed by rotation\n", lines-kept)
	for name, c := range map[string]struct {
		q    Query
		told bool
	}{
		"all":       {all, true},
		"last":      {Query{Tail: 1}, false},
		"none":      {Query{Tail: 0}, false},
		"all there": {Query{Tail: kept}, true},
		"more":      {Query{Tail: kept + 1}, true},
		"recent":    {Query{Tail: -1, Since: at.Add(-3 * time.Second)}, false},
		"since":     {Query{Tail: -1, Since: begin}, true},
		"until":     {Query{Tail: -1, Until: begin.Add(3 * time.Second)}, true},
	} {
		got := readAll(t, dir, c.q)
		if (got[Notice] == notice) != c.told || !c.told && got[Notice] != "" || got[before] != "" {
			t.Errorf("%s: notice %q, want %q: %t", name, got[Notice], notice, c.told)
		}
	}
}

func TestLogGoesOnAfterHalfARecord(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, dir)
	l.Stdout().Write([]byte("before\n"))
	l.Close()
	f, err := os.OpenFile(logPath(dir, 0), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString("2026-01-02T15:04")
	f.Close()
	if got := readAll(t, dir, all)[Stdout]; got != "before\n" {
		t.Errorf("with half a record at the end: %q", got)
	}
	l = openLog(t, dir)
	l.Stdout().Write([]byte("after\n"))
	l.Close()
	if got := readAll(t, dir, all)[Stdout]; got != "before\nafter\n" {
		t.Errorf("got %q", got)
	}
}

func TestFullDiskDropsAndCounts(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, dir)
	l.Stdout().Write([]byte("kept\n"))
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		trial.Lacks(t, "no /dev/full: %v", err)
	}
	good := l.file
	l.file = full
	if n, err := l.Stdout().Write([]byte("lost 1\nlost 2\n")); n != 14 || err != nil {
		t.Errorf("write returned %d, %v: it must not stop the program", n, err)
	}
	if n, cause := l.Dropped(); n != 2 || cause == nil {
		t.Errorf("dropped %d (%v), want 2 and a cause", n, cause)
	}
	full.Close()
	l.file = good
	l.Stdout().Write([]byte("again\n"))
	l.Close()
	got := readAll(t, dir, all)
	if got[Stdout] != "kept\nagain\n" || !strings.HasPrefix(got[Notice], "2 log records were dropped: ") {
		t.Errorf("got %q", got)
	}
}

func TestSinceUntil(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, dir)
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	l.now = func() time.Time { at = at.Add(time.Second); return at }
	for i := range 5 {
		fmt.Fprintf(l.Stdout(), "%d\n", i+1)
	}
	l.Close()
	q := Query{Tail: -1, Since: at.Add(-3 * time.Second), Until: at.Add(-time.Second)}
	if got := readAll(t, dir, q)[Stdout]; got != "2\n3\n4\n" {
		t.Errorf("got %q", got)
	}
}

func TestReadLogStops(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, dir)
	io.WriteString(l.Stdout(), "1\n2\n")
	l.Close()
	stop, n := errors.New("stop"), 0
	err := ReadLog(dir, all, func(Record) error { n++; return stop })
	if err != stop || n != 1 {
		t.Errorf("%d records, error %v", n, err)
	}
	if err := ReadLog(filepath.Join(dir, "none"), all, func(Record) error { return stop }); err != nil {
		t.Errorf("a container without a log: %v", err)
	}
}

func FuzzLog(f *testing.F) {
	f.Add([]byte("a\nb"), 3)
	f.Add(bytes.Repeat([]byte("ab"), lineLimit), 100)
	f.Fuzz(func(t *testing.T, text []byte, piece int) {
		dir := t.TempDir()
		l := openLog(t, dir)
		step := max(1, piece&0xffff, len(text)/64)
		for rest := text; len(rest) > 0; {
			n := min(step, len(rest))
			l.Stdout().Write(rest[:n])
			rest = rest[n:]
		}
		l.Close()
		if got := readAll(t, dir, all)[Stdout]; got != string(text) {
			t.Errorf("%d bytes became %d", len(text), len(got))
		}
	})
}

func FuzzParseRecord(f *testing.F) {
	f.Add([]byte("2026-01-02T15:04:05.000000000Z stdout F text"))
	f.Add([]byte("2026-01-02T15:04:05.000000000Z stderr P "))
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := parseRecord(line)
		if err != nil {
			return
		}
		again, err := parseRecord(bytes.TrimSuffix(r.append(nil), []byte("\n")))
		if err != nil || !again.Time.Equal(r.Time) || again.Stream != r.Stream || again.Whole != r.Whole || !bytes.Equal(again.Text, r.Text) {
			t.Errorf("%q became %+v, then %+v (%v)", line, r, again, err)
		}
	})
}
