package image

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"pocket/runtime/failpoint"
)

// A layer is stored once, however many images have it, under the digest of its tar (its diff id):
//
//	layers/<sha256>/rootfs  its tree, with overlay's whiteouts
//	layers/<sha256>/pieces  what makes its tar of the tree (see recorder); missing where nothing can
//	layers/<sha256>/hidden  what it hides of those below where overlay's marks cannot be made; mostly missing
//	layers/<sha256>/about   its size, whether it hides all below it, and what was left out
//
// It appears by rename, complete and on the disk, like an archive's tree.
type layer struct {
	diffID string
	size   int64
	alone  bool // hides all layers below
	remark string
	tree   string
}

func (s *Store) layerHome(diffID string) string {
	return filepath.Join(s.dir, "layers", hexOf(diffID))
}

const hiddenFile = "hidden"

// hiddenBy returns what a layer hides without overlay's marks.
func hiddenBy(tree string) ([]string, error) {
	text, err := os.ReadFile(filepath.Join(filepath.Dir(tree), hiddenFile))
	if err != nil || len(text) == 0 {
		return nil, ignoreMissing(err)
	}
	return strings.Split(string(text), "\x00"), nil
}

// HasLayer tells if the layer whose uncompressed tar has that digest is stored, and so need not be fetched.
func (s *Store) HasLayer(diffID string) bool {
	_, ok := s.layer(diffID)
	return ok
}

// layer returns what is stored of a layer.
func (s *Store) layer(diffID string) (layer, bool) {
	if checkDigest(diffID) != nil {
		return layer{}, false
	}
	l := layer{diffID: diffID, tree: filepath.Join(s.layerHome(diffID), "rootfs")}
	if st, err := os.Stat(l.tree); err != nil || !st.IsDir() {
		return layer{}, false
	}
	about, err := os.ReadFile(filepath.Join(s.layerHome(diffID), "about"))
	lines := strings.SplitN(string(about), "\n", 3)
	if err != nil || len(lines) != 3 {
		return layer{}, false
	}
	l.alone, l.remark = lines[1] == "alone", strings.TrimSpace(lines[2])
	l.size, err = strconv.ParseInt(lines[0], 10, 64)
	return l, err == nil
}

func (l layer) about() string {
	relation := "over"
	if l.alone {
		relation = "alone"
	}
	return fmt.Sprintf("%d\n%s\n%s\n", l.size, relation, l.remark)
}

// blob is a layer as it lies in a bundle.
type blob struct {
	name   string // the entry
	digest string // of its bytes, "" where nobody said; then the diff id alone is checked
	size   int64  // of its bytes, -1 where nobody said
}

// addLayer unpacks a layer aside and puts it in its place. lower are the diff ids below it, lowest first.
// The caller holds the lock.
func (s *Store) addLayer(ctx context.Context, b *bundle, from blob, diffID string, lower []string, progress Progress) error {
	if err := s.removeTree(s.work()); err != nil { // left by a process that was killed
		return err
	}
	err := s.unpackAside(ctx, b, from, diffID, lower, progress)
	if err == nil {
		err = failpoint.At("layer.place")
	}
	if err == nil {
		err = s.removeTree(s.layerHome(diffID)) // damaged: it was not found whole
	}
	if err == nil {
		err = os.Rename(s.work(), s.layerHome(diffID))
	}
	if err != nil {
		return errors.Join(spaceHint(err), s.removeTree(s.work()))
	}
	failpoint.Kill("layer.placed")
	return syncFolder(filepath.Join(s.dir, "layers"))
}

func (s *Store) unpackAside(ctx context.Context, b *bundle, from blob, diffID string, lower []string, progress Progress) error {
	if err := os.MkdirAll(filepath.Join(s.work(), "rootfs"), 0o700); err != nil {
		return err
	}
	packed, err := b.open(from.name)
	if err != nil {
		return err
	}
	defer packed.Close()
	if from.size >= 0 && packed.Size() != from.size {
		return fmt.Errorf("it has %d bytes, the manifest says %d", packed.Size(), from.size)
	}
	l, err := s.unpackLayer(ctx, packed, from, diffID, lower, progress)
	if err != nil {
		return err
	}
	return s.sealLayer(l)
}

func (s *Store) unpackLayer(ctx context.Context, packed *member, from blob, diffID string, lower []string, progress Progress) (layer, error) {
	trees, err := s.treesOf(lower)
	if err != nil {
		return layer{}, err
	}
	pieces, err := os.OpenFile(filepath.Join(s.work(), "pieces"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return layer{}, err
	}
	defer pieces.Close()
	task := unpackTask{Dir: filepath.Join(s.work(), "rootfs"), At: packed.at, Size: packed.Size(), Limits: s.Limits, Marks: s.marks(), Trees: trees}
	found, err := s.unpack(ctx, task, packed.from, pieces, progress)
	if err != nil {
		return layer{}, err
	}
	if from.digest != "" && found.Digest != from.digest {
		return layer{}, fmt.Errorf("its digest is %s, not %s: it was damaged or replaced", found.Digest, from.digest)
	}
	if found.DiffID != diffID {
		return layer{}, fmt.Errorf("the digest of its tar is %s, the configuration says %s", found.DiffID, diffID)
	}
	if err := pieces.Sync(); err != nil {
		return layer{}, err
	}
	if !found.Whole {
		err = os.Remove(pieces.Name())
	}
	if len(found.Hidden) > 0 {
		err = errors.Join(err, writeSynced(filepath.Join(s.work(), hiddenFile), []byte(strings.Join(found.Hidden, "\x00"))))
	}
	return layer{diffID: diffID, size: found.Size, alone: found.Alone, remark: found.Remark}, err
}

// treesOf are the trees of layers, given lowest first, in overlay's order.
func (s *Store) treesOf(diffIDs []string) ([]string, error) {
	var trees []string
	for i := len(diffIDs) - 1; i >= 0; i-- {
		l, ok := s.layer(diffIDs[i])
		if !ok {
			return nil, fmt.Errorf("the layer %s: %w", diffIDs[i], errDamaged)
		}
		if trees = append(trees, l.tree); l.alone {
			break
		}
	}
	return trees, nil
}

// marks is the beginning of overlay's attributes where it is mounted by this user.
func (s *Store) marks() string {
	if s.owners.change {
		return "trusted."
	}
	return "user."
}

// sealLayer completes the folder around a layer, as seal does around a tree.
func (s *Store) sealLayer(l layer) error {
	if err := writeSynced(filepath.Join(s.work(), "about"), []byte(l.about())); err != nil {
		return err
	}
	if s.owners.change {
		uid, gid := s.owners.host(0, 0)
		if err := os.Chown(s.work(), uid, gid); err != nil {
			return err
		}
	}
	return syncFolder(s.work())
}

func writeSynced(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Sync(), f.Close())
}

// sweepLayers removes the layers that no recorded image has, and first of all the images that were stored and not
// recorded, because who stored them was killed in between. The caller holds the lock.
func (s *Store) sweepLayers() (freed int64, err error) {
	if err := s.sweepImages(); err != nil {
		return 0, err
	}
	used, err := s.usedLayers()
	if err != nil {
		return 0, err
	}
	entries, err := os.ReadDir(filepath.Join(s.dir, "layers"))
	if err != nil {
		return 0, ignoreMissing(err)
	}
	var all []error
	for _, e := range entries {
		if used[e.Name()] {
			continue
		}
		l, _ := s.layer(digestPrefix + e.Name())
		err := s.removeTree(filepath.Join(s.dir, "layers", e.Name()))
		if all = append(all, err); err == nil {
			freed += l.size
		}
	}
	return freed, errors.Join(all...)
}

// sweepImages removes what is stored as an image and has no record. The caller holds the lock.
func (s *Store) sweepImages() error {
	homes, err := os.ReadDir(filepath.Join(s.dir, "images"))
	if err != nil {
		return ignoreMissing(err)
	}
	rows, err := s.db.Images()
	if err != nil {
		return err
	}
	recorded := map[string]bool{}
	for _, row := range rows {
		recorded[hexOf(row.Digest)] = true
	}
	var all []error
	for _, e := range homes {
		if !recorded[e.Name()] {
			all = append(all, s.removeTree(filepath.Join(s.dir, "images", e.Name())))
		}
	}
	return errors.Join(all...)
}

// usedLayers are the layers of all stored images, by the hexadecimal part of their diff id. An image whose
// configuration cannot be read is an error: its layers must not be taken for unused.
func (s *Store) usedLayers() (map[string]bool, error) {
	used := map[string]bool{}
	homes, err := os.ReadDir(filepath.Join(s.dir, "images"))
	if err != nil {
		return used, ignoreMissing(err)
	}
	for _, e := range homes {
		d, err := s.document(digestPrefix + e.Name())
		if errors.Is(err, os.ErrNotExist) {
			continue // an archive's
		}
		if err != nil {
			return nil, err
		}
		for _, id := range d.RootFS.DiffIDs {
			used[hexOf(id)] = true
		}
	}
	return used, nil
}
