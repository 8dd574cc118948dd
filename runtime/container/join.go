package container

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"pocket/runtime/hint"
	"pocket/runtime/idmap"
	"pocket/runtime/network"
	"pocket/runtime/state"
)

// join takes the user and the network namespace of a container that runs, and its names.
func (m *monitor) join(l *link) error {
	c, err := m.Find(l.Mode.Container)
	if err != nil {
		return fmt.Errorf("join a network: %w", err)
	}
	if !c.Alive(m.Dir) || c.Init.PID == 0 {
		return hint.With(fmt.Errorf("join the network of container %s: it does not run", c.Name), "start it first (pocket-docker start %s)", c.Name)
	}
	if err := l.enter(c, m.ids()); err != nil {
		return fmt.Errorf("join the network of container %s: %w", c.Name, err)
	}
	other, err := m.networkOwner(c)
	if err != nil {
		return err
	}
	own := l.Names.Hosts
	l.Mode, l.Names, l.hostname = other.Network.Mode, other.Network.Names, other.Hostname
	l.Names.Hosts = append(append([]network.HostName{}, l.Names.Hosts...), own...)
	return nil
}

// networkOwner returns the config of the container whose network c has, itself or one that it has joined.
// That one may have ended and gone; then it is as if c had no network beside its loopback.
func (e *Engine) networkOwner(c state.Container) (Config, error) {
	const deepest = 16 // two that joined each other, each restarted, would lead in a circle
	for range deepest {
		cfg, err := ConfigOf(c)
		if err != nil || cfg.Network.Mode.Kind != network.Container {
			return cfg, err
		}
		next, err := e.DB.Container(cfg.Network.Mode.Container)
		if err != nil {
			break
		}
		c = next
	}
	return Config{Hostname: c.Short()}, nil
}

// enter opens the namespaces of the container's first process. A namespace can be entered only with rights
// over its owner, and a network's is the user namespace that it was made in.
func (l *link) enter(c state.Container, ids idmap.Map) error {
	proc := "/proc/" + strconv.Itoa(c.Init.PID)
	same, err := sameMap(proc+"/uid_map", ids.UIDs)
	if err == nil && !same {
		err = hint.With(errors.New("its user ids are others than those that a new container gets"),
			"who shares a network must be in the same kind of user namespace: give both --userns host, or neither")
	}
	if err == nil {
		l.user, err = os.Open(proc + "/ns/user")
	}
	if err == nil {
		l.net, err = os.Open(proc + "/ns/net")
	}
	if err == nil && !c.Init.Alive() {
		err = errors.New("it has ended") // and all that was opened may have been another process's
	}
	if err != nil {
		return err
	}
	return l.unlessHost()
}

// unlessHost lets go of the namespaces where they are the host's own: nobody has rights over that.
func (l *link) unlessHost() error {
	theirs, err := l.net.Stat()
	if err != nil {
		return err
	}
	ours, err := os.Stat("/proc/self/ns/net")
	if err != nil || !os.SameFile(theirs, ours) {
		return err
	}
	err = errors.Join(l.user.Close(), l.net.Close())
	l.user, l.net = nil, nil
	return err
}

// sameMap compares a uid_map with ranges (user_namespaces(7)).
func sameMap(path string, ranges []idmap.Range) (bool, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return false, err
	}
	var want []string
	for _, r := range ranges {
		want = append(want, strconv.Itoa(r.Inside), strconv.Itoa(r.Outside), strconv.Itoa(r.Count))
	}
	return strings.Join(strings.Fields(string(text)), " ") == strings.Join(want, " "), nil
}
