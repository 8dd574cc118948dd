package network

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"pocket/runtime/hint"
)

// Claim looks whether the ports can be had, and chooses those that are not fixed. They are not kept: who calls
// holds a lock until somebody else listens at them. A port that is in use is an error that names it, and so is
// a reserved one even for root: pasta, in the sandbox's user namespace, has no privilege to listen there.
func Claim(ports []Port) ([]Port, error) {
	var held []int
	defer func() {
		for _, fd := range held {
			_ = unix.Close(fd)
		}
	}()
	list := make([]Port, 0, len(ports))
	for _, p := range ports {
		// All stay bound until all are: none is chosen twice, and two of ours with the same port clash.
		fds, err := p.claim()
		held = append(held, fds...)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, translatable(list)
}

// claim binds the host's port, and stores the one that was chosen.
func (p *Port) claim() ([]int, error) {
	if first := lowest(); p.Host != 0 && int(p.Host) < first {
		return nil, lowPort(fmt.Errorf("publish port %s at %s: %w", p.Inside(), p.Outside(), unix.EACCES), p.Host, first)
	}
	if p.Last <= p.Host {
		return p.bind()
	}
	for first := p.Host; ; p.Host++ {
		fds, err := p.bind()
		if err == nil || p.Host == p.Last || !errors.Is(err, unix.EADDRINUSE) {
			if err != nil && errors.Is(err, unix.EADDRINUSE) {
				err = fmt.Errorf("publish port %s: none of the ports %d to %d of this machine is free: %w", p.Inside(), first, p.Last, unix.EADDRINUSE)
			}
			p.Last = 0
			return fds, err
		}
	}
}

// attempts bounds the search for a number that is free for both versions of IP.
const attempts = 16

func (p *Port) bind() ([]int, error) {
	addresses := []netip.Addr{p.Address}
	if !p.Address.IsValid() {
		addresses = []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()}
	}
	for attempt := 1; ; attempt++ {
		fds, port, err := bindAll(addresses, p.Host, p.Protocol == "udp")
		if err == nil {
			p.Host = port
			return fds, nil
		}
		if p.Host != 0 || !errors.Is(err, unix.EADDRINUSE) || attempt == attempts {
			return nil, p.explain(err)
		}
	}
}

func bindAll(addresses []netip.Addr, port uint16, datagrams bool) ([]int, uint16, error) {
	var fds []int
	for _, a := range addresses {
		fd, got, err := bindOne(netip.AddrPortFrom(a, port), datagrams)
		if err == nil {
			fds, port = append(fds, fd), got
			continue
		}
		if errors.Is(err, unix.EAFNOSUPPORT) && len(addresses) > 1 {
			continue // a kernel without IPv6
		}
		for _, fd := range fds {
			_ = unix.Close(fd)
		}
		return nil, 0, err
	}
	return fds, port, nil
}

// bindOne takes an address without listening. An ended connection must not keep a TCP port from being
// taken (SO_REUSEADDR, socket(7)); for UDP the same option would let two programs have it.
func bindOne(at netip.AddrPort, datagrams bool) (int, uint16, error) {
	family, kind := unix.AF_INET, unix.SOCK_STREAM
	if at.Addr().Is6() {
		family = unix.AF_INET6
	}
	if datagrams {
		kind = unix.SOCK_DGRAM
	}
	fd, err := unix.Socket(family, kind|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, 0, err
	}
	if !datagrams {
		err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
	}
	if family == unix.AF_INET6 {
		err = errors.Join(err, unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1))
	}
	if err == nil {
		err = unix.Bind(fd, sockaddr(at))
	}
	port := at.Port()
	if err == nil && port == 0 {
		port, err = boundPort(fd)
	}
	if err != nil {
		_ = unix.Close(fd)
		return -1, 0, err
	}
	return fd, port, nil
}

func sockaddr(at netip.AddrPort) unix.Sockaddr {
	if at.Addr().Is6() {
		return &unix.SockaddrInet6{Port: int(at.Port()), Addr: at.Addr().As16()}
	}
	return &unix.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().As4()}
}

func boundPort(fd int) (uint16, error) {
	name, err := unix.Getsockname(fd)
	if err != nil {
		return 0, err
	}
	switch a := name.(type) {
	case *unix.SockaddrInet4:
		return uint16(a.Port), nil
	case *unix.SockaddrInet6:
		return uint16(a.Port), nil
	}
	return 0, errors.New("a socket without a port")
}

// explain says what the user can do about a port that cannot be had.
func (p *Port) explain(err error) error {
	told := fmt.Errorf("publish port %s at %s: %w", p.Inside(), p.Outside(), err)
	switch {
	case errors.Is(err, unix.EADDRINUSE):
		return hint.With(told, "another program or container has the port %d: choose another (-p %d:%d), or end it (ss -lnp shows which it is)",
			p.Host, nextPort(p.Host), p.Container)
	case errors.Is(err, unix.EACCES):
		return lowPort(told, p.Host, lowest())
	case errors.Is(err, unix.EADDRNOTAVAIL):
		return hint.With(told, "this machine has no address %s: leave it out for all of them", p.Address)
	}
	return told
}

func nextPort(n uint16) int { return min(int(n)+1, 65535) }

func lowPort(err error, port uint16, first int) error {
	return hint.With(err, "ports below %d are reserved: choose a higher one, or as root: sysctl net.ipv4.ip_unprivileged_port_start=%d", first, port)
}

// lowest is the first port that needs no privilege (ip(7), ip_unprivileged_port_start).
func lowest() int {
	text, err := os.ReadFile("/proc/sys/net/ipv4/ip_unprivileged_port_start")
	if n, parseErr := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && parseErr == nil {
		return n
	}
	return 1024
}

// translatable finds what pasta cannot do: for a protocol and a port of the host there is one port inside,
// whatever the host's address.
func translatable(ports []Port) error {
	type outside struct {
		protocol string
		port     uint16
	}
	inside := map[outside]uint16{}
	for _, p := range ports {
		key := outside{p.Protocol, p.Host}
		if other, seen := inside[key]; seen && other != p.Container {
			return hint.With(fmt.Errorf("publish port %s at %s: %d of another address leads to %d", p.Inside(), p.Outside(), p.Host, other),
				"choose another port of this machine for one of them")
		}
		inside[key] = p.Container
	}
	return nil
}
