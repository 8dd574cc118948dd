package container

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"pocket/runtime/failpoint"
	"pocket/runtime/image"
	"pocket/runtime/state"
)

// Create records a container with its folder and does not start it.
func (e *Engine) Create(ctx context.Context, cfg Config, progress image.Progress) (state.Container, error) {
	if err := cfg.check(); err != nil {
		return state.Container{}, err
	}
	img, err := e.Images.Resolve(ctx, cfg.Image, progress)
	if err != nil {
		return state.Container{}, err
	}
	if err := cfg.inherit(img); err != nil {
		return state.Container{}, err
	}
	m, err := e.create(&cfg, img)
	if err != nil {
		return state.Container{}, err
	}
	return m.record, m.close()
}

// create records the container and makes its folder. The lock is taken before there is a record, so that
// nobody ever sees one without a monitor.
func (e *Engine) create(cfg *Config, img image.Image) (*monitor, error) {
	id := state.NewID()
	m := newMonitor(e, id)
	m.cfg, m.image = cfg, img
	var err error
	if m.lock, err = state.AcquireLock(e.Dir, id); err != nil {
		return nil, err
	}
	if cfg.Hostname == "" {
		cfg.Hostname = state.Container{ID: id}.Short()
	}
	own, err := e.settle(cfg, img)
	if err != nil {
		return nil, errors.Join(err, m.lock.Discard())
	}
	if m.record, err = e.record(id, cfg, img); err != nil {
		return nil, errors.Join(err, m.lock.Discard())
	}
	failpoint.Kill("create.recorded")
	if err := errors.Join(m.folders(), e.adopt(id, cfg, img, own)); err != nil {
		return nil, errors.Join(err, e.remove(m.record, true), m.lock.Release())
	}
	return m, nil
}

func (e *Engine) record(id string, cfg *Config, img image.Image) (state.Container, error) {
	// What it runs from is what the name means now, however the name changes its meaning.
	stored := *cfg
	stored.From = img
	text, err := json.Marshal(stored)
	if err != nil {
		return state.Container{}, fmt.Errorf("record the container's config: %w", err)
	}
	return e.DB.CreateContainer(state.Container{ID: id, Name: cfg.Name, Image: img.Name, ImageID: img.Digest, Command: cfg.Args,
		Config: string(text), Log: logPath(e.Folder(id), 0), Limits: Requested(cfg.Limits)})
}

// ConfigOf reads what a container is run with from its record.
func ConfigOf(c state.Container) (Config, error) {
	var cfg Config
	if c.Config == "" {
		return cfg, fmt.Errorf("container %s was made by an earlier version and cannot be started again", c.Name)
	}
	if err := json.Unmarshal([]byte(c.Config), &cfg); err != nil {
		return cfg, fmt.Errorf("read the config of container %s: %w", c.Name, err)
	}
	return cfg, nil
}

// folders makes the container's folder and its log. What the program writes lies in a part of its own,
// upper, which nobody but the container's root can enter.
func (m *monitor) folders() error {
	mode := os.FileMode(0o700)
	if os.Geteuid() == 0 {
		mode = 0o711 // the container's root, another id, must come through to its upper folder
	}
	if err := failpoint.At("create.folder"); err != nil {
		return fmt.Errorf("make the container's folder: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(m.folder), mode); err != nil {
		return fmt.Errorf("make the container's folder: %w", err)
	}
	if err := os.Mkdir(m.folder, mode); err != nil {
		return fmt.Errorf("make the container's folder: %w", err)
	}
	if m.image.Kind == image.Host {
		return nil
	}
	if err := failpoint.At("create.layer"); err != nil {
		return fmt.Errorf("make the container's folder: %w", err)
	}
	if err := m.writable(); err != nil {
		return err
	}
	return m.copyImage()
}
