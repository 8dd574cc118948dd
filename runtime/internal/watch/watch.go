// Package watch tells when files may have changed.
package watch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// The pauses between two looks: short after a change, since what follows from it is often under way,
// and longer each time that nothing was told. Changes are told of at once whatever the pause; it bounds
// only how late one is noticed that the kernel cannot tell of, as on a network file system.
const (
	shortest = time.Millisecond
	longest  = time.Second
	blind    = 100 * time.Millisecond // the longest without inotify
)

// Watch looks at files and folders. It is used by one goroutine.
type Watch struct {
	file  *os.File // nil where there is no inotify(7), or none left for this user
	pause time.Duration
	buf   [4096]byte
}

// Open begins to watch: of a folder what is written, closed, made, renamed and removed in it, of a file
// what is written to it and that it is closed. Paths that do not exist are left out.
func Open(paths ...string) (*Watch, error) {
	w := &Watch{pause: shortest}
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.ENFILE) {
		return w, nil
	}
	if err != nil {
		return nil, fmt.Errorf("watch files: %w", err)
	}
	w.file = os.NewFile(uintptr(fd), "inotify")
	const what = unix.IN_MODIFY | unix.IN_CLOSE_WRITE | unix.IN_CREATE | unix.IN_MOVE | unix.IN_DELETE |
		unix.IN_DELETE_SELF | unix.IN_MOVE_SELF
	for _, path := range paths {
		_, err := unix.InotifyAddWatch(fd, path, what)
		switch {
		case errors.Is(err, unix.ENOSPC): // fs.inotify.max_user_watches
			return &Watch{pause: shortest}, w.file.Close()
		case err != nil && !errors.Is(err, unix.ENOENT):
			return nil, errors.Join(fmt.Errorf("watch %s: %w", path, err), w.file.Close())
		}
	}
	return w, nil
}

// Wait returns when something may have changed since the last Wait, at the latest after a second, or as
// soon as ctx has ended, whose cause it returns.
func (w *Watch) Wait(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if w.file == nil {
		w.sleep(ctx)
		return context.Cause(ctx)
	}
	if err := w.file.SetReadDeadline(time.Now().Add(w.pause)); err != nil {
		return fmt.Errorf("watch files: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = w.file.SetReadDeadline(time.Unix(1, 0)) })
	_, err := w.file.Read(w.buf[:])
	stop()
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, os.ErrDeadlineExceeded):
		w.pause = min(2*w.pause, longest)
	case err != nil:
		return fmt.Errorf("watch files: %w", err)
	default:
		w.pause = shortest
	}
	return nil
}

func (w *Watch) sleep(ctx context.Context) {
	timer := time.NewTimer(w.pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	w.pause = min(2*w.pause, blind)
}

// Close ends the watch.
func (w *Watch) Close() error {
	if w.file == nil {
		return nil
	}
	return w.file.Close()
}
