package container

import (
	"fmt"
	"path"
	"strings"

	"pocket/runtime/hint"
)

// own are the places inside that every container has of its own and that the set-up itself, or what is
// hidden of the host, stands on: nothing of the user's can be laid over them. Below says that the same
// goes for all that is in them; elsewhere in /dev and /sys there is room, as for /dev/shm, /dev/log or
// /sys/fs/cgroup.
var own = []struct {
	path  string
	below bool
}{
	{"/proc", true}, {"/sys", false}, {"/sys/firmware", true}, {"/sys/devices/virtual/powercap", true},
	{"/sys/devices/virtual/dmi", true}, {"/dev", false},
	{"/dev/null", true}, {"/dev/zero", true}, {"/dev/full", true}, {"/dev/random", true}, {"/dev/urandom", true},
	{"/dev/tty", true}, {"/dev/pts", true}, {"/dev/ptmx", true},
	{"/dev/fd", true}, {"/dev/stdin", true}, {"/dev/stdout", true}, {"/dev/stderr", true},
}

// checkTarget refuses what cannot be a mount's place inside. Names only are looked at: a link of the
// image that leads to such a place ends the set-up instead.
func checkTarget(target string) error {
	clean := path.Clean(target)
	if !path.IsAbs(target) || clean == "/" {
		return hint.With(fmt.Errorf("mount target %q is not an absolute path below /", target),
			"choose a folder inside, such as /mnt; another root is given in place of the image")
	}
	for _, o := range own {
		if clean == o.path || o.below && strings.HasPrefix(clean, o.path+"/") {
			return hint.With(fmt.Errorf("mount target %s: nothing can be laid over %s, which each container has of its own", clean, o.path),
				"choose another target, such as /mnt")
		}
	}
	return nil
}
