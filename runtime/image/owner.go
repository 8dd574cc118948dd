package image

import (
	"os"

	"pocket/runtime/idmap"
)

// owners says whom unpacked files belong to.
type owners struct {
	change bool
	ids    idmap.Map
}

// newOwners: only root can give files away. For anyone else all files are the user's own, and the user
// is the container's root.
func newOwners(ids idmap.Map) owners {
	return owners{change: os.Geteuid() == 0, ids: ids}
}

// host returns the host ids of the ids an archive names; ids that no sandbox will have become root's.
func (o owners) host(uid, gid int) (int, int) {
	return hostID(o.ids.UIDs, uid), hostID(o.ids.GIDs, gid)
}

// hostID maps id. Without ranges there is no user namespace and ids mean themselves.
func hostID(ranges []idmap.Range, id int) int {
	if len(ranges) == 0 {
		const largest = 1<<32 - 2 // 2^32-1 is chown(2)'s "leave as it is"
		if id < 0 || int64(id) > largest {
			return 0
		}
		return id
	}
	if host := idmap.Host(ranges, id); host >= 0 {
		return host
	}
	if root := idmap.Host(ranges, 0); root >= 0 {
		return root
	}
	return ranges[0].Outside
}
