package tree

import (
	"fmt"
	"os"
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"pocket/runtime/hint"
	"pocket/runtime/idmap"
)

// place is a folder in which names are looked up.
type place struct {
	fd      int
	resolve uint64 // how links on the way are taken (openat2(2))
	ids     *idmap.Map
}

// Links of a container lead where they lead in the container; in a folder of the host, nowhere at all: what
// is unpacked there has no need of them. Magic links of /proc would lead out of both.
const (
	insideRoot = unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS
	noLinks    = unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS
)

// open opens name. Mode is for O_CREAT.
func (p *place) open(name string, flags int, mode uint32) (int, error) {
	if name = strings.TrimLeft(name, "/"); name == "" {
		name = "."
	}
	how := unix.OpenHow{Flags: uint64(flags | unix.O_CLOEXEC), Mode: uint64(mode), Resolve: p.resolve}
	for {
		fd, err := unix.Openat2(p.fd, name, &how)
		switch err {
		case unix.EAGAIN, unix.EINTR: // a rename anywhere on the host raced with a ".." (openat2(2), ERRORS)
			continue
		case unix.ENOSYS:
			return -1, hint.With(fmt.Errorf("openat2: %w", err), "use Linux 5.6 or later")
		case nil:
			return fd, nil
		}
		return -1, &os.PathError{Op: "open", Path: "/" + strings.TrimPrefix(name, "."), Err: err}
	}
}

// folder opens an existing folder.
func (p *place) folder(name string) (int, error) {
	return p.open(name, unix.O_PATH|unix.O_DIRECTORY, 0)
}

// close is for descriptors that were only looked through.
func closeFD(fd int) { _ = unix.Close(fd) }

// through opens what an O_PATH descriptor stands for: that very file, whatever has its name by now.
func through(fd, flags int) (*os.File, error) {
	name := "/proc/self/fd/" + strconv.Itoa(fd)
	opened, err := unix.Open(name, flags|unix.O_CLOEXEC|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(opened), name), nil
}

// owner is what the container calls the host's id.
func owner(ranges []idmap.Range, host uint32) int {
	for _, r := range ranges {
		if id := int(host); id >= r.Outside && id < r.Outside+r.Count {
			return r.Inside + id - r.Outside
		}
	}
	return overflow
}

// overflow is what ids without a mapping are shown as (user_namespaces(7)).
const overflow = 65534

// owners are the ids of a file as the container has them.
func (p *place) owners(st *unix.Stat_t) (uid, gid int) {
	if p.ids == nil {
		return int(st.Uid), int(st.Gid)
	}
	return owner(p.ids.UIDs, st.Uid), owner(p.ids.GIDs, st.Gid)
}

// hostIDs are the ids to give a file so that the container has them as uid and gid; what has no mapping
// becomes its root's.
func (p *place) hostIDs(uid, gid int) (int, int) {
	if p.ids == nil {
		return uid, gid
	}
	return hostID(p.ids.UIDs, uid), hostID(p.ids.GIDs, gid)
}

func hostID(ranges []idmap.Range, id int) int {
	if host := idmap.Host(ranges, id); host >= 0 {
		return host
	}
	if root := idmap.Host(ranges, 0); root >= 0 {
		return root
	}
	return ranges[0].Outside
}

// entryName makes an archive's name one that stays where it is unpacked: "." for the top.
func entryName(name string) string {
	name = path.Clean("/" + name)[1:]
	if name == "" {
		return "."
	}
	return name
}
