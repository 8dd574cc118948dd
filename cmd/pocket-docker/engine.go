package main

import (
	"pocket/runtime/container"
	"pocket/runtime/idmap"
	"pocket/runtime/image"
	"pocket/runtime/state"
)

// open opens the state of the user who calls.
func open() (*container.Engine, error) {
	dir, err := state.Dir()
	if err != nil {
		return nil, err
	}
	db, err := state.Open(dir)
	if err != nil {
		return nil, err
	}
	ids := idmap.Default()
	return &container.Engine{Dir: dir, DB: db, Images: image.Open(dir, db, ids), IDs: ids,
		Self: []string{"pocket-docker", monitorName}}, nil
}
