package main

import (
	"strconv"

	"pocket/runtime/container"
	"pocket/runtime/network"
	"pocket/runtime/state"
)

// inspectedPublished is what was asked for of the network, in docker's words.
type inspectedPublished struct {
	PortBindings    map[string][]inspectedPort
	PublishAllPorts bool
	DNS             []string `json:"Dns"`
	DNSOptions      []string `json:"DnsOptions"`
	DNSSearch       []string `json:"DnsSearch"`
	ExtraHosts      []string
}

// inspectedNetwork is what there is of the network now.
type inspectedNetwork struct {
	Ports map[string][]inspectedPort
}

type inspectedPort struct {
	HostIP   string `json:"HostIp"`
	HostPort string
}

func inspectPublished(n container.Networking) inspectedPublished {
	o := inspectedPublished{PortBindings: inspectPorts(n.Ports), PublishAllPorts: n.PublishAll, DNS: []string{},
		DNSOptions: append([]string{}, n.Names.Options...), DNSSearch: append([]string{}, n.Names.Search...), ExtraHosts: []string{}}
	for _, s := range n.Names.Servers {
		o.DNS = append(o.DNS, s.String())
	}
	for _, h := range n.Names.Hosts {
		address := network.Gateway
		if h.Address.IsValid() {
			address = h.Address.String()
		}
		o.ExtraHosts = append(o.ExtraHosts, h.Name+":"+address)
	}
	return o
}

// inspectPorts lists ports by the container's. A host's port that is to be chosen is "", or a range.
func inspectPorts(ports []network.Port) map[string][]inspectedPort {
	all := map[string][]inspectedPort{}
	for _, p := range ports {
		one := inspectedPort{}
		if p.Address.IsValid() {
			one.HostIP = p.Address.String()
		}
		if p.Host != 0 {
			one.HostPort = strconv.Itoa(int(p.Host))
		}
		if p.Last > p.Host {
			one.HostPort += "-" + strconv.Itoa(int(p.Last))
		}
		all[p.Inside()] = append(all[p.Inside()], one)
	}
	return all
}

func (i *inspector) network(c state.Container) inspectedNetwork {
	ports, err := i.engine.Ports(c)
	if err != nil {
		ports = nil // the rest of the container is shown all the same
	}
	return inspectedNetwork{Ports: inspectPorts(ports)}
}
