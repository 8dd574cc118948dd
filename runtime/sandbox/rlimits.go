package sandbox

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"pocket/runtime/boot"
	"pocket/runtime/hint"
	"pocket/runtime/internal/linux"
	"pocket/runtime/resource"
)

// ulimits adds the user's limits of setrlimit(2) to those that hold others. It returns apart those that
// raise our own, which takes the host's CAP_SYS_RESOURCE and so must happen before the user namespace is
// entered (setrlimit(2), EPERM); whoever lacks that gets an error.
func ulimits(rlimits []boot.Rlimit, asked []resource.Ulimit) (all, raised []boot.Rlimit, held []resource.Enforcement, err error) {
	for _, u := range asked {
		limit := boot.Rlimit{Resource: u.Resource(), Name: "RLIMIT_" + strings.ToUpper(u.Name), Rlimit: u.Rlimit()}
		var own unix.Rlimit
		if err := unix.Prlimit(0, limit.Resource, nil, &own); err != nil {
			return nil, nil, nil, fmt.Errorf("read our %s: %w", limit.Name, err)
		}
		if limit.Max > own.Max {
			if !linux.Privileged() {
				err := fmt.Errorf("ulimit %s=%s: your own hard limit here is %d, which only root can raise", u.Name, u.Value(), own.Max)
				return nil, nil, nil, hint.With(err, "ask for no more than %s=%d", u.Name, own.Max)
			}
			raised = append(raised, limit)
		}
		rlimits = with(rlimits, limit)
		held = append(held, resource.Enforcement{Limit: "ulimit " + u.Name, Requested: u.Value(), Enforced: u.Value(), By: resource.ByRlimit})
	}
	return rlimits, raised, held, nil
}

// with puts a limit into the list. One that is there already holds another limit: where it is the backstop
// of one on processor time or processes, the lower of both holds.
func with(list []boot.Rlimit, limit boot.Rlimit) []boot.Rlimit {
	i := slices.IndexFunc(list, func(l boot.Rlimit) bool { return l.Resource == limit.Resource })
	if i < 0 {
		return append(list, limit)
	}
	if limit.Resource == unix.RLIMIT_CPU || limit.Resource == unix.RLIMIT_NPROC {
		limit.Cur, limit.Max = min(limit.Cur, list[i].Cur), min(limit.Max, list[i].Max)
	}
	list[i] = limit
	return list
}

// checkOOMScore refuses early what the kernel would: less than our own takes CAP_SYS_RESOURCE
// (proc_pid_oom_score_adj(5)).
func checkOOMScore(score int) error {
	if score == 0 || linux.Privileged() {
		return nil
	}
	text, err := os.ReadFile("/proc/self/oom_score_adj")
	if err != nil {
		return fmt.Errorf("read our own OOM score: %w", err)
	}
	own, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err == nil && score < own {
		err = hint.With(fmt.Errorf("an OOM score adjustment of %d is below our own, %d, which takes root", score, own),
			"choose one from %d to 1000", own)
	}
	return err
}

// CheckCPUs finds processors in a list that this machine does not have.
func CheckCPUs(list string) error {
	if list == "" {
		return nil
	}
	asked, err := resource.ParseCPUs(list)
	if err != nil {
		return err
	}
	text, err := os.ReadFile("/sys/devices/system/cpu/online")
	if errors.Is(err, os.ErrNotExist) {
		return nil // no sysfs: the kernel will say
	} else if err != nil {
		return fmt.Errorf("read which processors there are: %w", err)
	}
	online, err := resource.ParseCPUs(strings.TrimSpace(string(text)))
	if err != nil {
		return fmt.Errorf("read which processors there are: %w", err)
	}
	asked = slices.DeleteFunc(asked, func(n int) bool { return slices.Contains(online, n) })
	if len(asked) == 0 {
		return nil
	}
	return hint.With(fmt.Errorf("there is no processor %s on this machine", resource.FormatCPUs(asked)),
		"there are %s", resource.FormatCPUs(online))
}
