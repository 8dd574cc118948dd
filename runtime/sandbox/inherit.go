package sandbox

import (
	"bytes"
	"fmt"

	"golang.org/x/sys/unix"

	"pocket/runtime/boot"
	"pocket/runtime/internal/linux"
)

// resources are the limits of setrlimit(2) at their numbers (asm-generic/resource.h).
var resources = []string{"RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_DATA", "RLIMIT_STACK", "RLIMIT_CORE", "RLIMIT_RSS",
	"RLIMIT_NPROC", "RLIMIT_NOFILE", "RLIMIT_MEMLOCK", "RLIMIT_AS", "RLIMIT_LOCKS", "RLIMIT_SIGPENDING",
	"RLIMIT_MSGQUEUE", "RLIMIT_NICE", "RLIMIT_RTPRIO", "RLIMIT_RTTIME"}

// limitsOf returns what must be set for a process of ours to have the resource limits and the processors of
// another. Where that one's hard limit is above ours, which cannot be raised inside, ours stays.
func limitsOf(pid int) (rlimits []boot.Rlimit, affinity []byte, err error) {
	for number, name := range resources {
		var ours, theirs unix.Rlimit
		if err := unix.Prlimit(0, number, nil, &ours); err != nil {
			return nil, nil, fmt.Errorf("read our %s: %w", name, err)
		}
		err := unix.Prlimit(pid, number, nil, &theirs)
		if err == unix.ESRCH {
			return nil, nil, ErrEnded
		}
		if err != nil {
			return nil, nil, fmt.Errorf("read the sandbox's %s: %w", name, err)
		}
		want := unix.Rlimit{Cur: min(theirs.Cur, ours.Max), Max: min(theirs.Max, ours.Max)}
		if want != ours {
			rlimits = append(rlimits, boot.Rlimit{Resource: number, Name: name, Rlimit: want})
		}
	}
	var ours, theirs unix.CPUSet
	if err := unix.SchedGetaffinity(pid, &theirs); err == unix.ESRCH {
		return nil, nil, ErrEnded
	} else if err != nil {
		return nil, nil, fmt.Errorf("read the sandbox's processors: %w", err)
	}
	if err := unix.SchedGetaffinity(0, &ours); err != nil {
		return nil, nil, fmt.Errorf("read our processors: %w", err)
	}
	if mask := linux.MaskBytes(&theirs); !bytes.Equal(mask, linux.MaskBytes(&ours)) {
		affinity = mask
	}
	return rlimits, affinity, nil
}
