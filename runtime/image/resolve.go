package image

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"pocket/runtime/hint"
)

// Resolve returns the image that ref means, the first of:
//
//   - "" or "host": the host's own programs
//   - a stored image's name, with or without its extension, or a unique beginning of its digest
//   - a folder
//   - an archive file, which is imported unless it is stored already
//
// An image that got its name only from being run from a file gives way to a file or folder of that name:
// after the file was changed, or in another folder, its name means the file that is there. The error for
// a name that means nothing holds ErrNotFound.
func (s *Store) Resolve(ctx context.Context, ref string, progress Progress) (Image, error) {
	if ref == "" || ref == hostName {
		return Image{Name: hostName, Kind: Host, Dir: "/"}, nil
	}
	named, err := s.find(ref)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Image{}, err
	}
	found := err == nil
	if found && (isURL(named.Source) || named.Name != cleanName(filepath.Base(named.Source))) {
		return named, nil
	}
	st, err := os.Stat(ref)
	switch {
	case err == nil && st.IsDir():
		return directory(ref)
	case err == nil:
		return s.fromFile(ctx, ref, progress)
	case found:
		return named, nil
	case !errors.Is(err, os.ErrNotExist) || isPath(ref):
		return Image{}, hint.With(fmt.Errorf("image %s: %w", quote(ref), plain(err)), "check the path")
	}
	return Image{}, notFound(ref)
}

// isPath tells what only a path can be: an image's name may have a slash in it.
func isPath(ref string) bool {
	return strings.HasPrefix(ref, "/") || strings.HasPrefix(ref, "./") || strings.HasPrefix(ref, "../") || strings.HasSuffix(ref, "/")
}

func isURL(source string) bool { return strings.Contains(source, "://") }

func directory(path string) (Image, error) {
	absolute, err := filepath.Abs(path)
	if err == nil {
		absolute, err = filepath.EvalSymlinks(absolute)
	}
	if err != nil {
		return Image{}, fmt.Errorf("image %s: %w", quote(path), plain(err))
	}
	return Image{Name: path, Kind: Directory, Dir: absolute, Layers: []string{absolute}, Source: absolute}, nil
}

func (s *Store) fromFile(ctx context.Context, path string, progress Progress) (Image, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return Image{}, err
	}
	f, err := openArchive(path)
	if err != nil {
		return Image{}, err
	}
	defer f.Close()
	digest, err := s.digestOf(ctx, f, progress)
	if err != nil {
		return Image{}, fmt.Errorf("read %s: %w", path, plain(err))
	}
	as := label{name: cleanName(filepath.Base(absolute)), source: absolute}
	return s.importArchive(ctx, f, as, digest, progress)
}
