package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"pocket/runtime/boot"
	"pocket/runtime/internal/linux"
)

// resources are the limits of setrlimit(2) at their numbers (asm-generic/resource.h).
var resources = []string{"RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_DATA", "RLIMIT_STACK", "RLIMIT_CORE", "RLIMIT_RSS",
	"RLIMIT_NPROC", "RLIMIT_NOFILE", "RLIMIT_MEMLOCK", "RLIMIT_AS", "RLIMIT_LOCKS", "RLIMIT_SIGPENDING",
	"RLIMIT_MSGQUEUE", "RLIMIT_NICE", "RLIMIT_RTPRIO", "RLIMIT_RTTIME"}

// inherit gives the plan of a process of ours the resource limits, the processors and the OOM score of
// another. Who is not root keeps his own hard limit where that is lower, and his own score: files of an
// undumpable process, by which the score is set, are root's.
func inherit(plan *boot.Plan, pid int) error {
	for number, name := range resources {
		var ours, theirs unix.Rlimit
		if err := unix.Prlimit(0, number, nil, &ours); err != nil {
			return fmt.Errorf("read our %s: %w", name, err)
		}
		if err := unix.Prlimit(pid, number, nil, &theirs); err != nil {
			return fmt.Errorf("read the sandbox's %s: %w", name, gone(err))
		}
		if theirs.Max > ours.Max && linux.Privileged() {
			plan.Raised = append(plan.Raised, boot.Rlimit{Resource: number, Name: name, Rlimit: unix.Rlimit{Cur: ours.Cur, Max: theirs.Max}})
			ours.Max = theirs.Max
		}
		want := unix.Rlimit{Cur: min(theirs.Cur, ours.Max), Max: min(theirs.Max, ours.Max)}
		if want != ours {
			plan.Rlimits = append(plan.Rlimits, boot.Rlimit{Resource: number, Name: name, Rlimit: want})
		}
	}
	if err := inheritProcessors(plan, pid); err != nil || !linux.Privileged() {
		return err
	}
	score, err := os.ReadFile(fmt.Sprintf("/proc/%d/oom_score_adj", pid))
	if err != nil {
		return fmt.Errorf("read the sandbox's OOM score: %w", gone(err))
	}
	plan.OOMScore, err = strconv.Atoi(strings.TrimSpace(string(score)))
	return err
}

// gone makes ErrEnded of the errors for a process that is not there.
func gone(err error) error {
	if errors.Is(err, unix.ESRCH) || errors.Is(err, os.ErrNotExist) {
		return ErrEnded
	}
	return err
}

func inheritProcessors(plan *boot.Plan, pid int) error {
	var ours, theirs unix.CPUSet
	if err := unix.SchedGetaffinity(pid, &theirs); err != nil {
		return fmt.Errorf("read the sandbox's processors: %w", gone(err))
	}
	if err := unix.SchedGetaffinity(0, &ours); err != nil {
		return fmt.Errorf("read our processors: %w", err)
	}
	if mask := linux.MaskBytes(&theirs); !bytes.Equal(mask, linux.MaskBytes(&ours)) {
		plan.Affinity = mask
	}
	return nil
}
