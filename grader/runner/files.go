package runner

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"pocket/grader"
	"pocket/runtime/hint"
	"pocket/runtime/resource"
	"pocket/runtime/rootfs"
)

// stdin returns the input as a sealed file in memory. The host's own file is never handed in: by way of
// /proc/self/fd/0 a program of the same user could open it again, for writing.
func stdin(text grader.Text) (*os.File, error) {
	fd, err := unix.MemfdCreate("input", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, fmt.Errorf("make the input: %w", err)
	}
	file := os.NewFile(uintptr(fd), "input")
	if err := fill(file, text); err != nil {
		return nil, errors.Join(fmt.Errorf("make the input: %w", err), file.Close())
	}
	return file, nil
}

func fill(file *os.File, text grader.Text) error {
	source := io.Reader(strings.NewReader(text.Inline))
	if text.Path != "" {
		from, err := os.Open(text.Path)
		if err != nil {
			return err
		}
		defer from.Close()
		source = from
	}
	if _, err := io.Copy(file, source); err != nil {
		return err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err := unix.FcntlInt(file.Fd(), unix.F_ADD_SEALS, unix.F_SEAL_SEAL|unix.F_SEAL_WRITE|unix.F_SEAL_GROW|unix.F_SEAL_SHRINK)
	return err
}

func volume(v grader.Volume) (rootfs.Mount, error) {
	info, err := os.Stat(v.Host)
	if err != nil {
		return rootfs.Mount{}, err
	}
	return rootfs.Mount{Kind: rootfs.Bind, Source: v.Host, Target: v.Target, ReadOnly: true, File: !info.IsDir(), Owners: true}, nil
}

// environment puts the defaults before what the job sets; a later entry wins.
func environment(job []string) []string {
	env := []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/go/bin",
		"HOME=" + home, "USER=student", "LANG=C.UTF-8", "TMPDIR=/tmp",
	}
	position := map[string]int{}
	for i, e := range env {
		name, _, _ := strings.Cut(e, "=")
		position[name] = i
	}
	for _, e := range job {
		name, _, _ := strings.Cut(e, "=")
		if i, ok := position[name]; ok {
			env[i] = e
			continue
		}
		position[name] = len(env)
		env = append(env, e)
	}
	return env
}

// save copies the regular files below a folder that the program filled into a folder of the host. Links
// are not followed and nothing but regular files and folders is copied; more than limit bytes, which a
// sparse file could claim, is an error.
func save(from *os.File, to string, limit resource.Size) error {
	root, err := os.OpenRoot(fmt.Sprintf("/proc/self/fd/%d", from.Fd()))
	if err != nil {
		return fmt.Errorf("read what was compiled: %w", err)
	}
	defer root.Close()
	left := int64(limit)
	return fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("read what was compiled: %w", err)
		}
		switch {
		case strings.Count(name, "/") > 64:
			return fmt.Errorf("read what was compiled: %q lies too deep", name)
		case entry.IsDir():
			folder := filepath.Join(to, name)
			// Also under a umask of 077: when root grades, the sandbox's user is another one.
			return errors.Join(os.MkdirAll(folder, 0o755), os.Chmod(folder, 0o755))
		case entry.Type().IsRegular():
			n, err := saveFile(root, name, path.Join(to, name), left)
			left -= n
			return err
		}
		return nil
	})
}

func saveFile(root *os.Root, name, to string, limit int64) (int64, error) {
	source, err := root.OpenFile(name, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return 0, fmt.Errorf("read what was compiled: %w", err)
	}
	defer source.Close()
	info, err := source.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return 0, err
	}
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644|info.Mode().Perm()&0o111)
	if err != nil {
		return 0, fmt.Errorf("keep what was compiled: %w", err)
	}
	n, err := io.Copy(target, io.LimitReader(source, limit+1))
	if err = errors.Join(err, target.Chmod(0o644|info.Mode().Perm()&0o111), target.Close()); err != nil {
		return n, hint.With(fmt.Errorf("keep what was compiled: %w", err), "make room on the disk, or set TMPDIR")
	}
	if n > limit {
		return n, fmt.Errorf("keep what was compiled: more than the limit of files")
	}
	return n, nil
}
