package registry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// part is the file that a blob arrives in. It keeps its name when a pull ends early: the next one goes on
// there. The lock on it is held by whoever fetches that blob.
type part struct {
	*os.File
	want descriptor
	have int64
}

const partPrefix = "blob-"

// openPart takes the part file of a blob, waiting for another process that is fetching the same. The size
// is in the name too: a registry that lies about it must not shorten what another one sent.
func openPart(ctx context.Context, folder string, want descriptor) (*part, error) {
	path := partPath(folder, want)
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, err
		}
		if err := waitLock(ctx, f); err != nil {
			f.Close()
			return nil, err
		}
		// The other process may have removed the file: then what we hold has no name any more.
		held, err := f.Stat()
		if now, missing := os.Stat(path); err == nil && missing == nil && os.SameFile(held, now) {
			return &part{File: f, want: want, have: held.Size()}, nil
		}
		f.Close()
		if err != nil {
			return nil, err
		}
	}
}

func partPath(folder string, want descriptor) string {
	return filepath.Join(folder, fmt.Sprintf("%s%s-%d", partPrefix, strings.TrimPrefix(want.Digest, "sha256:"), want.Size))
}

func waitLock(ctx context.Context, f *os.File) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !tryLock(f) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

func tryLock(f *os.File) bool { return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil }

// restart empties the part.
func (p *part) restart() error {
	p.have = 0
	return p.Truncate(0)
}

// Write appends.
func (p *part) Write(b []byte) (int, error) {
	n, err := p.WriteAt(b, p.have)
	p.have += int64(n)
	return n, err
}

// verify compares the digest of what has arrived.
func (p *part) verify() (bool, error) {
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(p, 0, p.have)); err != nil {
		return false, err
	}
	return p.have == p.want.Size && "sha256:"+hex.EncodeToString(sum.Sum(nil)) == p.want.Digest, nil
}

// publish gives a complete part a second name, so that it can be used while others find it too.
func (p *part) publish(path string) error {
	err := os.Link(p.Name(), path)
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EOPNOTSUPP) { // a file system without hard links
		err = os.Rename(p.Name(), path)
	}
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	return err
}

// SweepAge is how long what an interrupted pull left is kept for the next.
const SweepAge = 7 * 24 * time.Hour

// Sweep removes from folder what pulls left there that were interrupted longer than age ago, and what
// no pull could go on with. What is in use stays.
func Sweep(folder string, age time.Duration) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	const grace = time.Minute // between making a folder and locking it
	var problems []error
	for _, e := range entries {
		path := filepath.Join(folder, e.Name())
		switch {
		case strings.HasPrefix(e.Name(), partPrefix):
			problems = append(problems, Discard(path, age))
		case strings.HasPrefix(e.Name(), layoutPrefix):
			problems = append(problems, Discard(path, grace))
		}
	}
	return errors.Join(problems...)
}

// Discard removes a file or folder that has not changed for age and that nobody holds a lock on (flock(2)).
// That there is none is no error.
func Discard(path string, age time.Duration) error {
	f, err := os.Open(path)
	if err != nil {
		return ignoreMissing(err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil || time.Since(st.ModTime()) < age || !tryLock(f) {
		return err
	}
	return os.RemoveAll(path)
}

func ignoreMissing(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
