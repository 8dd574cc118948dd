// Package idmap says which host ids a sandbox's user and group ids are.
package idmap

// Range maps Count ids from Inside (in the sandbox) to Outside (on the host), as a line of
// /proc/PID/uid_map does (user_namespaces(7)).
type Range struct{ Inside, Outside, Count int }

// Map is the id mapping of one user namespace.
type Map struct {
	UIDs, GIDs []Range
	// Tool is true when newuidmap(1) and newgidmap(1) must write the map: a range for an ordinary user.
	Tool bool
	// Reason says, for people, why this mapping was chosen.
	Reason string
}

// Host returns the host id of an id inside, or -1 when it is not mapped.
func Host(ranges []Range, id int) int {
	for _, r := range ranges {
		if id >= r.Inside && id < r.Inside+r.Count {
			return r.Outside + id - r.Inside
		}
	}
	return -1
}

// RootBase is the first host id that sandboxes started by root use: container root is this
// unprivileged id on the host, never 0. It lies in a range that the Linux distributions leave unused
// (systemd, UIDS-GIDS.md: 1879048192…2147352575).
const (
	RootBase  = 1900000000
	RootCount = 65536
)
