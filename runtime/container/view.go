package container

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"pocket/runtime/hint"
	"pocket/runtime/idmap"
	"pocket/runtime/image"
	"pocket/runtime/state"
	"pocket/runtime/tree"
	"pocket/runtime/volume"
)

// Volumes is where the containers' named volumes are kept.
func (e *Engine) Volumes() *volume.Store { return &volume.Store{DB: e.DB, IDs: e.IDs} }

// layers is the container's root as it lies on the disk, without volumes, to be read only.
func (e *Engine) layers(c state.Container) (*tree.View, error) {
	cfg, err := ConfigOf(c)
	if err != nil {
		return nil, err
	}
	v := &tree.View{IDs: e.seenAs(&cfg)}
	switch own := e.copied(c.ID); {
	case cfg.From.Kind == image.Host:
	case isThere(own):
		v.Lower = []string{own}
	default:
		v.Upper = filepath.Join(e.Folder(c.ID), "layer", "upper")
		v.Lower, err = e.lower(cfg.From)
		v.Owners = cfg.From.Kind == image.Directory && cfg.Userns != HostUsers
	}
	return v, err
}

// seenAs is the mapping by which a container's files are told. Without a user namespace ids are the host's, but
// those of the image's layers are stored as for all others.
func (e *Engine) seenAs(cfg *Config) idmap.Map {
	if cfg.Userns != HostUsers {
		return e.IDs
	}
	both := []idmap.Range{{Inside: 0, Outside: 0, Count: idmap.RootBase}, {Inside: 0, Outside: idmap.RootBase, Count: idmap.RootCount}}
	return idmap.Map{UIDs: both, GIDs: both, Reason: idmap.None().Reason}
}

// see calls do with the container's files as its programs see them, volumes included: of a running one
// its own root, of another its layers put together. To write into one that does not run, its lock is held,
// so that nobody starts it meanwhile.
func (e *Engine) see(ref string, write bool, do func(*tree.View) error) (err error) {
	c, err := e.Find(ref)
	if err != nil {
		return err
	}
	root, err := openRoot(c)
	if err != nil {
		return err
	}
	if root != nil {
		defer root.Close()
		cfg, err := ConfigOf(c)
		if err != nil {
			return err
		}
		return do(&tree.View{IDs: e.seenAs(&cfg), Root: root})
	}
	v, err := e.layers(c)
	if err != nil {
		return err
	}
	if v.Volumes, err = e.volumesOf(c); err != nil {
		return err
	}
	if write && v.Upper != "" {
		lock, err := state.AcquireLock(e.Dir, c.ID)
		if err != nil { // its monitor has begun and not said so yet, or ends
			return hint.With(fmt.Errorf("write to container %s: %w", c.Name, err), "it is being started or is ending: try again")
		}
		defer func() { err = errors.Join(err, lock.Release()) }()
		v.Work = filepath.Join(e.Folder(c.ID), "layer", "work")
	}
	if err := do(v); err != nil {
		return errors.Join(err, e.withoutFiles(c))
	}
	return nil
}

// withoutFiles is the error for a container whose image's files are gone, which may be why another one came about.
func (e *Engine) withoutFiles(c state.Container) error {
	cfg, err := ConfigOf(c)
	if err != nil || isThere(e.copied(c.ID)) {
		return nil
	}
	return gone(cfg.From)
}

// openRoot opens the "/" of a running container; nil says that it does not run.
func openRoot(c state.Container) (*os.File, error) {
	if !c.Init.Alive() {
		return nil, nil
	}
	root := fmt.Sprintf("/proc/%d/root", c.Init.PID)
	fd, err := unix.Open(root, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err == nil && c.Init.Alive() {
		return os.NewFile(uintptr(fd), root), nil // after the opening it was still the same process
	}
	if err == nil {
		_ = unix.Close(fd)
		return nil, nil
	}
	if !c.Init.Alive() {
		return nil, nil
	}
	return nil, fmt.Errorf("open the root of container %s: %w", c.Name, err)
}

// volumesOf are the volumes of a container that does not run.
func (e *Engine) volumesOf(c state.Container) ([]tree.Volume, error) {
	cfg, err := ConfigOf(c)
	if err != nil {
		return nil, err
	}
	var list []tree.Volume
	for _, v := range cfg.Volumes {
		if v.Private {
			continue // what was written there is gone
		}
		source := e.source(v)
		if _, err := os.Stat(source); err != nil {
			continue // gone since; the next start tells
		}
		list = append(list, tree.Volume{Source: source, Target: v.Target, ReadOnly: v.ReadOnly, Owners: v.Host != "" && cfg.Userns != HostUsers})
	}
	return list, nil
}

// source is the folder or file of the host that a volume is.
func (e *Engine) source(v Volume) string {
	if v.Host != "" {
		return v.Host
	}
	return e.Volumes().Path(v.Name)
}

// Diff lists what is different in the container from its image, sorted by path. The places of the system's
// own mounts are left out, and all of a view of the host's programs, which nothing can be written to.
func (e *Engine) Diff(ref string) ([]tree.Change, error) {
	c, err := e.Find(ref)
	if err != nil {
		return nil, err
	}
	v, err := e.layers(c)
	if err == nil && isThere(e.copied(c.ID)) {
		v, err = e.copyBesideImage(c)
	}
	if err != nil {
		return nil, err
	}
	if v.Upper == "" {
		return nil, nil
	}
	list, err := v.Changes()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("compare container %s with its image: %w", c.Name, err), e.withoutFiles(c))
	}
	return withoutSystem(list), nil
}

// copyBesideImage is a view for the comparison of a container's copy with its image.
func (e *Engine) copyBesideImage(c state.Container) (*tree.View, error) {
	cfg, err := ConfigOf(c)
	if err != nil {
		return nil, err
	}
	whole, err := e.Images.Tree(context.Background(), cfg.From, nil)
	if err != nil {
		return nil, fmt.Errorf("compare container %s with its image: %w", c.Name, err)
	}
	return &tree.View{IDs: e.seenAs(&cfg), Upper: e.copied(c.ID), Lower: []string{whole}, Copied: true}, nil
}

// systemPlaces are made by the set-up where the image has none.
var systemPlaces = map[string]bool{"/dev": true, "/proc": true, "/sys": true,
	"/etc": true, "/etc/hosts": true, "/etc/resolv.conf": true, "/etc/hostname": true, "/etc/mtab": true}

func withoutSystem(list []tree.Change) []tree.Change {
	var kept []tree.Change
	system, own := false, false // whether something in /etc is ours, or the program's
	for _, c := range list {
		if c.Kind == tree.Added && c.Empty && systemPlaces[c.Path] {
			system = system || path.Dir(c.Path) == "/etc"
			continue
		}
		own = own || strings.HasPrefix(c.Path, "/etc/")
		kept = append(kept, c)
	}
	if system && !own {
		kept = slices.DeleteFunc(kept, func(c tree.Change) bool { return c.Path == "/etc" })
	}
	return kept
}

// Export writes the container's whole tree, without volumes, as a tar archive.
func (e *Engine) Export(ref string, to *os.File) (tree.Left, error) {
	c, err := e.Find(ref)
	if err != nil {
		return tree.Left{}, err
	}
	v, err := e.layers(c)
	if err != nil {
		return tree.Left{}, err
	}
	left, err := v.Pack("/", ".", false, to)
	if err != nil {
		return left, errors.Join(fmt.Errorf("export container %s: %w", c.Name, err), e.withoutFiles(c))
	}
	return left, nil
}
