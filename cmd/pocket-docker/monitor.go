package main

import (
	"os"
	"os/signal"
	"runtime/debug"

	"golang.org/x/sys/unix"

	"pocket/runtime/cgroup"
)

// monitorName is the command that a monitor of its own runs under. It is not in the table: nobody types it.
const monitorName = "monitor"

// cmdMonitor is a container's monitor. It is started by container.Engine.Start, with a connection to
// whoever asked for it, and nobody sees what it prints.
func cmdMonitor(c *call) error {
	// The session has no terminal, but signals to all of a user's processes must not take containers along.
	signal.Ignore(unix.SIGHUP, unix.SIGINT, unix.SIGPIPE)
	end := make(chan os.Signal, 1)
	signal.Notify(end, unix.SIGTERM) // the machine goes down
	// It lives long and does little: memory is what it must not cost.
	debug.SetGCPercent(20)
	e, err := open()
	if err != nil {
		return err
	}
	defer e.DB.Close()
	e.Groups = cgroup.Detect()
	return e.Monitor(c.args[0], end)
}
