package main

// network is what --network was.
func (r *psRow) network() string { return r.cfg.Network.Mode.String() }

// ports are the published ones, in docker's words.
func (r *psRow) ports() []string {
	ports, err := r.engine.Ports(r.Container)
	if err != nil {
		return []string{"unknown"} // one bad container is no reason to show none
	}
	var all []string
	for _, p := range ports {
		all = append(all, p.String())
	}
	return all
}
