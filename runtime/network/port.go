package network

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"pocket/runtime/hint"
)

// Port is a port of a sandbox that is reached through one of the host.
type Port struct {
	Container uint16
	Protocol  string     // "tcp" or "udp"
	Address   netip.Addr // of the host; the zero value stands for all of them
	// Host is the host's port; 0 stands for one that is free, and is chosen by Claim. When Last is more than
	// Host, it is one of those from Host to Last.
	Host uint16
	Last uint16 `json:",omitempty"`
}

// Fixed says whether the host's port is known.
func (p Port) Fixed() bool { return p.Host != 0 && p.Last <= p.Host }

// String shows the port as ps does: 0.0.0.0:8080->80/tcp.
func (p Port) String() string { return p.Outside() + "->" + p.Inside() }

// Inside is the sandbox's port: 80/tcp.
func (p Port) Inside() string { return fmt.Sprintf("%d/%s", p.Container, p.Protocol) }

// Outside is the host's address and port: 0.0.0.0:8080.
func (p Port) Outside() string {
	address := p.Address
	if !address.IsValid() {
		address = netip.IPv4Unspecified()
	}
	return netip.AddrPortFrom(address, p.Host).String()
}

// maxPorts bounds a range: each port is a socket that pasta keeps open.
const maxPorts = 4096

// ParsePorts reads a published port as docker does: [ADDRESS:][HOST:]CONTAINER[/tcp|udp], where HOST and
// CONTAINER may be ranges FIRST-LAST of the same length, and HOST a range for a single port, of which the
// first free one is taken.
func ParsePorts(s string) ([]Port, error) {
	where, protocol, named := strings.Cut(s, "/")
	if !named {
		protocol = "tcp"
	}
	if protocol = strings.ToLower(protocol); protocol != "tcp" && protocol != "udp" {
		return nil, fmt.Errorf("%q: the protocol %q is neither tcp nor udp", s, protocol)
	}
	i := strings.LastIndexByte(where, ':')
	inside, err := parseRange(where[i+1:])
	if err != nil {
		return nil, fmt.Errorf("%q: %w", s, err)
	}
	port := Port{Protocol: protocol}
	var outside portRange
	if i >= 0 {
		if outside, err = parseOutside(where[:i], &port.Address); err != nil {
			return nil, fmt.Errorf("%q: %w", s, err)
		}
	}
	return port.spread(s, inside, outside)
}

// spread makes a port of each of a range.
func (p Port) spread(s string, inside, outside portRange) ([]Port, error) {
	if inside.size() > maxPorts || outside.size() > maxPorts {
		return nil, fmt.Errorf("%q has more than %d ports", s, maxPorts)
	}
	if inside.size() == 1 && outside.size() > 1 {
		p.Container, p.Host, p.Last = inside.first, outside.first, outside.last
		return []Port{p}, nil
	}
	if outside.first != 0 && inside.size() != outside.size() {
		return nil, fmt.Errorf("%q: the ranges differ in length", s)
	}
	var list []Port
	for i := range inside.size() {
		p.Container = inside.first + uint16(i)
		if outside.first != 0 {
			p.Host = outside.first + uint16(i)
		}
		list = append(list, p)
	}
	return list, nil
}

// parseOutside reads what stands before the last colon: HOST, ADDRESS:HOST, or ADDRESS: and nothing.
func parseOutside(s string, address *netip.Addr) (portRange, error) {
	i := strings.LastIndexByte(s, ':')
	if i >= 0 {
		text := s[:i]
		if bare, ok := strings.CutPrefix(text, "["); ok {
			if text, ok = strings.CutSuffix(bare, "]"); !ok {
				return portRange{}, fmt.Errorf("%q has no end (write [::1]:8080:80)", s[:i])
			}
		} else if strings.ContainsRune(text, ':') {
			return portRange{}, fmt.Errorf("%q is not an address (write an IPv6 one in brackets, as [::1]:8080:80)", text)
		}
		var err error
		if *address, err = netip.ParseAddr(text); err != nil || address.Zone() != "" {
			return portRange{}, hint.With(fmt.Errorf("%q is not an IP address of this machine", text), "write for example 127.0.0.1:8080:80")
		}
		*address = address.Unmap()
		if s[i+1:] == "" {
			return portRange{}, nil
		}
	}
	return parseRange(s[i+1:])
}

// portRange is first to last; the zero value is none at all.
type portRange struct{ first, last uint16 }

func (r portRange) size() int { return int(r.last) - int(r.first) + 1 }

func parseRange(s string) (portRange, error) {
	first, last, more := strings.Cut(s, "-")
	if !more {
		last = first
	}
	a, err := parsePort(first)
	if err != nil {
		return portRange{}, err
	}
	b, err := parsePort(last)
	if err == nil && b < a {
		err = fmt.Errorf("the range %s ends before it begins", s)
	}
	return portRange{a, b}, err
}

func parsePort(s string) (uint16, error) {
	if s == "" {
		return 0, errors.New("a port is missing (write HOST:CONTAINER, as 8080:80)")
	}
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("%q is not a port (1 to 65535)", s)
	}
	return uint16(n), nil
}

// ParseExposed reads a port as an image names those that it offers: 80, 80/tcp, or a range of such.
func ParseExposed(s string) ([]Port, error) {
	if strings.ContainsRune(s, ':') {
		return nil, fmt.Errorf("%q is not a port of the container (write 80 or 80/tcp; -p publishes it)", s)
	}
	return ParsePorts(s)
}
