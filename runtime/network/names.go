package network

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"pocket/runtime/hint"
)

// Names is how a sandbox finds others by name, beside what its network knows.
type Names struct {
	Domain  string       `json:",omitempty"`
	Hosts   []HostName   `json:",omitempty"` // further lines of /etc/hosts
	Servers []netip.Addr `json:",omitempty"` // name servers in place of the host's
	Search  []string     `json:",omitempty"` // domains in place of the host's; "." alone for none
	Options []string     `json:",omitempty"` // of resolv.conf(5), in place of the host's
}

// HostName is a name with its address. The zero address stands for the host's, as the sandbox sees it.
type HostName struct {
	Name    string
	Address netip.Addr
}

// Gateway is how a user writes the host's address.
const Gateway = "host-gateway"

// ParseHost reads NAME:ADDRESS or NAME=ADDRESS, as docker's --add-host. The address may be Gateway.
func ParseHost(s string) (HostName, error) {
	name, address, found := strings.Cut(s, "=")
	if !found {
		name, address, found = strings.Cut(s, ":")
	}
	if !found || address == "" {
		return HostName{}, fmt.Errorf("%q is not NAME:ADDRESS", s)
	}
	if err := CheckName(name); err != nil {
		return HostName{}, err
	}
	if address == Gateway {
		return HostName{Name: name}, nil
	}
	a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(address, "["), "]"))
	if err != nil {
		return HostName{}, fmt.Errorf("%q is not an IP address (or %s)", address, Gateway)
	}
	return HostName{name, a}, nil
}

// ParseServer reads the address of a name server.
func ParseServer(s string) (netip.Addr, error) {
	a, err := netip.ParseAddr(s)
	if err != nil {
		return a, fmt.Errorf("%q is not the IP address of a name server", s)
	}
	return a, nil
}

// CheckName refuses what can be no host's or domain's name: hostname(7), with the underscore that many
// have all the same, and at most 64 bytes (sethostname(2)).
func CheckName(s string) error {
	if len(s) > 64 {
		return fmt.Errorf("host name %q has more than 64 bytes", s)
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") || strings.Trim(label, nameBytes) != "" {
			return hint.With(fmt.Errorf("%q is not a host name", s), "use letters, digits, - and _, in parts that dots divide")
		}
	}
	return nil
}

const nameBytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

// CheckSearch refuses what can be no domain to search; "." means none.
func CheckSearch(s string) error {
	if s == "." {
		return nil
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(s) > 253 || CheckName(label) != nil {
			return fmt.Errorf("%q is not a domain to search", s)
		}
	}
	return nil
}

// CheckOption refuses what cannot stand on a line of resolv.conf(5).
func CheckOption(s string) error {
	if s == "" || strings.Trim(s, nameBytes+":") != "" {
		return fmt.Errorf("%q is not an option of resolv.conf, such as ndots:2", s)
	}
	return nil
}

// HostsFile is what is to stand in /etc/hosts. The host's own file is taken over with the host's network,
// with which its names mean the same.
func (n Names) HostsFile(m Mode, hostname, hosts string) (string, error) {
	var b strings.Builder
	if m.Kind == Host {
		b.WriteString(hosts)
		if hosts != "" && !strings.HasSuffix(hosts, "\n") {
			b.WriteByte('\n')
		}
	} else {
		b.WriteString("127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n" +
			"fe00::\tip6-localnet\nff00::\tip6-mcastprefix\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n")
		fmt.Fprintf(&b, "127.0.0.1\t%s\n", n.own(hostname))
	}
	for _, h := range n.Hosts {
		address := h.Address
		if !address.IsValid() {
			var err error
			if address, err = m.gateway(); err != nil {
				return "", fmt.Errorf("the address of %s: %w", h.Name, err)
			}
		}
		fmt.Fprintf(&b, "%s\t%s\n", address, h.Name)
	}
	return b.String(), nil
}

// own are the names of the sandbox itself: with its domain, and short.
func (n Names) own(hostname string) string {
	full := hostname
	if n.Domain != "" {
		full += "." + n.Domain
	}
	if short, _, dotted := strings.Cut(full, "."); dotted {
		return full + " " + short
	}
	return full
}

// gateway is the host's address as a sandbox with this network sees it.
func (m Mode) gateway() (netip.Addr, error) {
	switch {
	case m.Kind == Host:
		return netip.AddrFrom4([4]byte{127, 0, 0, 1}), nil
	case m.Kind == Pasta && m.MapHost:
		return defaultGateway()
	case m.Kind == Pasta:
		return netip.Addr{}, hint.With(errors.New("the network pasta keeps the host's own services out of reach"),
			"open them to the container with --network pasta:%s", mapHost)
	}
	return netip.Addr{}, hint.With(fmt.Errorf("with the network %s the host cannot be reached", m), "use --network pasta:%s", mapHost)
}
