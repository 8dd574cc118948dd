package idmap

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"strings"
)

// Default returns the widest mapping that works here without help: for root a range of unprivileged ids;
// for an ordinary user the user as root and, where newuidmap(1), newgidmap(1) and lines of subuid(5) and
// subgid(5) are there, a range behind it; else the user alone.
func Default() Map {
	uid, gid := os.Geteuid(), os.Getegid()
	if uid == 0 {
		r := []Range{{0, RootBase, RootCount}}
		return Map{UIDs: r, GIDs: r, Reason: fmt.Sprintf("root: container ids are the host's %d and up", RootBase)}
	}
	uids, gids, err := subordinate(uid)
	if err != nil {
		m := Single(0)
		m.Reason = "single id: " + err.Error()
		return m
	}
	return Map{
		UIDs: append([]Range{{0, uid, 1}}, uids...), GIDs: append([]Range{{0, gid, 1}}, gids...),
		Tool: true, Reason: "subordinate ids by newuidmap and newgidmap",
	}
}

// Single maps one id: inside, for both user and group. For root it stands for RootBase plus that id,
// never for the host's root.
func Single(inside int) Map {
	uid, gid := os.Geteuid(), os.Getegid()
	if uid == 0 {
		uid, gid = RootBase+inside, RootBase+inside
	}
	return Map{UIDs: []Range{{inside, uid, 1}}, GIDs: []Range{{inside, gid, 1}}, Reason: "single id"}
}

// None is what a sandbox without a user namespace has: every id is the host's own.
func None() Map {
	r := []Range{{0, 0, 1<<32 - 1}}
	return Map{UIDs: r, GIDs: r, Reason: "no user namespace: ids are the host's own"}
}

// Shifted translates the owners of files that were stored for root's sandboxes back to the ids that they have
// inside: the map of a user namespace for ID-mapped mounts (mount_setattr(2), "ID-mapped mounts").
func Shifted() Map {
	r := []Range{{RootBase, 0, RootCount}}
	return Map{UIDs: r, GIDs: r}
}

// Free is the first id from 100000 on, the customary start, behind all ranges that subuid(5) and subgid(5)
// give to anyone.
func Free() int {
	next := 100000
	for _, path := range []string{"/etc/subuid", "/etc/subgid"} {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		for _, line := range strings.Split(string(text), "\n") {
			parts := strings.Split(line, ":")
			if len(parts) != 3 {
				continue
			}
			first, err1 := strconv.Atoi(parts[1])
			count, err2 := strconv.Atoi(parts[2])
			if err1 == nil && err2 == nil {
				next = max(next, first+count)
			}
		}
	}
	return next
}

func subordinate(uid int) (uids, gids []Range, err error) {
	for _, tool := range []string{"newuidmap", "newgidmap"} {
		if _, err := exec.LookPath(tool); err != nil {
			return nil, nil, fmt.Errorf("%s is not installed (Debian's package uidmap)", tool)
		}
	}
	if uids, err = readSubordinate("/etc/subuid", uid); err != nil {
		return nil, nil, err
	}
	gids, err = readSubordinate("/etc/subgid", uid)
	return uids, gids, err
}

// readSubordinate reads the user's ranges, which are owned by name or by number (subuid(5)).
func readSubordinate(path string, uid int) ([]Range, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	owners := map[string]bool{strconv.Itoa(uid): true}
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		owners[u.Username] = true
	}
	var ranges []Range
	next := 1
	for lines := bufio.NewScanner(file); lines.Scan(); {
		parts := strings.Split(lines.Text(), ":")
		if len(parts) != 3 || !owners[parts[0]] {
			continue
		}
		first, err1 := strconv.Atoi(parts[1])
		count, err2 := strconv.Atoi(parts[2])
		if err1 != nil || err2 != nil || first <= 0 || count <= 0 {
			continue
		}
		ranges = append(ranges, Range{next, first, count})
		next += count
	}
	if len(ranges) == 0 {
		return nil, fmt.Errorf("%s has no line for uid %d", path, uid)
	}
	return ranges, nil
}
