package network

import (
	"net/netip"
	"strings"
	"testing"

	"pocket/runtime/hint"
)

func TestHostNames(t *testing.T) {
	for text, want := range map[string]HostName{
		"db:10.0.0.2":          {"db", netip.MustParseAddr("10.0.0.2")},
		"db=10.0.0.2":          {"db", netip.MustParseAddr("10.0.0.2")},
		"db.lan:::1":           {"db.lan", netip.MustParseAddr("::1")},
		"db:[fd00::1]":         {"db", netip.MustParseAddr("fd00::1")},
		"my_host:host-gateway": {Name: "my_host"},
	} {
		if got, err := ParseHost(text); err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "db", "db:", ":10.0.0.2", "db:10.0.0", "a b:10.0.0.2", "-x:10.0.0.2", "x\n:1.1.1.1",
		"db:1.1.1.1\n", strings.Repeat("a", 65) + ":1.1.1.1"} {
		if got, err := ParseHost(text); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestWordsOfTheResolver(t *testing.T) {
	for _, bad := range []string{"", "a b", "x\n", "-", "a..b"} {
		if CheckSearch(bad) == nil {
			t.Errorf("%q is a domain", bad)
		}
		if bad != "-" && bad != "" && bad != "a..b" && CheckOption(bad) == nil {
			t.Errorf("%q is an option", bad)
		}
	}
	for _, good := range []string{".", "example.com", "lan"} {
		if err := CheckSearch(good); err != nil {
			t.Error(err)
		}
	}
	if err := CheckOption("ndots:2"); err != nil {
		t.Error(err)
	}
}

func TestHostsFile(t *testing.T) {
	n := Names{Domain: "lan", Hosts: []HostName{{"db", netip.MustParseAddr("10.0.0.2")}}}
	got, err := n.HostsFile(Mode{}, "web", "10.9.9.9 secret\n")
	if err != nil || !strings.Contains(got, "127.0.0.1\tlocalhost\n") || !strings.Contains(got, "\tweb.lan web\n") ||
		!strings.HasSuffix(got, "10.0.0.2\tdb\n") || strings.Contains(got, "secret") {
		t.Errorf("%v %q", err, got)
	}
	got, err = n.HostsFile(Mode{Kind: Host}, "web", "10.9.9.9 near")
	if err != nil || got != "10.9.9.9 near\n10.0.0.2\tdb\n" {
		t.Errorf("%v %q", err, got)
	}
	gate := Names{Hosts: []HostName{{Name: "host"}}}
	if got, err = gate.HostsFile(Mode{Kind: Host}, "web", ""); err != nil || got != "127.0.0.1\thost\n" {
		t.Errorf("%v %q", err, got)
	}
	for _, m := range []Mode{{}, {Kind: Pasta}} {
		if got, err = gate.HostsFile(m, "web", ""); err == nil || !strings.Contains(hint.Of(err), "pasta:--map-gw") {
			t.Errorf("%s: %v %q", m, err, got)
		}
	}
}

func TestResolverFile(t *testing.T) {
	const stub = "# made by a program\nnameserver 127.0.0.53\noptions edns0 trust-ad\nsearch lan corp\n"
	const real = "nameserver 10.0.0.1\nnameserver 127.0.0.1\nnameserver fd00::1\ndomain old\nsearch lan\n"
	server := []netip.Addr{netip.MustParseAddr("9.9.9.9")}
	for _, c := range []struct {
		name string
		n    Names
		kind Kind
		host string
		want string
	}{
		{"none", Names{}, None, real, ""},
		{"none with a server", Names{Servers: server}, None, real, "nameserver 9.9.9.9\n"},
		{"host", Names{}, Host, stub, stub},
		{"host with a server", Names{Servers: server}, Host, stub, "nameserver 9.9.9.9\nsearch lan corp\noptions edns0 trust-ad\n"},
		{"pasta", Names{}, Pasta, real, "nameserver 10.0.0.1\nnameserver fd00::1\nsearch lan\n"},
		{"pasta behind a stub", Names{}, Pasta, stub, "nameserver 169.254.1.1\nsearch lan corp\noptions edns0 trust-ad\n"},
		{"pasta without any", Names{}, Pasta, "", "nameserver 169.254.1.1\n"},
		{"no search", Names{Search: []string{"."}, Options: []string{"ndots:2"}}, Pasta, real, "nameserver 10.0.0.1\nnameserver fd00::1\noptions ndots:2\n"},
	} {
		if got := c.n.ResolverFile(Mode{Kind: c.kind}, c.host); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestGateway(t *testing.T) {
	const routes = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n" +
		"eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n" +
		"eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
	if got, err := gatewayOf(routes); err != nil || got.String() != "192.0.2.1" {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := gatewayOf("Iface\tDestination\n"); err == nil {
		t.Errorf("%v", got)
	}
}
