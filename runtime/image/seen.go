package image

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	files "pocket/runtime/tree"
)

// identity is everything that changes when a file's content does. The change time is what a program
// cannot set back (inode(7), "Timestamps").
type identity struct {
	dev, ino, size, mtime, ctime int64
	changed                      time.Time
}

func identify(f *os.File) (identity, error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return identity{}, fmt.Errorf("stat %s: %w", f.Name(), err)
	}
	changed := time.Unix(st.Ctim.Unix())
	return identity{
		dev: int64(st.Dev), ino: int64(st.Ino), size: st.Size,
		mtime: st.Mtim.Nano(), ctime: st.Ctim.Nano(), changed: changed,
	}, nil
}

func (i identity) file(dir string) string {
	return filepath.Join(dir, "seen", fmt.Sprintf("%x-%x", uint64(i.dev), uint64(i.ino)))
}

func (i identity) text(digest string) string {
	return fmt.Sprintf("%d %d %d %s\n", i.size, i.mtime, i.ctime, digest)
}

// clockGrain is longer than any file system's tick: a file changed less than this ago may change again
// without its times showing it.
const clockGrain = 2 * time.Second

// digestOf returns the digest of an archive file, without reading it when it is as it was seen before.
func (s *Store) digestOf(ctx context.Context, f *os.File, progress Progress) (string, error) {
	before, err := identify(f)
	if err != nil {
		return "", err
	}
	if known, err := os.ReadFile(before.file(s.dir)); err == nil {
		var digest string
		var size, mtime, ctime int64
		_, err := fmt.Sscan(string(known), &size, &mtime, &ctime, &digest)
		if err == nil && before.text(digest) == string(known) && len(digest) == len(digestPrefix)+64 {
			return digest, nil
		}
	}
	start := s.now()
	digest, err := readDigest(ctx, f, progress)
	if err != nil {
		return "", err
	}
	after, err := identify(f)
	if err != nil {
		return "", err
	}
	if after == before && start.Sub(before.changed) >= clockGrain {
		return digest, s.remember(after, digest)
	}
	return digest, nil
}

func readDigest(ctx context.Context, f *os.File, progress Progress) (string, error) {
	from, err := newSource(ctx, f, StageRead, progress)
	if err != nil {
		return "", err
	}
	buf := make([]byte, files.BlockSize)
	for err == nil {
		_, err = from.Read(buf)
	}
	if err != io.EOF {
		return "", err
	}
	return from.digest(), nil
}

// remember records a file's digest, by rename: another process may be reading or doing the same.
func (s *Store) remember(i identity, digest string) error {
	if err := s.folders(); err != nil {
		return err
	}
	f, err := os.CreateTemp(s.tmp(), "seen-*")
	if err != nil {
		return err
	}
	_, err = f.WriteString(i.text(digest))
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), i.file(s.dir))
	}
	if err != nil {
		os.Remove(f.Name()) // the error that counts is the one before
		return fmt.Errorf("remember digest of an archive: %w", err)
	}
	return nil
}
