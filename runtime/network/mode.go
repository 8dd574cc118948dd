// Package network connects a sandbox: to nothing, to the host's network, to another sandbox's, or through
// pasta, a program of the host that passes on what the sandbox sends as if it were its own.
package network

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"pocket/runtime/hint"
)

// Kind says what a sandbox is connected to.
type Kind string

// The kinds of networks.
const (
	None      Kind = "none" // nothing but a loopback of its own
	Host      Kind = "host" // the host's own network, its loopback included
	Container Kind = "container"
	Pasta     Kind = "pasta" // the host's network by way of a program of the host, without the host's loopback
)

// Mode is a network as the user chose it.
type Mode struct {
	Kind      Kind
	Container string   `json:",omitempty"` // with Container: its name, or a beginning of its id
	Options   []string `json:",omitempty"` // with Pasta: arguments for the program
	MapHost   bool     `json:",omitempty"` // with Pasta: the gateway's address leads to the host's loopback
}

// String is the mode as ParseMode reads it; without a kind it is none.
func (m Mode) String() string {
	switch {
	case m.Kind == Container:
		return "container:" + m.Container
	case m.Kind == Pasta && m.MapHost:
		return "pasta:" + strings.Join(append([]string{mapHost}, m.Options...), ",")
	case m.Kind == Pasta && len(m.Options) > 0:
		return "pasta:" + strings.Join(m.Options, ",")
	case m.Kind == "":
		return string(None)
	}
	return string(m.Kind)
}

// ParseMode reads none, host, container:NAME and pasta[:OPTION,…]. Anything else is an error with a hint.
func ParseMode(s string) (Mode, error) {
	kind, rest, more := strings.Cut(s, ":")
	switch {
	case (kind == "none" || kind == "host") && !more:
		return Mode{Kind: Kind(kind)}, nil
	case kind == "container" && rest != "":
		return Mode{Kind: Container, Container: rest}, nil
	case kind == "container":
		return Mode{}, fmt.Errorf("the network %q names no container (write container:NAME)", s)
	case kind == "pasta":
		return parsePasta(rest)
	case kind == "slirp4netns":
		return Mode{}, hint.With(fmt.Errorf("the network %q is not supported", s), "use pasta, which does the same and is quicker")
	case kind == "bridge" || kind == "default":
		return Mode{}, hint.With(fmt.Errorf("there is no network %q: a bridge needs root and a daemon", s), "use pasta for a way out, and -p to be reached")
	}
	return Mode{}, hint.With(fmt.Errorf("there is no network %q", s),
		"the networks are none, host, container:NAME and pasta; containers of one network share it by container:NAME")
}

// mapHost is podman's name of the option; it is none of pasta's.
const mapHost = "--map-gw"

// pastaOptions are the options of pasta(1) that do not contradict what we set, and a check of their value;
// without one they have none. Podman's users write them so too, each value as an element of its own.
var pastaOptions = map[string]func(string) bool{
	"-4": nil, "--ipv4-only": nil, "-6": nil, "--ipv6-only": nil,
	"--no-tcp": nil, "--no-udp": nil, "--no-icmp": nil, "--no-ndp": nil, "--no-ra": nil, "--no-dhcp": nil, "--no-dhcpv6": nil,
	"-m": isNumber, "--mtu": isNumber,
	"-a": isAddress, "--address": isAddress, "-g": isAddress, "--gateway": isAddress, "-o": isAddress, "--outbound": isAddress,
	"-n": isMask, "--netmask": isMask,
	"-i": isName, "--interface": isName, "--outbound-if4": isName, "--outbound-if6": isName,
	"-T": isPorts, "--tcp-ns": isPorts, "-U": isPorts, "--udp-ns": isPorts,
}

func isNumber(s string) bool  { _, err := strconv.ParseUint(s, 10, 16); return err == nil }
func isAddress(s string) bool { _, err := netip.ParseAddr(s); return err == nil }
func isMask(s string) bool    { return isNumber(s) || isAddress(s) }
func isName(s string) bool    { return s != "" && len(s) < 16 && !strings.ContainsAny(s, "/ \x00") } // IFNAMSIZ
func isPorts(s string) bool   { return s != "" && strings.Trim(s, "0123456789-:~./%") == "" }

func parsePasta(options string) (Mode, error) {
	m := Mode{Kind: Pasta}
	if options == "" {
		return m, nil
	}
	list := strings.Split(options, ",")
	for i := 0; i < len(list); i++ {
		check, known := pastaOptions[list[i]]
		switch {
		case list[i] == mapHost:
			m.MapHost = true
		case !known:
			return m, hint.With(fmt.Errorf("%q is not an option for pasta here", list[i]),
				"write for example pasta:--mtu,1500 or pasta:%s; ports are published with -p", mapHost)
		case check == nil:
			m.Options = append(m.Options, list[i])
		case i+1 == len(list) || !check(list[i+1]):
			return m, fmt.Errorf("pasta's option %s has no fit value (write %s,VALUE)", list[i], list[i])
		default:
			m.Options = append(m.Options, list[i], list[i+1])
			i++
		}
	}
	return m, nil
}

// forwards says whether the options name ports of the host's loopback that the sandbox may reach.
func (m Mode) forwards(short, long string) bool {
	return slices.Contains(m.Options, short) || slices.Contains(m.Options, long)
}
