package main

import (
	"encoding/json"
	"errors"
	"time"

	"pocket/runtime/resource"
	"pocket/runtime/state"
)

const inspectUsage = `pocket-docker inspect CONTAINER…

Shows all that is known of containers as a JSON array: what was run and when, how it ended, and of each
limit what was requested, what is enforced and by what.

Example:
  pocket-docker inspect web

EXIT STATUS
  0, 1 when there is no such container (the others are shown), 125 for a wrong use.
`

// inspected is the JSON of a container. State has docker's names, so that docker's users find theirs.
type inspected struct {
	ID      string `json:"Id"`
	Name    string
	Image   string
	Command []string
	Created time.Time
	State   inspectedState
	Limits  []resource.Enforcement
	Usage   *resource.Usage `json:",omitempty"`
	LogPath string
}

type inspectedState struct {
	Status     state.Status
	Running    bool
	OOMKilled  state.OOM // true, false or unknown: never guessed
	Pid        int       // of the monitor
	ExitCode   int
	Signal     int    `json:",omitempty"`
	Reason     string `json:",omitempty"`
	Error      string
	Denied     []state.Denied `json:",omitempty"` // what a seccomp profile that only tells refuses
	StartedAt  time.Time
	FinishedAt time.Time
}

func cmdInspect(c *call) error {
	flags := c.flagSet()
	if err := c.parse(flags, 1, -1, "CONTAINER"); err != nil {
		return err
	}
	e, err := open()
	if err != nil {
		return err
	}
	defer e.DB.Close()
	list := []inspected{}
	var all []error
	for _, name := range flags.Args() {
		found, err := e.Find(name)
		if err != nil {
			all = append(all, err)
			continue
		}
		list = append(list, inspect(found))
	}
	out := json.NewEncoder(c.stdout)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	return errors.Join(append(all, out.Encode(list))...)
}

func inspect(c state.Container) inspected {
	i := inspected{ID: c.ID, Name: c.Name, Image: c.Image, Command: c.Command, Created: c.Created,
		Limits: append([]resource.Enforcement{}, c.Limits...), LogPath: c.Log}
	i.State = inspectedState{Status: c.Status, Running: c.Status == state.Running, OOMKilled: state.OOMUnknown,
		Pid: c.Monitor.PID, StartedAt: c.Started}
	if e := c.Exit; e != nil && !i.State.Running {
		i.State.OOMKilled, i.State.ExitCode, i.State.Signal = e.OOM, e.Code, e.Signal
		i.State.Reason, i.State.Error, i.State.FinishedAt = e.Reason, e.Error, e.Finished
		i.Usage, i.State.Denied = &e.Usage, e.Denied
	}
	return i
}
