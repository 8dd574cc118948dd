package image

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"pocket/runtime/hint"
)

// bundle is a packed image, or several: named files in a folder, or in a tar that is not unpacked.
type bundle struct {
	folder  *os.Root // or nil
	file    *os.File
	entries map[string]section
}

// section is where a file lies in the tar. A link has a target instead.
type section struct {
	at, size int64
	target   string
}

// member is one open file of a bundle.
type member struct {
	*io.SectionReader
	from *os.File
	at   int64 // where it begins in from
	own  bool  // from is closed with it
}

// Close ends the reading.
func (c *member) Close() error {
	if !c.own {
		return nil
	}
	return c.from.Close()
}

// openFolder opens a folder as a bundle. Its links lead nowhere outside.
func openFolder(dir string) (*bundle, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &bundle{folder: root}, nil
}

// maxEntries is far above the two or three that a layer has in an archive of layers.
const maxEntries = 20000

// openPacked opens an uncompressed tar as a bundle, by listing it. It belongs to the caller still.
func openPacked(ctx context.Context, f *os.File) (*bundle, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	b := &bundle{file: f, entries: map[string]section{}}
	for r := tar.NewReader(f); ctx.Err() == nil; {
		h, err := r.Next()
		if err == io.EOF {
			return b, nil
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) {
			return nil, tarError(err, len(b.entries))
		}
		at, err := f.Seek(0, io.SeekCurrent) // the reader of a tar reads no further than the header
		if err != nil {
			return nil, err
		}
		name := path.Clean(h.Name)
		switch h.Typeflag {
		case tar.TypeReg:
			b.entries[name] = section{at: at, size: h.Size}
		case tar.TypeSymlink:
			b.entries[name] = section{target: path.Join(path.Dir(name), h.Linkname)}
		case tar.TypeLink:
			b.entries[name] = section{target: path.Clean(h.Linkname)}
		}
		if len(b.entries) > maxEntries {
			return nil, hint.With(fmt.Errorf("the archive has more than %d entries", maxEntries),
				"for a root filesystem, not an image with layers, use: pocket-docker import FILE")
		}
	}
	return nil, ctx.Err()
}

func (b *bundle) close() {
	if b.folder != nil {
		b.folder.Close() // only read from
	}
}

// has tells if a file of that name is there.
func (b *bundle) has(name string) bool {
	if b.folder != nil {
		st, err := b.folder.Stat(name)
		return err == nil && st.Mode().IsRegular()
	}
	_, ok := b.entries[name]
	return ok
}

// open opens a file of the bundle.
func (b *bundle) open(name string) (*member, error) {
	if b.folder != nil {
		return b.openInFolder(name)
	}
	const hops = 8 // docker wrote a layer that came twice as a link
	for range hops {
		e, ok := b.entries[path.Clean(name)]
		if !ok {
			return nil, fmt.Errorf("%s is missing", quote(name))
		}
		if e.target == "" {
			return &member{io.NewSectionReader(b.file, e.at, e.size), b.file, e.at, false}, nil
		}
		name = e.target
	}
	return nil, fmt.Errorf("%s is a link without end", quote(name))
}

func (b *bundle) openInFolder(name string) (*member, error) {
	f, err := b.folder.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", quote(name), plain(err))
	}
	st, err := f.Stat()
	if err == nil && !st.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file", quote(name))
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return &member{io.NewSectionReader(f, 0, st.Size()), f, 0, true}, nil
}

// text reads a document of the bundle and, unless want is "", checks its digest.
func (b *bundle) text(name, want string) ([]byte, error) {
	c, err := b.open(name)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if c.Size() > maxDocument {
		return nil, fmt.Errorf("%s has %d bytes, more than a document of an image can need", quote(name), c.Size())
	}
	text, err := io.ReadAll(c)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", quote(name), plain(err))
	}
	if got := digestOfText(text); want != "" && got != want {
		return nil, fmt.Errorf("%s: its digest is %s, not %s: it was damaged or replaced", quote(name), got, want)
	}
	return text, nil
}

// blobName is where a layout keeps what has that digest (OCI Image Layout, "Blobs").
func blobName(digest string) string { return "blobs/" + strings.Replace(digest, ":", "/", 1) }
