package container

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"testing"
	"time"

	"pocket/runtime/state"
)

// followed is a container's folder with its monitor's lock held, and what a follower has read.
type followed struct {
	*Engine
	id   string
	lock *state.Lock
	log  *Log
	got  chan string
	done chan error
}

func newFollowed(t *testing.T, o LogOptions) *followed {
	t.Helper()
	f := &followed{Engine: &Engine{Dir: t.TempDir()}, id: state.NewID(), got: make(chan string, 1000), done: make(chan error, 1)}
	var err error
	if f.lock, err = state.AcquireLock(f.Dir, f.id); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(f.Folder(f.id), 0o700); err != nil {
		t.Fatal(err)
	}
	if f.log, err = OpenLog(f.Folder(f.id), o); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *followed) follow(ctx context.Context, q Query, idle func() error) {
	f.done <- f.FollowLog(ctx, f.id, q, func(r Record) error {
		f.got <- fmt.Sprintf("%s %s", r.Stream, r.Text)
		return nil
	}, idle)
}

func (f *followed) end(t *testing.T) {
	t.Helper()
	if err := errors.Join(f.log.Close(), f.lock.Release()); err != nil {
		t.Fatal(err)
	}
}

func nothing() error { return nil }

func TestFollowAcrossRotations(t *testing.T) {
	for _, files := range []int{1, 2, 3} {
		f := newFollowed(t, LogOptions{Size: 200, Files: files})
		fmt.Fprintln(f.log.Stdout(), "line 0")
		go f.follow(t.Context(), all, nothing)
		const lines = 200
		for i := range lines {
			if got, want := <-f.got, fmt.Sprintf("stdout line %d", i); got != want {
				t.Fatalf("%d files: got %q, want %q", files, got, want)
			}
			if i < lines-1 {
				fmt.Fprintf(f.log.Stdout(), "line %d\n", i+1)
			}
		}
		io.WriteString(f.log.Stderr(), "unfinished")
		f.end(t)
		if got := <-f.got; got != "stderr unfinished" {
			t.Errorf("%d files: at the end got %q", files, got)
		}
		if err := <-f.done; err != nil {
			t.Errorf("%d files: %v", files, err)
		}
	}
}

func TestFollowTellsWhatRotationTook(t *testing.T) {
	f := newFollowed(t, LogOptions{Size: 200, Files: 2})
	fmt.Fprintln(f.log.Stdout(), "line 0")
	const lines = 100
	first := true
	go f.follow(t.Context(), all, func() error {
		if !first {
			return nil
		}
		first = false
		for i := 1; i < lines; i++ { // the follower stands still meanwhile
			fmt.Fprintf(f.log.Stdout(), "line %d\n", i)
		}
		return errors.Join(f.log.Close(), f.lock.Release())
	})
	if err := <-f.done; err != nil {
		t.Fatal(err)
	}
	close(f.got)
	var n, lost int
	for text := range f.got {
		if _, err := fmt.Sscanf(text, "notice %d records were removed by rotation before they could be read", &lost); err == nil {
			continue
		}
		if want := fmt.Sprintf("stdout line %d", n+lost); text != want {
			t.Fatalf("got %q, want %q", text, want)
		}
		n++
	}
	if lost == 0 || n+lost != lines {
		t.Errorf("%d lines and %d lost of %d", n, lost, lines)
	}
}

func TestFollowTail(t *testing.T) {
	f := newFollowed(t, LogOptions{})
	io.WriteString(f.log.Stdout(), "old\nmiddle\n")
	go f.follow(t.Context(), Query{Tail: 1}, nothing)
	if got := <-f.got; got != "stdout middle" {
		t.Errorf("got %q", got)
	}
	io.WriteString(f.log.Stdout(), "new\n")
	if got := <-f.got; got != "stdout new" {
		t.Errorf("got %q", got)
	}
	f.end(t)
	if err := <-f.done; err != nil {
		t.Error(err)
	}
}

func TestFollowFromNothing(t *testing.T) {
	f := newFollowed(t, LogOptions{})
	if err := os.Remove(logPath(f.Folder(f.id), 0)); err != nil {
		t.Fatal(err)
	}
	caught := make(chan bool, 1)
	go f.follow(t.Context(), Query{Tail: 0}, func() error {
		select {
		case caught <- true:
		default:
		}
		return nil
	})
	<-caught
	log := openLog(t, f.Folder(f.id))
	io.WriteString(log.Stdout(), "first\n")
	if got := <-f.got; got != "stdout first" {
		t.Errorf("got %q", got)
	}
	log.Close()
	f.end(t)
	<-f.done
}

func TestFollowEndsWhenItIsTold(t *testing.T) {
	f := newFollowed(t, LogOptions{})
	defer f.end(t)
	why := errors.New("why")
	ctx, cancel := context.WithCancelCause(t.Context())
	go f.follow(ctx, all, func() error { cancel(why); return nil })
	if err := <-f.done; err != why {
		t.Errorf("got %v", err)
	}
	go f.follow(t.Context(), Query{Tail: -1, Until: time.Now().Add(-time.Hour)}, nothing)
	if err := <-f.done; err != nil {
		t.Errorf("until an hour ago: %v", err)
	}
	go f.follow(t.Context(), all, func() error { return why })
	if err := <-f.done; err != why {
		t.Errorf("got %v", err)
	}
}

func TestLogOptions(t *testing.T) {
	for _, c := range []struct {
		o    LogOptions
		good bool
	}{
		{LogOptions{}, true},
		{LogOptions{Driver: "json-file", Size: 1, Files: 1}, true},
		{LogOptions{Driver: "local", Size: -1, Files: mostFiles}, true},
		{LogOptions{Driver: NoLog}, true},
		{LogOptions{Driver: NoLog, Size: 1}, false},
		{LogOptions{Driver: "syslog"}, false},
		{LogOptions{Files: mostFiles + 1}, false},
		{LogOptions{Files: -1}, false},
	} {
		if err := c.o.check(); (err == nil) != c.good {
			t.Errorf("%+v: %v", c.o, err)
		}
	}
	dir := t.TempDir()
	l, err := OpenLog(dir, LogOptions{Driver: NoLog})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(l.Stdout(), "gone")
	l.Close()
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Errorf("the driver none left %v", entries)
	}
}

func TestAnUnboundedLogIsNotRotated(t *testing.T) {
	dir := t.TempDir()
	l, err := OpenLog(dir, LogOptions{Size: -1})
	if err != nil {
		t.Fatal(err)
	}
	text := make([]byte, sizeLimit)
	for range 2 {
		l.Stdout().Write(text)
	}
	l.Close()
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("%d files", len(entries))
	}
}
