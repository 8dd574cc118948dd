package container

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

// lastLines is what the last n lines of a log are, found the slow way: by the ends of all its lines.
func lastLines(t *testing.T, dir string, n int) string {
	t.Helper()
	type line struct{ parts []string }
	var whole []line
	building := map[Stream]*line{}
	number := 0
	var streams []Stream
	readErr := ReadLog(dir, all, func(r Record) error {
		if r.Stream == Notice {
			return nil
		}
		if building[r.Stream] == nil {
			building[r.Stream] = &line{}
			streams = append(streams, r.Stream)
		}
		l := building[r.Stream]
		l.parts = append(l.parts, fmt.Sprintf("%09d %s %t %s", number, r.Stream, r.Whole, r.Text))
		number++
		if r.Whole {
			whole = append(whole, *l)
			*l = line{}
		}
		return nil
	})
	if readErr != nil {
		t.Fatal(readErr)
	}
	var open []line
	for _, s := range streams {
		if len(building[s].parts) > 0 {
			open = append(open, *building[s])
		}
	}
	if len(open) == 2 && open[0].parts[len(open[0].parts)-1] > open[1].parts[len(open[1].parts)-1] {
		open[0], open[1] = open[1], open[0]
	}
	// A line without an end counts where its last part lies.
	lines := whole
	for _, o := range open {
		at := len(lines)
		for at > 0 && lines[at-1].parts[len(lines[at-1].parts)-1] > o.parts[len(o.parts)-1] {
			at--
		}
		lines = append(lines[:at:at], append([]line{o}, lines[at:]...)...)
	}
	var parts []string
	for _, l := range lines[max(0, len(lines)-n):] {
		parts = append(parts, l.parts...)
	}
	return sorted(parts)
}

func sorted(parts []string) string {
	for i := range parts {
		for j := i; j > 0 && parts[j] < parts[j-1]; j-- {
			parts[j], parts[j-1] = parts[j-1], parts[j]
		}
	}
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(p[10:] + "\n")
	}
	return b.String()
}

func readTail(t *testing.T, dir string, n int) string {
	t.Helper()
	var b strings.Builder
	err := ReadLog(dir, Query{Tail: n}, func(r Record) error {
		if r.Stream != Notice {
			fmt.Fprintf(&b, "%s %t %s\n", r.Stream, r.Whole, r.Text)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// FuzzTail has each byte of plan written as a piece of a line of one of the streams.
func FuzzTail(f *testing.F) {
	f.Add([]byte("abcABCxyzXYZ"), 2)
	f.Add([]byte("LaLaLaLeL"), 3)
	f.Add([]byte("zzzzZZZZ"), 1)
	f.Add([]byte("\x00\x80zL"), 4)
	f.Fuzz(func(t *testing.T, plan []byte, n int) {
		n = max(0, n%8)
		dir := t.TempDir()
		l := openLog(t, dir)
		l.limit = 3 * lineLimit // so that lines lie in several files
		for i, b := range plan[:min(len(plan), 60)] {
			to := []io.Writer{l.Stdout(), l.Stderr()}[b>>7]
			text := fmt.Sprint(i)
			if b%4 == 0 {
				text = strings.Repeat("x", lineLimit-len(text)+int(b)) + text
			}
			if b%3 > 0 {
				text += "\n"
			}
			io.WriteString(to, text)
		}
		l.Close()
		if got, want := readTail(t, dir, n), lastLines(t, dir, n); got != want {
			t.Errorf("tail %d: got %d bytes %.300q\nwant %d bytes %.300q", n, len(got), got, len(want), want)
		}
	})
}

func TestTailReadsFromTheEnd(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, dir)
	const lines = 100000
	for i := range lines {
		fmt.Fprintln(l.Stdout(), i)
	}
	l.Close()
	files, err := openLogs(dir)
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	defer closeAll(files)
	counted := &counter{ReaderAt: files[0].File}
	files[0].ReaderAt = counted
	found, err := findTail(files, Query{}, 10)
	if err != nil {
		t.Fatal(err)
	}
	want := ""
	for i := lines - 10; i < lines; i++ {
		want += fmt.Sprintln(i)
	}
	got := ""
	if _, err := files[0].records(found.offset, time.Time{}, func(r Record) error { got += string(r.Text) + "\n"; return nil }); err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("got %q", got)
	}
	if limit := int64(4 * reverseBlock); counted.n > limit {
		t.Errorf("%d bytes of %d were read, at most %d are needed", counted.n, files[0].size, limit)
	}
}

type counter struct {
	io.ReaderAt
	n int64
}

func (c *counter) ReadAt(b []byte, at int64) (int, error) {
	c.n += int64(len(b))
	return c.ReaderAt.ReadAt(b, at)
}

func TestTailPassesOverWhatIsNoRecord(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, dir)
	io.WriteString(l.Stdout(), "one\n")
	l.Close()
	f, err := os.OpenFile(logPath(dir, 0), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString(strings.Repeat("garbage", 50000) + "\n\n\nhalf")
	f.Close()
	l = openLog(t, dir)
	io.WriteString(l.Stdout(), "two\n")
	l.Close()
	for n, want := range map[int]string{1: "stdout true two\n", 2: "stdout true one\nstdout true two\n", 0: ""} {
		if got := readTail(t, dir, n); got != want {
			t.Errorf("tail %d: %.200q", n, got)
		}
	}
}
