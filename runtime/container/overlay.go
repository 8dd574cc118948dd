package container

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"pocket/runtime/image"
	"pocket/runtime/rootfs"
	"pocket/runtime/sandbox"
)

// copied is the folder of a container whose files are a copy of the image's, beside where others have their
// upper folder.
func (e *Engine) copied(id string) string { return filepath.Join(e.Folder(id), "layer", "rootfs") }

// root is the container's root: the image under what the container writes, or its own copy.
func (m *monitor) root() (rootfs.Plan, error) {
	if own := m.copied(m.record.ID); isThere(own) {
		return rootfs.Plan{Mounts: []rootfs.Mount{{Kind: rootfs.Bind, Source: own, Target: "/"}}}, nil
	}
	if err := gone(m.image); err != nil {
		return rootfs.Plan{}, err
	}
	layers, err := m.lower(m.image)
	if err != nil {
		return rootfs.Plan{}, err
	}
	p := rootfs.Image(layers, filepath.Join(m.layer(), "upper"), filepath.Join(m.layer(), "work"))
	if m.image.Kind == image.Directory {
		p.Mounts[0].Owners = true // its files are the user's, with the host's ids
	}
	return p, nil
}

func isThere(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// copyImage gives the container files of its own where no overlay can be mounted.
func (m *monitor) copyImage() error {
	overlays, err := m.overlays()
	if err != nil || overlays {
		return err
	}
	to := m.copied(m.record.ID)
	if err := os.Mkdir(to, 0o700); err != nil {
		return fmt.Errorf("make the container's folder: %w", err)
	}
	return m.Images.Copy(context.Background(), m.image, to)
}

// overlays tells if containers can have overlays here. What was found is kept beside the containers until
// another kernel runs: a trial takes some milliseconds.
func (e *Engine) overlays() (bool, error) {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return false, fmt.Errorf("uname: %w", err)
	}
	dir := filepath.Join(e.Dir, "containers")
	file := filepath.Join(dir, "overlay")
	const yes = "overlay\n"
	head := fmt.Sprintf("%d %s: ", os.Geteuid(), unix.ByteSliceToString(u.Release[:]))
	if text, err := os.ReadFile(file); err == nil {
		if known, ok := strings.CutPrefix(string(text), head); ok {
			return known == yes, nil
		}
	}
	found := yes
	if err := sandbox.TryOverlay(dir, e.IDs); err != nil {
		if !strings.Contains(err.Error(), "overlay") || passing(err) {
			return true, nil // something else is wrong, which the start will tell
		}
		found = "copy: " + strings.ReplaceAll(err.Error(), "\n", "; ") + "\n"
	}
	return found == yes, keepText(file, head+found)
}

// passing says whether an error is of a moment and says nothing of what the host can do.
func passing(err error) bool {
	return slices.ContainsFunc([]error{unix.ENOSPC, unix.EDQUOT, unix.EIO, unix.EMFILE, unix.ENFILE, unix.ENOMEM, unix.EINTR, unix.EAGAIN},
		func(errno error) bool { return errors.Is(err, errno) })
}

// keepText writes a small file by rename: another process may be doing the same.
func keepText(file, text string) error {
	f, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+"-")
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
