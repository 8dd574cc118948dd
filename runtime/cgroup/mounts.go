package cgroup

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// hierarchies says, per controller of v1 and for v2, which folder is our own group.
type hierarchies struct {
	v1      map[string]string // controller to folder
	v2      string            // "" when cgroup2 is not mounted
	v2Mount string            // where it is mounted
	v2Path  string            // our path in it, as /proc/self/cgroup says
}

// readMounts reads proc_pid_mountinfo(5) and cgroups(7), "/proc/pid/cgroup".
func readMounts(mountinfo, own string) (hierarchies, error) {
	h := hierarchies{v1: map[string]string{}}
	paths, v2Path, err := ownPaths(own)
	if err != nil {
		return h, err
	}
	file, err := os.Open(mountinfo)
	if err != nil {
		return h, fmt.Errorf("read the mounts: %w", err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		left, right, ok := strings.Cut(lines.Text(), " - ")
		l, r := strings.Fields(left), strings.Fields(right)
		if !ok || len(l) < 5 || len(r) < 3 {
			continue
		}
		root, point := unescape(l[3]), unescape(l[4])
		switch r[0] {
		case "cgroup2":
			if h.v2 == "" {
				h.v2, h.v2Mount, h.v2Path = below(point, root, v2Path), point, v2Path
			}
		case "cgroup":
			for _, option := range strings.Split(r[2], ",") {
				if path, ok := paths[option]; ok && h.v1[option] == "" {
					h.v1[option] = below(point, root, path)
				}
			}
		}
	}
	return h, nil
}

func ownPaths(file string) (v1 map[string]string, v2 string, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, "", fmt.Errorf("read our control groups: %w", err)
	}
	v1 = map[string]string{}
	for _, line := range strings.Split(string(text), "\n") {
		parts := strings.SplitN(line, ":", 3)
		if len(parts) != 3 {
			continue
		}
		if parts[0] == "0" {
			v2 = parts[2]
			continue
		}
		for _, name := range strings.Split(parts[1], ",") {
			v1[name] = parts[2]
		}
	}
	return v1, v2, nil
}

// below is the folder of path when root of the hierarchy is mounted at point.
func below(point, root, path string) string {
	if root != "/" {
		path = strings.TrimPrefix(path, root)
	}
	return filepath.Join(point, path)
}

// unescape undoes the octal escapes of mountinfo.
func unescape(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}
