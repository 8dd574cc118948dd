package main

// network is what --network was.
func (r *psRow) network() string { return networkOf(r.cfg) }

// ports are the published ones, in docker's words.
func (r *psRow) ports() []string { return nil }
