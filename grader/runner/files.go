package runner

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"pocket/grader"
	"pocket/runtime/failpoint"
	"pocket/runtime/rootfs"
)

// stdin returns the input as a sealed file in memory. The host's own file is never handed in: by way of
// /proc/self/fd/0 a program of the same user could open it again, for writing.
func stdin(text grader.Text) (*os.File, error) {
	if err := failpoint.At("runner.input"); err != nil {
		return nil, fmt.Errorf("make the input: %w", err)
	}
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
