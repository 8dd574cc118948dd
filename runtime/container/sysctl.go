package container

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"pocket/runtime/hint"
	"pocket/runtime/network"
	"pocket/runtime/rootfs"
)

// ownSysctls are the kernel's settings that an IPC namespace has of its own (ipc_namespaces(7)).
var ownSysctls = []string{"kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall", "kernel.shmmax",
	"kernel.shmmni", "kernel.shm_rmid_forced"}

// checkSysctls refuses settings that would be other programs' too.
func (c *Config) checkSysctls() error {
	var all []error
	for name, text := range c.Sysctls {
		all = append(all, c.checkSysctl(name, text))
	}
	return errors.Join(all...)
}

func (c *Config) checkSysctl(name, text string) error {
	for part := range strings.SplitSeq(name, ".") {
		if part == "" || strings.Trim(part, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != "" {
			return hint.With(fmt.Errorf("sysctl %q: that is not the name of a setting", name), "write it with dots, such as net.ipv4.ip_unprivileged_port_start")
		}
	}
	if text == "" || strings.ContainsAny(text, "\n\x00") {
		return fmt.Errorf("sysctl %s: %q is not a value", name, text)
	}
	switch {
	case strings.HasPrefix(name, "net."):
		if k := c.Network.Mode.Kind; k == network.Host || k == network.Container {
			return hint.With(fmt.Errorf("sysctl %s: with --network %s it is not the container's own", name, c.Network.Mode),
				"set it where the network is made, or give the container a network of its own")
		}
	case strings.HasPrefix(name, "fs.mqueue."), slices.Contains(ownSysctls, name):
	default:
		return hint.With(fmt.Errorf("sysctl %s: it is one of the whole machine, which no container has of its own", name),
			"of its own are net.…, fs.mqueue.…, kernel.msg…, kernel.sem and kernel.shm…; set others on the host")
	}
	return nil
}

// sysctls are the settings in order.
func (c *Config) sysctls() []rootfs.Sysctl {
	var list []rootfs.Sysctl
	for _, name := range slices.Sorted(maps.Keys(c.Sysctls)) {
		list = append(list, rootfs.Sysctl{Name: name, Value: c.Sysctls[name]})
	}
	return list
}
