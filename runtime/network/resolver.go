package network

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
)

// resolver is what resolv.conf(5) says.
type resolver struct {
	servers []string
	search  []string
	options []string
}

// parseResolver reads a resolv.conf; what it does not know is left out.
func parseResolver(text string) resolver {
	var r resolver
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		switch words[0] {
		case "nameserver":
			r.servers = append(r.servers, words[1])
		case "search", "domain":
			r.search = words[1:] // the last counts
		case "options":
			r.options = append(r.options, words[1:]...)
		}
	}
	return r
}

func (r resolver) String() string {
	var b strings.Builder
	for _, s := range r.servers {
		fmt.Fprintf(&b, "nameserver %s\n", s)
	}
	if len(r.search) > 0 {
		fmt.Fprintf(&b, "search %s\n", strings.Join(r.search, " "))
	}
	if len(r.options) > 0 {
		fmt.Fprintf(&b, "options %s\n", strings.Join(r.options, " "))
	}
	return b.String()
}

// ResolverFile is what is to stand in /etc/resolv.conf; host is what stands in the host's. With pasta the
// servers at the host's loopback, which cannot be reached, are left out, and when none is left Resolver
// takes their place.
func (n Names) ResolverFile(m Mode, host string) string {
	if m.Kind == Host && len(n.Servers)+len(n.Search)+len(n.Options) == 0 {
		return host
	}
	var r resolver
	if m.Kind == Host || m.Kind == Pasta {
		r = parseResolver(host)
	}
	if m.Kind == Pasta {
		r.servers = reachable(r.servers)
	}
	if len(n.Servers) > 0 {
		r.servers = nil
		for _, s := range n.Servers {
			r.servers = append(r.servers, s.String())
		}
	}
	if len(n.Search) > 0 {
		r.search = n.Search
		if len(n.Search) == 1 && n.Search[0] == "." {
			r.search = nil
		}
	}
	if len(n.Options) > 0 {
		r.options = n.Options
	}
	return r.String()
}

func reachable(servers []string) []string {
	var list []string
	for _, s := range servers {
		if a, err := netip.ParseAddr(s); err == nil && !a.IsLoopback() && !a.IsUnspecified() {
			list = append(list, s)
		}
	}
	if len(list) == 0 {
		return []string{Resolver}
	}
	return list
}

// defaultGateway is the gateway of the host's default route, which pasta gives the sandbox too
// (proc_net(5), /proc/net/route).
func defaultGateway() (netip.Addr, error) {
	text, err := os.ReadFile("/proc/net/route")
	if err != nil {
		return netip.Addr{}, err
	}
	return gatewayOf(string(text))
}

func gatewayOf(routes string) (netip.Addr, error) {
	for line := range strings.Lines(routes) {
		words := strings.Fields(line)
		if len(words) < 8 || words[1] != "00000000" || words[7] != "00000000" {
			continue
		}
		raw, err := hex.DecodeString(words[2])
		if err != nil || len(raw) != 4 {
			continue
		}
		var a [4]byte
		binary.NativeEndian.PutUint32(a[:], binary.BigEndian.Uint32(raw)) // printed as a number of this machine
		return netip.AddrFrom4(a), nil
	}
	return netip.Addr{}, errors.New("this machine has no default route")
}
