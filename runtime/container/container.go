// Package container is a sandbox with a name, a record and logs, watched by its monitor.
//
// An Engine knows where containers are kept. Create makes the record; a monitor starts the program, as often
// as the restart policy wants, checks its health and is the only writer of the container's state. With Run the
// calling process is the monitor; Start executes this program again as a monitor that outlives the caller. It
// holds a lock for as long as it watches, which the kernel drops when it dies, and serves the others (Stop,
// Kill, Pause, Update, Attach, Wait, …), which work from any process, through a socket in the container's folder.
//
//	create ─▶ created ─▶ running ⇄ paused ─▶ exited ─▶ (start) running …
//	                        ▲         │
//	                        └ restarting ◀ what the policy wants
package container

import (
	"path/filepath"

	"pocket/runtime/cgroup"
	"pocket/runtime/idmap"
	"pocket/runtime/image"
	"pocket/runtime/state"
)

// Engine is where containers are kept and what they are run with. All fields must be set, but Groups,
// which is nil where control groups cannot be made.
type Engine struct {
	Dir    string // the state folder; a container's own folder is Dir/containers/ID
	DB     *state.DB
	Images *image.Store
	IDs    idmap.Map
	Groups *cgroup.Host
	// Self is the command line with which this program becomes a monitor, its own name first: what makes it
	// call Monitor with the id that is appended.
	Self []string
}

// Folder returns the folder of the container with the full id: its logs and what it wrote.
func (e *Engine) Folder(id string) string { return filepath.Join(e.Dir, "containers", id) }
