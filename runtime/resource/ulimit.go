package resource

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Ulimit is a limit of setrlimit(2) on each process: Soft is in force, and the process may raise it to Hard.
// Unlimited as a value means none.
type Ulimit struct {
	Name       string
	Soft, Hard int64
}

// ulimits are docker's names, with the numbers of the kernel (asm-generic/resource.h) and whether the value
// is a number of bytes.
var ulimits = []struct {
	name     string
	resource int
	bytes    bool
}{
	{"core", unix.RLIMIT_CORE, true}, {"cpu", unix.RLIMIT_CPU, false}, {"data", unix.RLIMIT_DATA, true},
	{"fsize", unix.RLIMIT_FSIZE, true}, {"locks", unix.RLIMIT_LOCKS, false}, {"memlock", unix.RLIMIT_MEMLOCK, true},
	{"msgqueue", unix.RLIMIT_MSGQUEUE, true}, {"nice", unix.RLIMIT_NICE, false}, {"nofile", unix.RLIMIT_NOFILE, false},
	{"nproc", unix.RLIMIT_NPROC, false}, {"rss", unix.RLIMIT_RSS, true}, {"rtprio", unix.RLIMIT_RTPRIO, false},
	{"rttime", unix.RLIMIT_RTTIME, false}, {"sigpending", unix.RLIMIT_SIGPENDING, false}, {"stack", unix.RLIMIT_STACK, true},
}

// ParseUlimit reads NAME=SOFT[:HARD] as docker's --ulimit has it; without HARD both are the same, and -1 or
// unlimited is no limit. Where the value is a number of bytes a unit may follow, as ParseSize reads it.
func ParseUlimit(s string) (Ulimit, error) {
	name, text, found := strings.Cut(s, "=")
	if !found || text == "" {
		return Ulimit{}, fmt.Errorf("%q is not NAME=SOFT or NAME=SOFT:HARD", s)
	}
	i := ulimit(name)
	if i < 0 {
		var names []string
		for _, u := range ulimits {
			names = append(names, u.name)
		}
		return Ulimit{}, fmt.Errorf("there is no ulimit %q (there are %s)", name, strings.Join(names, ", "))
	}
	soft, hard, both := strings.Cut(text, ":")
	if !both {
		hard = soft
	}
	u := Ulimit{Name: name}
	var err error
	if u.Soft, err = limitValue(soft, ulimits[i].bytes); err == nil {
		u.Hard, err = limitValue(hard, ulimits[i].bytes)
	}
	if err != nil {
		return Ulimit{}, fmt.Errorf("ulimit %s: %w", name, err)
	}
	if u.Hard != Unlimited && (u.Soft == Unlimited || u.Soft > u.Hard) {
		return Ulimit{}, fmt.Errorf("ulimit %s: the soft limit %s is above the hard limit %s", name, soft, hard)
	}
	return u, nil
}

func ulimit(name string) int {
	for i, u := range ulimits {
		if u.name == name {
			return i
		}
	}
	return -1
}

func limitValue(s string, bytes bool) (int64, error) {
	if s == "-1" || s == "unlimited" {
		return Unlimited, nil
	}
	if n, err := strconv.ParseUint(s, 10, 63); err == nil {
		return int64(n), nil
	}
	if bytes {
		size, err := ParseSize(s)
		return int64(size), err
	}
	return 0, fmt.Errorf("%q is not a whole number, -1 or unlimited", s)
}

// Resource is the number that setrlimit(2) knows the limit by.
func (u Ulimit) Resource() int { return ulimits[ulimit(u.Name)].resource }

// Rlimit is the limit as setrlimit(2) takes it.
func (u Ulimit) Rlimit() unix.Rlimit {
	return unix.Rlimit{Cur: uint64(u.Soft), Max: uint64(u.Hard)} // Unlimited is RLIM_INFINITY, all bits
}

// Value is the limit as the user writes it: "SOFT" where both are the same, or "SOFT:HARD".
func (u Ulimit) Value() string {
	if u.Soft == u.Hard {
		return limitText(u.Soft)
	}
	return limitText(u.Soft) + ":" + limitText(u.Hard)
}

func limitText(n int64) string {
	if n == Unlimited {
		return "unlimited"
	}
	return strconv.FormatInt(n, 10)
}
