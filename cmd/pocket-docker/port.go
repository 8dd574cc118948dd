package main

import (
	"fmt"
	"strings"

	"pocket/runtime/hint"
	"pocket/runtime/network"
	"pocket/runtime/state"
)

const portUsage = `pocket-docker port CONTAINER [PORT[/udp]]

Shows at which addresses of this machine the ports of a container are reached that were published with
-p or -P: all of them, or one. A container that does not run has none.

Example:
  pocket-docker run -d --name web -p 127.0.0.1::8000 host python3 -m http.server
  curl "http://$(pocket-docker port web 8000)/"

EXIT STATUS
  0, 125 when there is no such container or the port is not published and for a wrong use.
`

func cmdPort(c *call) error {
	flags := c.flagSet()
	if err := c.parse(flags, 1, 2, "CONTAINER"); err != nil {
		return err
	}
	var wanted []network.Port
	if flags.NArg() == 2 {
		var err error
		if wanted, err = network.ParseExposed(flags.Arg(1)); err != nil {
			return usagef("port: %w", err)
		}
	}
	e, err := open()
	if err != nil {
		return err
	}
	defer e.DB.Close()
	found, err := e.Find(flags.Arg(0))
	if err != nil {
		return err
	}
	ports, err := e.Ports(found)
	if err != nil {
		return err
	}
	if len(wanted) == 0 {
		for _, p := range ports {
			fmt.Fprintf(c.stdout, "%s -> %s\n", p.Inside(), p.Outside())
		}
		return nil
	}
	return c.showPort(found, ports, wanted[0].Inside())
}

func (c *call) showPort(of state.Container, ports []network.Port, inside string) error {
	published := false
	for _, p := range ports {
		if p.Inside() == inside {
			published = true
			fmt.Fprintln(c.stdout, p.Outside())
		}
	}
	if published {
		return nil
	}
	err := fmt.Errorf("port %s of container %s is not published", inside, of.Name)
	if len(ports) > 0 {
		return hint.With(err, "these are: %s", joinPorts(ports))
	}
	return hint.With(err, "publish it when the container is made (run -p HOST:%s)", strings.TrimSuffix(inside, "/tcp"))
}

func joinPorts(ports []network.Port) string {
	var all []string
	for _, p := range ports {
		all = append(all, p.String())
	}
	return strings.Join(all, ", ")
}
