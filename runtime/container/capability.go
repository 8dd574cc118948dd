package container

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"pocket/runtime/seccomp"
)

// defaultCapabilities is docker's set (moby, oci/caps/defaults.go).
var defaultCapabilities = []int{
	unix.CAP_CHOWN, unix.CAP_DAC_OVERRIDE, unix.CAP_FSETID, unix.CAP_FOWNER, unix.CAP_KILL, unix.CAP_SETGID,
	unix.CAP_SETUID, unix.CAP_SETPCAP, unix.CAP_NET_BIND_SERVICE, unix.CAP_NET_RAW, unix.CAP_SYS_CHROOT,
	unix.CAP_MKNOD, unix.CAP_AUDIT_WRITE, unix.CAP_SETFCAP,
}

// AllCapabilities lists every capability, as sorted numbers.
func AllCapabilities() []int {
	all := make([]int, unix.CAP_LAST_CAP+1)
	for c := range all {
		all[c] = c
	}
	return all
}

// Capabilities returns docker's default set as its --cap-add and --cap-drop change it, as sorted numbers.
// Names are those of capabilities(7), in any case, with or without CAP_. ALL added is every one but those
// dropped; ALL dropped leaves those added; where one is both dropped and added, it is added.
func Capabilities(add, drop []string) ([]int, error) {
	added, everyAdded, err := capabilityNumbers(add)
	if err != nil {
		return nil, err
	}
	dropped, everyDropped, err := capabilityNumbers(drop)
	if err != nil {
		return nil, err
	}
	without := func(c int) bool { return slices.Contains(dropped, c) }
	set := slices.Clone(defaultCapabilities)
	switch {
	case everyAdded:
		set = slices.DeleteFunc(AllCapabilities(), without)
	case everyDropped:
		set = added
	default:
		set = append(slices.DeleteFunc(set, without), added...)
	}
	slices.Sort(set)
	return slices.Compact(append([]int{}, set...)), nil
}

// capabilityNumbers reads names, and whether ALL is one of them.
func capabilityNumbers(names []string) (list []int, all bool, err error) {
	for _, name := range names {
		long := strings.ToUpper(name)
		if !strings.HasPrefix(long, "CAP_") {
			long = "CAP_" + long
		}
		c, ok := seccomp.Capability(long)
		switch {
		case long == "CAP_ALL":
			all = true
		case !ok:
			return nil, false, fmt.Errorf("%q is not a capability (see capabilities(7))", name)
		default:
			list = append(list, c)
		}
	}
	return list, all, nil
}

// CapabilityNames are the names of capabilities(7) for numbers of them.
func CapabilityNames(list []int) []string {
	names := []string{}
	for _, c := range list {
		names = append(names, seccomp.CapabilityName(c))
	}
	return names
}
