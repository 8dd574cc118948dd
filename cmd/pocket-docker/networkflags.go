package main

import (
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"pocket/runtime/container"
	"pocket/runtime/hint"
	"pocket/runtime/network"
)

// networkOptions is what the command line says of the network beside what goes into the config as it is.
type networkOptions struct {
	*container.Networking
	chosen bool // --network was given
}

// flags defines the flags of networks, in the order of run's help.
func (o *networkOptions) flags(flags *pflag.FlagSet) {
	each := func(kind string, set func(string) error) *value { return &value{kind: kind, set: set} }
	flags.Var(each("none|host|container:NAME|pasta", o.setMode), "network", "")
	flags.Var(each("none|host|container:NAME|pasta", o.setMode), "net", "")
	flags.VarP(each("[address:][host:]port[/udp]", o.setPort), "publish", "p", "")
	flags.BoolVarP(&o.PublishAll, "publish-all", "P", false, "")
	flags.Var(each("port", o.setExposed), "expose", "")
	flags.Var(each("name", o.setDomain), "domainname", "")
	flags.Var(each("address", o.setServer), "dns", "")
	flags.Var(each("domain", checked(&o.Names.Search, network.CheckSearch)), "dns-search", "")
	flags.Var(each("option", checked(&o.Names.Options, network.CheckOption)), "dns-option", "")
	flags.Var(each("option", checked(&o.Names.Options, network.CheckOption)), "dns-opt", "")
	flags.Var(each("name:address", o.setHost), "add-host", "")
	for name, instead := range noNetworks {
		flags.Var(each("", func(string) error {
			return hint.With(errors.New("containers have no addresses of their own here"), "%s", instead)
		}), name, "")
		_ = flags.MarkHidden(name)
	}
	for _, other := range []string{"net", "dns-opt"} { // docker's other words for network and dns-option
		_ = flags.MarkHidden(other)
	}
}

// noNetworks are docker's flags for networks between containers, which need root and a bridge.
var noNetworks = map[string]string{
	"ip":            "publish a port (-p), or share a container's network (--network container:NAME)",
	"ip6":           "publish a port (-p), or share a container's network (--network container:NAME)",
	"mac-address":   "pasta gives a container one of its own",
	"network-alias": "containers that share a network (--network container:NAME) reach each other at localhost; --add-host names others",
	"net-alias":     "containers that share a network (--network container:NAME) reach each other at localhost; --add-host names others",
	"link":          "share the other's network (--network container:NAME)",
	"link-local-ip": "publish a port (-p), or share a container's network (--network container:NAME)",
}

func (o *networkOptions) setMode(s string) (err error) {
	if o.chosen {
		return hint.With(fmt.Errorf("a second network, %q, cannot be joined", s), "give --network once")
	}
	o.chosen = true
	o.Mode, err = network.ParseMode(s)
	return err
}

func (o *networkOptions) setPort(s string) error {
	ports, err := network.ParsePorts(s)
	o.Ports = append(o.Ports, ports...)
	return err
}

func (o *networkOptions) setExposed(s string) error {
	if _, err := network.ParseExposed(s); err != nil {
		return err
	}
	o.Exposed = append(o.Exposed, s)
	return nil
}

func (o *networkOptions) setDomain(s string) error {
	o.Names.Domain = s
	return network.CheckName(s)
}

func (o *networkOptions) setServer(s string) error {
	a, err := network.ParseServer(s)
	o.Names.Servers = append(o.Names.Servers, a)
	return err
}

func (o *networkOptions) setHost(s string) error {
	h, err := network.ParseHost(s)
	o.Names.Hosts = append(o.Names.Hosts, h)
	return err
}

// checked appends what passes the check.
func checked(to *[]string, check func(string) error) func(string) error {
	return func(s string) error {
		*to = append(*to, s)
		return check(s)
	}
}

// settle finds what is wrong with the flags as a whole, and chooses pasta where ports are to be published.
func (o *networkOptions) settle(command string) error {
	publishes := len(o.Ports) > 0 || o.PublishAll
	if publishes && !o.chosen {
		o.Mode = network.Mode{Kind: network.Pasta}
	}
	if publishes && o.Mode.Kind != network.Pasta {
		instead := "leave --network out, or use pasta"
		switch o.Mode.Kind {
		case network.Host:
			instead = "leave -p out: with the host's network the program's ports are the host's"
		case network.Container:
			instead = "publish it where the other container is started"
		}
		return usageError{hint.With(fmt.Errorf("%s: ports cannot be published with --network %s", command, o.Mode), "%s", instead)}
	}
	if o.Mode.Kind == network.Container && (o.Names.Domain != "" || len(o.Names.Servers)+len(o.Names.Search)+len(o.Names.Options) > 0) {
		return usageError{hint.With(fmt.Errorf("%s: a container that joins another's network has its domain and name servers too", command),
			"leave --dns…, and --domainname, out, or give them where the other is started")}
	}
	return nil
}
