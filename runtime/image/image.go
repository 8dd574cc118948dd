// Package image stores root filesystems by name: archives, folders, and the host's own programs.
//
// An archive is unpacked once and known from then on by its digest, the sha256 of the archive file. The
// unpacked trees lie in the state folder:
//
//	images/<sha256>/rootfs  the tree; images/<sha256> itself only its owner can enter
//	images/<sha256>/about   its size and what was left out
//	images/<sha256>/config.json  instead of these, of an image with layers: the sha256 is this file's
//	layers/<sha256>/        a layer, which several images may share
//	seen/<device>-<inode>   the digest of an archive file that has not changed since
//	tmp/                    what is being downloaded or unpacked
//
// A tree appears in images/ by rename, complete and on the disk, before its name is recorded: a process
// killed at any moment leaves either nothing, or a tree that the next import finds and uses. What it
// leaves in tmp/ is removed by the next import, or is a download that the next pull goes on with.
package image

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"pocket/runtime/hint"
	"pocket/runtime/idmap"
	"pocket/runtime/resource"
	"pocket/runtime/state"
)

// Kind says what an image is made from.
type Kind string

// The kinds of images.
const (
	Host      Kind = "host"      // a read-only view of the host's programs; nothing is stored
	Directory Kind = "directory" // a folder of the user's, used where it is
	Archive   Kind = "archive"   // an archive file or download, unpacked in the store
	Layered   Kind = "layers"    // layers with a configuration, from a registry, a layout or an import
)

// Image is one root filesystem with what it says of itself.
type Image struct {
	Name string
	// ID is "sha256:" and 64 hexadecimal digits: of the configuration for a layered image, as docker's
	// ids are, of the file for an archive; "" for a host or directory image. Digest is the same.
	ID, Digest string
	// Manifest is the digest of the manifest that a layered image was fetched by, or "".
	Manifest string
	Kind     Kind
	// Dir is the absolute path of the tree; "/" for the host, of which only a part is shown; "" where
	// there are several layers (see Store.Tree). Layers are the absolute paths of all trees, the topmost
	// first, as overlay takes them: whiteouts and opaque folders are marked in overlay's way. None for the host.
	Dir    string
	Layers []string
	// Config is what a layered image says of how it is to be run; zero for the others.
	Config Config
	// Architecture is the processor that a layered image is for, in Go's words (amd64); "" when not known.
	Architecture string
	Source       string        // where it came from: a path, a URL without user and query, a reference
	Size         resource.Size // bytes of its regular files; 0 when not known (host, directory)
	Remark       string        // what of the archives was left out ("3 device nodes left out"), or ""
	Created      time.Time     // when it was stored
	Built        time.Time     // when a layered image says it was made; zero when it does not
}

// Progress is told how far a stage has come, in bytes; total is 0 when it is not known. It is called at
// short intervals from the calling goroutine. A nil Progress is allowed everywhere.
type Progress func(stage string, done, total int64)

// The stages that a Progress is told of.
const (
	StageDownload = "downloading"
	StageRead     = "reading" // finding the digest of an archive file
	StageUnpack   = "unpacking"
	StageWait     = "waiting for another import"
)

// Store keeps images in a state folder. Any number of processes may use the same folder at once.
type Store struct {
	// Limits bounds what an archive may unpack to.
	Limits Limits

	dir    string
	db     *state.DB
	ids    idmap.Map
	owners owners
	now    func() time.Time
}

// Open returns the store in the state folder dir, which need not exist. When the caller is root,
// unpacked files belong to the host ids that ids maps theirs to (without ranges: to themselves);
// otherwise, where newuidmap writes the mapping, to what they are in a user namespace with it, and else all
// belong to the caller.
func Open(dir string, db *state.DB, ids idmap.Map) *Store {
	if absolute, err := filepath.Abs(dir); err == nil {
		dir = absolute
	}
	return &Store{Limits: DefaultLimits, dir: dir, db: db, ids: ids, owners: newOwners(ids), now: time.Now}
}

// ErrNotFound is in the error of Resolve and Remove when nothing has the given name.
var ErrNotFound = errors.New("no such image")

func notFound(ref string) error {
	return hint.With(fmt.Errorf("image %s: %w", quote(ref), ErrNotFound),
		"give the path of a folder or of a .tar or .tar.gz file, or fetch one first: pocket-docker pull URL")
}

func (s *Store) home(digest string) string { return filepath.Join(s.dir, "images", hexOf(digest)) }
func (s *Store) tree(digest string) string { return filepath.Join(s.home(digest), "rootfs") }
func (s *Store) tmp() string               { return filepath.Join(s.dir, "tmp") }
func (s *Store) work() string              { return filepath.Join(s.tmp(), "unpack") }

// folders makes the store's folders. Root's must let other ids through, which a sandbox's root is; what
// they may see is decided by each image's own folder.
func (s *Store) folders() error {
	mode := os.FileMode(0o700)
	if s.owners.change {
		mode = 0o711
	}
	for path, mode := range map[string]os.FileMode{
		filepath.Join(s.dir, "images"): mode, filepath.Join(s.dir, "layers"): mode, filepath.Join(s.dir, "seen"): 0o700, s.tmp(): 0o700,
	} {
		if err := os.MkdirAll(filepath.Dir(path), mode); err != nil {
			return err
		}
		if err := os.Mkdir(path, mode); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	return nil
}
