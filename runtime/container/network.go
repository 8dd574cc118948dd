package container

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"pocket/runtime/network"
	"pocket/runtime/sandbox"
	"pocket/runtime/state"
)

// Networking is how a container is connected.
type Networking struct {
	Mode network.Mode
	// Ports are published by pasta. A host's port that is not fixed is chosen anew at each start.
	Ports   []network.Port
	Exposed []string // further ports that the program listens at, as network.ParseExposed takes them
	// PublishAll publishes Exposed, and what the image says of the kind, at free ports.
	PublishAll bool
	Names      network.Names
}

// link is a container's network while its program runs.
type link struct {
	Networking
	hostname      string
	folder        string
	user, net     *os.File // nil: of the container alone
	conn          *network.Connection
	hosts, lookup string // what is to stand in /etc/hosts and /etc/resolv.conf
}

// link makes what the network needs before the sandbox is started. It must be closed when that has ended.
func (m *monitor) link(ctx context.Context) (*link, error) {
	l := &link{Networking: m.cfg.Network, hostname: m.cfg.Hostname, folder: m.folder}
	var err error
	switch l.Mode.Kind {
	case network.Host:
		if l.hostname == m.record.Short() { // nobody chose it
			l.hostname, err = os.Hostname()
		}
	case network.Container:
		err = m.join(l)
	case network.Pasta:
		err = m.publish(ctx, l)
	}
	if err == nil {
		err = l.names()
	}
	if err != nil {
		return nil, errors.Join(err, l.close())
	}
	return l, nil
}

// into puts the network into the sandbox's description.
func (l *link) into(spec *sandbox.Spec) {
	spec.HostNetwork, spec.NetNS = l.Mode.Kind == network.Host, l.net
	if !spec.HostUsers { // the host's root has rights over every network
		spec.UserNS = l.user
	}
	if i := slices.Index(spec.Env, "HOSTNAME="+spec.Hostname); i >= 0 {
		spec.Env[i] = "HOSTNAME=" + l.hostname
	}
	spec.Hostname, spec.Domain = l.hostname, l.Names.Domain
}

// close ends the network. The error tells of one that had ended too early.
func (l *link) close() error {
	var all []error
	if l.conn != nil {
		all = append(all, l.conn.Close())
		l.net = nil // was the connection's
		if err := os.Remove(filepath.Join(l.folder, portsName)); !errors.Is(err, os.ErrNotExist) {
			all = append(all, err)
		}
	}
	for _, f := range []*os.File{l.user, l.net} {
		if f != nil {
			all = append(all, f.Close())
		}
	}
	return errors.Join(all...)
}

// publish has pasta serve a new network namespace. Looking for free ports and taking them is one step to
// all containers of this state folder.
func (m *monitor) publish(ctx context.Context, l *link) error {
	wanted, err := m.wanted()
	if err != nil {
		return err
	}
	if l.user, err = sandbox.UserNamespace(m.IDs); err != nil {
		return err
	}
	if len(wanted) > 0 {
		lock, err := lockPorts(m.Dir)
		if err != nil {
			return err
		}
		defer lock.Close()
	}
	ports, err := network.Claim(wanted)
	if err != nil {
		return err
	}
	if l.conn, err = l.Mode.Connect(ctx, l.user, m.IDs, ports); err != nil {
		return err
	}
	l.Ports, l.net = ports, l.conn.NetNS
	return l.record()
}

// wanted are the ports to be published: those that were named, and with PublishAll the others that the
// program is said to listen at.
func (m *monitor) wanted() ([]network.Port, error) {
	n := m.cfg.Network
	if !n.PublishAll {
		return n.Ports, nil
	}
	named := map[string]bool{}
	for _, p := range n.Ports {
		named[p.Inside()] = true
	}
	list := slices.Clone(n.Ports)
	for _, text := range append(slices.Sorted(maps.Keys(m.image.Config.ExposedPorts)), n.Exposed...) {
		ports, err := network.ParseExposed(text)
		if err != nil {
			return nil, fmt.Errorf("exposed port %w", err)
		}
		for _, p := range ports {
			if !named[p.Inside()] {
				named[p.Inside()] = true
				list = append(list, p)
			}
		}
	}
	return list, nil
}

func lockPorts(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "ports.lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the ports: %w", err)
	}
	for {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock the ports: %w", err), f.Close())
	}
	return f, nil
}

// portsName is a file of the container's folder with the ports that are published while it runs.
const portsName = "ports"

func (l *link) record() error {
	if len(l.Ports) == 0 {
		return nil
	}
	text, err := json.Marshal(l.Ports)
	if err != nil {
		return err
	}
	path := filepath.Join(l.folder, portsName)
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		return fmt.Errorf("record the ports: %w", err)
	}
	return os.Rename(path+".new", path)
}

// Ports are the ports of the container that are published now: none unless it runs.
func (e *Engine) Ports(c state.Container) ([]network.Port, error) {
	if !c.Alive(e.Dir) {
		return nil, nil
	}
	text, err := os.ReadFile(filepath.Join(e.Folder(c.ID), portsName))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	var ports []network.Port
	if err == nil {
		err = json.Unmarshal(text, &ports)
	}
	if err != nil {
		return nil, fmt.Errorf("the ports of container %s: %w", c.Name, err)
	}
	return ports, nil
}
