package container

import (
	"fmt"
	"os"
	"path"
	"slices"

	"pocket/runtime/failpoint"
	"pocket/runtime/hint"
	"pocket/runtime/image"
	"pocket/runtime/state"
	"pocket/runtime/tree"
)

// settle completes the volumes of a new container: those that it borrows and those that its image wants, each one
// that is kept with a name. own are those for this container alone, which adopt makes.
func (e *Engine) settle(cfg *Config, img image.Image) (own map[string]bool, err error) {
	list, err := e.borrow(cfg)
	if err != nil {
		return nil, err
	}
	own = map[string]bool{}
	list = append(slices.Clone(cfg.Volumes), list...)
	for target := range img.Config.Volumes {
		if checkTarget(target) == nil && !taken(cfg, list, target) {
			list = append(list, Volume{Target: target})
		}
	}
	for i, v := range list {
		switch {
		case v.Host != "":
		case v.Name != "":
			err = e.Volumes().Ensure(v.Name)
		default:
			list[i].Name = state.NewID()
			own[list[i].Name] = true
		}
		if err != nil {
			return nil, err
		}
	}
	cfg.Volumes = list
	return own, nil
}

// borrow finds the volumes of other containers whose targets are free.
func (e *Engine) borrow(cfg *Config) ([]Volume, error) {
	var list []Volume
	for _, b := range cfg.Borrowed {
		c, err := e.Find(b.Container)
		if err != nil {
			return nil, fmt.Errorf("take volumes: %w", err)
		}
		theirs, err := ConfigOf(c)
		if err != nil {
			return nil, err
		}
		for _, v := range theirs.Volumes {
			if !taken(cfg, append(list, cfg.Volumes...), v.Target) {
				v.ReadOnly, v.NoCopy = v.ReadOnly || b.ReadOnly, true
				list = append(list, v)
			}
		}
	}
	return list, nil
}

// taken says whether something is to be mounted on the target already.
func taken(cfg *Config, list []Volume, target string) bool {
	target = path.Clean(target)
	return slices.ContainsFunc(list, func(v Volume) bool { return path.Clean(v.Target) == target }) ||
		slices.ContainsFunc(cfg.Tmpfs, func(t Tmpfs) bool { return path.Clean(t.Target) == target })
}

// adopt makes those volumes that are for this container alone and records all that are kept as the container's, from
// when on nobody removes them: killed before, nothing of them is there, and after it they go with it. It copies into
// those that are empty what the image has in their place.
func (e *Engine) adopt(id string, cfg *Config, img image.Image, own map[string]bool) error {
	var uses []state.Use
	for _, v := range cfg.Volumes {
		if v.Host == "" {
			uses = append(uses, state.Use{Volume: v.Name, Target: v.Target, Anonymous: own[v.Name]})
		}
	}
	if len(uses) == 0 {
		return nil
	}
	if err := failpoint.At("create.volumes"); err != nil {
		return fmt.Errorf("use volumes: %w", err)
	}
	if err := e.Volumes().Use(id, uses); err != nil {
		return hint.With(err, "somebody removed it just now: try again")
	}
	for _, v := range cfg.Volumes {
		if v.Host != "" || v.NoCopy || len(img.Layers) == 0 {
			continue
		}
		into := e.Volumes().Path(v.Name)
		if entries, err := os.ReadDir(into); err == nil && len(entries) > 0 {
			continue
		}
		view := tree.View{IDs: e.IDs, Lower: img.Layers}
		if err := view.Seed(v.Target, into); err != nil {
			return fmt.Errorf("copy the image's %s to volume %s: %w", v.Target, v.Name, err)
		}
	}
	return nil
}
