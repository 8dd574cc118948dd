package watch

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestAChangeEndsAPause(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	w, err := Open(dir, filepath.Join(dir, "none"))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if w.file == nil {
		t.Skip("no inotify for this user")
	}
	for _, c := range []struct {
		name   string
		change func() error
	}{
		{"write", func() error { return os.WriteFile(file, []byte("x"), 0o600) }},
		{"rename", func() error { return os.Rename(file, file+"2") }},
		{"remove", func() error { return os.Remove(file + "2") }},
		{"make", func() error { return os.WriteFile(file, nil, 0o600) }},
	} {
		w.pause = time.Hour // only the change itself can end it
		if err := c.change(); err != nil {
			t.Fatal(err)
		}
		if err := w.Wait(t.Context()); err != nil || w.pause != shortest {
			t.Errorf("%s: %v, pause %s", c.name, err, w.pause)
		}
	}
}

func TestPausesGrowWhenNothingHappens(t *testing.T) {
	for name, w := range map[string]*Watch{"inotify": open(t), "blind": {pause: shortest}} {
		for range 3 {
			if err := w.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if w.pause != 8*shortest {
			t.Errorf("%s: pause %s after three times", name, w.pause)
		}
	}
}

func TestTheEndOfTheContextEndsAPause(t *testing.T) {
	why := errors.New("why")
	for name, w := range map[string]*Watch{"inotify": open(t), "blind": {}} {
		w.pause = time.Hour
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Millisecond, func() { cancel(why) })
		if err := w.Wait(ctx); err != why {
			t.Errorf("%s: %v", name, err)
		}
		if err := w.Wait(ctx); err != why {
			t.Errorf("%s, again: %v", name, err)
		}
	}
}

func open(t *testing.T) *Watch {
	t.Helper()
	w, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}
