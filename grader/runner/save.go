package runner

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"pocket/grader"
	"pocket/runtime/failpoint"
	"pocket/runtime/hint"
	"pocket/runtime/resource"
)

// The most that is kept of what a compiler left, beside the limit on files.
const (
	mostEntries = 100_000 // files and folders
	mostDepth   = 64      // folders in one another
)

// refusal is why something is not kept when that is the doing of the program that left it.
type refusal string

func (r refusal) Error() string { return string(r) }

// keeper copies what a program left.
type keeper struct {
	from    *os.Root
	to      string
	limit   resource.Size
	left    int64  // bytes
	who     string // the program, for people
	entries int
}

// save copies the regular files below a folder that the program filled into a folder of the host. Links
// are not followed and nothing but regular files and folders is copied. What a program must not leave is a
// refusal: more than limit bytes, which a sparse file could claim, or folders too deep.
func save(from *os.File, to string, limit resource.Size, who string) error {
	if err := failpoint.At("runner.save"); err != nil {
		return fmt.Errorf("read what %s left: %w", who, err)
	}
	root, err := os.OpenRoot(fmt.Sprintf("/proc/self/fd/%d", from.Fd()))
	if err != nil {
		return fmt.Errorf("read what %s left: %w", who, err)
	}
	defer root.Close()
	k := &keeper{from: root, to: to, limit: limit, left: int64(limit), who: who}
	size := claimed(root)
	if size > limit {
		return k.tooLarge()
	}
	if err := room(size, to, who); err != nil {
		return err
	}
	return fs.WalkDir(root.FS(), ".", k.keep)
}

func (k *keeper) keep(name string, entry fs.DirEntry, err error) error {
	if err != nil {
		return k.unread(err)
	}
	k.entries++
	target := filepath.Join(k.to, name)
	switch {
	case strings.Count(name, "/") > mostDepth || len(target) >= unix.PathMax:
		return k.refuse("files too deep: more than %d folders in one another, or too long names", mostDepth)
	case k.entries > mostEntries:
		return k.refuse("more than %d files", mostEntries)
	case entry.IsDir():
		// Also under a umask of 077: when root grades, the sandbox's user is another one.
		return unwritten(errors.Join(os.MkdirAll(target, 0o755), os.Chmod(target, 0o755)))
	case entry.Type().IsRegular():
		return k.file(name, target)
	}
	return nil
}

func (k *keeper) refuse(format string, args ...any) error {
	return refusal(k.who + " left " + fmt.Sprintf(format, args...))
}

func (k *keeper) tooLarge() error { return k.refuse("more than %s of files", k.limit.Human()) }

// unread says that something could not be read: what the program made unreadable is its doing.
func (k *keeper) unread(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return k.refuse("files that cannot be read")
	}
	return fmt.Errorf("read what %s left: %w", k.who, err)
}

// unwritten says that a copy could not be made.
func unwritten(err error) error {
	if err == nil {
		return nil
	}
	err = fmt.Errorf("keep what was compiled: %w", err)
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
		err = fmt.Errorf("%w in %s: %w", grader.ErrFull, os.TempDir(), err)
	}
	return hint.With(err, "make room there, or set TMPDIR to another folder; the same command goes on with what is left")
}

func (k *keeper) file(name, to string) error {
	source, err := k.from.OpenFile(name, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return k.unread(err)
	}
	defer source.Close()
	info, err := source.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return err
	}
	if info.Size() > k.left {
		return k.tooLarge()
	}
	mode := 0o644 | info.Mode().Perm()&0o111
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return unwritten(err)
	}
	// Every process that could make the file grow is dead.
	n, err := io.Copy(target, io.LimitReader(source, k.left))
	k.left -= n
	return unwritten(errors.Join(err, target.Chmod(mode), target.Close()))
}

// collected is how much of each file that a job names is read.
const collected = 64 << 10

// collect reads the beginning of the regular files with these names below a folder that a program filled.
// What is not there, or no such file, was not written.
func collect(from *os.File, names []string) map[string][]byte {
	files := map[string][]byte{}
	root, err := os.OpenRoot(fmt.Sprintf("/proc/self/fd/%d", from.Fd()))
	if err != nil {
		return files
	}
	defer root.Close()
	for _, name := range names {
		if text, err := beginning(root, name); err == nil {
			files[name] = text
		}
	}
	return files
}

func beginning(root *os.Root, name string) ([]byte, error) {
	// A fifo must not be waited for, and a link leads to what somebody else wrote.
	f, err := root.OpenFile(name, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(err, fs.ErrInvalid)
	}
	return io.ReadAll(io.LimitReader(f, collected))
}
