package container

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// capabilities holds the names of capabilities(7) at their numbers (linux/capability.h).
var capabilities = []string{
	"chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap",
	"linux_immutable", "net_bind_service", "net_broadcast", "net_admin", "net_raw", "ipc_lock", "ipc_owner",
	"sys_module", "sys_rawio", "sys_chroot", "sys_ptrace", "sys_pacct", "sys_admin", "sys_boot", "sys_nice",
	"sys_resource", "sys_time", "sys_tty_config", "mknod", "lease", "audit_write", "audit_control", "setfcap",
	"mac_override", "mac_admin", "syslog", "wake_alarm", "block_suspend", "audit_read", "perfmon", "bpf",
	"checkpoint_restore",
}

// defaultCapabilities is docker's set (moby, oci/caps/defaults.go).
var defaultCapabilities = []int{
	unix.CAP_CHOWN, unix.CAP_DAC_OVERRIDE, unix.CAP_FOWNER, unix.CAP_FSETID, unix.CAP_KILL, unix.CAP_SETGID,
	unix.CAP_SETUID, unix.CAP_SETPCAP, unix.CAP_NET_BIND_SERVICE, unix.CAP_NET_RAW, unix.CAP_SYS_CHROOT,
	unix.CAP_MKNOD, unix.CAP_AUDIT_WRITE, unix.CAP_SETFCAP,
}

// Capabilities returns docker's default set, without those in drop and with those in add, as sorted
// numbers. Names are those of capabilities(7), in any case, with or without CAP_; ALL is every one.
func Capabilities(add, drop []string) ([]int, error) {
	kept := map[int]bool{}
	for _, c := range defaultCapabilities {
		kept[c] = true
	}
	if err := setCapabilities(kept, drop, false); err != nil {
		return nil, err
	}
	// Adding comes last, so that --cap-drop ALL --cap-add CHOWN leaves CHOWN, as docker has it.
	if err := setCapabilities(kept, add, true); err != nil {
		return nil, err
	}
	set := []int{}
	for c, keep := range kept {
		if keep {
			set = append(set, c)
		}
	}
	slices.Sort(set)
	return set, nil
}

func setCapabilities(kept map[int]bool, names []string, keep bool) error {
	for _, name := range names {
		short := strings.TrimPrefix(strings.ToLower(name), "cap_")
		if short == "all" {
			for c := range capabilities {
				kept[c] = keep
			}
			continue
		}
		c := slices.Index(capabilities, short)
		if c < 0 {
			return fmt.Errorf("%q is not a capability (see capabilities(7))", name)
		}
		kept[c] = keep
	}
	return nil
}
