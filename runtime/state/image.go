package state

import (
	"fmt"
	"strings"
	"time"

	"pocket/runtime/hint"
	"pocket/runtime/resource"
	"pocket/runtime/sqlite"
)

// Image is the record of a stored root filesystem. Several names may have one digest.
type Image struct {
	Name    string
	Digest  string        // "sha256:" and 64 hexadecimal digits
	Kind    string        // how it is stored, in the image store's words
	Size    resource.Size // bytes on disk
	Source  string        // where it came from: a URL or a path
	Created time.Time     // when it was stored, UTC
	Pin     string        // the sha256 that the user demanded of the source; "" for none
	// Manifest is the digest of the manifest that it was fetched by from a registry; "" for none.
	Manifest string
}

// AddImage records an image; the record of another image of the same name is replaced. Created, where
// zero, is now.
func (db *DB) AddImage(i Image) error {
	if i.Created.IsZero() {
		i.Created = time.Now()
	}
	err := db.db.Write(func(tx *sqlite.Tx) error {
		_, err := tx.Exec("INSERT OR REPLACE INTO images (name, digest, kind, size, source, created, pin, manifest) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
			i.Name, i.Digest, i.Kind, int64(i.Size), i.Source, i.Created, i.Pin, i.Manifest)
		return err
	})
	if err != nil {
		return fmt.Errorf("record image %q: %w", i.Name, err)
	}
	return nil
}

// Image finds an image by, in this order: its name; its name without the tag latest; its name without an archive's extension (.tar,
// .tar.gz, .tgz, …) on either side; its digest; the beginning of its digest, with "sha256:" or, from 6
// digits on, without; NAME@DIGEST with its manifest's digest. The error wraps ErrNotFound, or ErrAmbiguous when images of different digests fit.
func (db *DB) Image(ref string) (Image, error) {
	list, err := db.Images()
	if err == nil {
		for _, matches := range []func(Image) bool{
			func(i Image) bool { return i.Name == ref },
			func(i Image) bool { return i.Name == ref+":latest" },
			func(i Image) bool { return trimArchive(i.Name) == ref },
			func(i Image) bool { return i.Name == trimArchive(ref) },
			func(i Image) bool { return hasDigest(i.Digest, ref) },
			func(i Image) bool { return i.pulledAs(ref) },
		} {
			if found := keep(list, matches); len(found) > 0 {
				return only(ref, found)
			}
		}
		err = hint.With(ErrNotFound, "list the images with: pocket-docker images, or fetch one with: pocket-docker pull URL")
	}
	return Image{}, fmt.Errorf("image %q: %w", ref, err)
}

// Named tells if ref is the image's name, in one of the forms that Image takes, and not its digest.
func (i Image) Named(ref string) bool {
	return i.Name == ref || i.Name == ref+":latest" || trimArchive(i.Name) == ref || i.Name == trimArchive(ref) || i.pulledAs(ref)
}

func keep(list []Image, matches func(Image) bool) []Image {
	var kept []Image
	for _, i := range list {
		if matches(i) {
			kept = append(kept, i)
		}
	}
	return kept
}

// only chooses among images that fit equally: names of one digest are the same image.
func only(ref string, found []Image) (Image, error) {
	var names []string
	same := true
	for _, i := range found {
		names = append(names, i.Name)
		same = same && i.Digest == found[0].Digest
	}
	if same {
		return found[0], nil
	}
	err := fmt.Errorf("image %q: %w: %s", ref, ErrAmbiguous, strings.Join(names, ", "))
	return Image{}, hint.With(err, "give the whole name or more of the digest")
}

func hasDigest(digest, ref string) bool {
	const shortest = 6 // a shorter word, such as "cafe", is rather a folder's name
	hex, prefixed := strings.CutPrefix(ref, "sha256:")
	if !isHex(hex) || !prefixed && len(hex) < shortest {
		return false
	}
	return strings.HasPrefix(strings.TrimPrefix(digest, "sha256:"), hex)
}

// pulledAs tells if ref is the image's name without its tag and the digest it was fetched by.
func (i Image) pulledAs(ref string) bool {
	name, digest, ok := strings.Cut(ref, "@")
	repository := i.Name
	if colon := strings.LastIndexByte(i.Name, ':'); colon > strings.LastIndexByte(i.Name, '/') {
		repository = i.Name[:colon]
	}
	return ok && digest != "" && digest == i.Manifest && (name == i.Name || name == repository)
}

// trimArchive removes an archive's extension from a file name; what is nothing else is left alone.
func trimArchive(name string) string {
	for _, ext := range []string{".tar.gz", ".tar.zst", ".tar.xz", ".tar.bz2", ".tgz", ".tzst", ".txz", ".tar"} {
		if base, ok := strings.CutSuffix(name, ext); ok && base != "" {
			return base
		}
	}
	return name
}

// Images returns all images, the newest first.
func (db *DB) Images() ([]Image, error) {
	var list []Image
	err := db.db.Read(func(tx *sqlite.Tx) error {
		return tx.Query(func(r *sqlite.Row) error {
			list = append(list, Image{
				Name: r.Text(), Digest: r.Text(), Kind: r.Text(), Size: resource.Size(r.Int64()),
				Source: r.Text(), Created: r.Time(), Pin: r.Text(), Manifest: r.Text(),
			})
			return nil
		}, "SELECT name, digest, kind, size, source, created, pin, manifest FROM images ORDER BY created DESC, name")
	})
	if err != nil {
		return nil, fmt.Errorf("list images: %w", err)
	}
	return list, nil
}

// RemoveImage forgets the image with exactly this name, and returns how many names its digest has left: at
// 0 nothing refers to the stored files any more. The error wraps ErrNotFound when there is no such name.
func (db *DB) RemoveImage(name string) (left int, err error) {
	err = db.db.Write(func(tx *sqlite.Tx) error {
		digest := ""
		err := tx.Query(func(r *sqlite.Row) error { digest = r.Text(); return nil },
			"DELETE FROM images WHERE name = ? RETURNING digest", name)
		if err == nil && digest == "" {
			err = ErrNotFound
		}
		if err != nil {
			return err
		}
		return tx.Query(func(r *sqlite.Row) error { left = r.Int(); return nil },
			"SELECT count(*) FROM images WHERE digest = ?", digest)
	})
	if err != nil {
		return 0, fmt.Errorf("remove image %q: %w", name, err)
	}
	return left, nil
}
