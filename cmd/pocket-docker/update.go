package main

import (
	"github.com/spf13/pflag"

	"pocket/runtime/container"
	"pocket/runtime/resource"
)

const updateUsage = `pocket-docker update [flags] CONTAINER…

Changes limits and the restart policy of containers: of those that run at once, and of all for their next
starts. What is not given stays. The names are shown; a limit that is not held firmly here is warned of.

  -m, --memory SIZE            memory of all its processes, files in memory included
      --memory-swap SIZE       memory and swap together; -1 for any amount of swap
      --memory-reservation SIZE   memory that is left to it when others want it
      --cpus NUMBER            processor time per second, such as 0.5
      --cpu-quota, --cpu-period MICROSECONDS   the same in docker's older words
  -c, --cpu-shares N           weight against others for processor time (1024)
      --cpuset-cpus LIST       the processors that it may use, such as 0-2,5
      --pids-limit N           processes and threads at once; -1 for no limit
      --restart POLICY         no, on-failure[:N], always, unless-stopped or on-oom[:N]

Example:
  pocket-docker update --memory 256m --restart always web

EXIT STATUS
  0, 125 when a container could not be changed (the others are) and for a wrong use.
`

func cmdUpdate(c *call) error {
	var u container.Update
	live := limitOptions{limits: &u.Limits}
	flags := c.flagSet()
	live.flags(flags)
	flags.Var(updateRestartFlag(&u.Restart), "restart", "")
	if err := c.parse(flags, 1, -1, "CONTAINER"); err != nil {
		return err
	}
	if err := live.finish(c.name); err != nil {
		return err
	}
	if u.Limits == (resource.Limits{}) && u.Restart == nil {
		return usagef("update: nothing to change is given (pocket-docker help update lists the flags)")
	}
	return c.eachContainer(flags.Args(), func(e *container.Engine, name string) error {
		warnings, err := e.Update(name, u)
		c.showWarnings(false, warnings)
		return err
	})
}

func updateRestartFlag(to **container.Restart) pflag.Value {
	return &value{kind: "policy", set: func(s string) error {
		r, err := container.ParseRestart(s)
		*to = &r
		return err
	}}
}
