package linux

import (
	"bytes"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Shrink gives up the pages of our own program file that are mapped read-only: they stay in the page cache,
// where all our processes share them, and those that are still needed come back by themselves. What a process
// touched once, to start, does not count as its memory for the rest of a long life (madvise(2), MADV_DONTNEED).
func Shrink() error {
	self, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return err
	}
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return err
	}
	for line := range bytes.Lines(maps) {
		fields := strings.Fields(string(line)) // proc_pid_maps(5): range, rights, offset, device, inode, path
		// Only what cannot be written: of the rest, pages that were changed would be lost.
		if len(fields) < 6 || fields[5] != self || fields[1][1] == 'w' {
			continue
		}
		low, high, _ := strings.Cut(fields[0], "-")
		from, err := strconv.ParseUint(low, 16, 64)
		if err != nil {
			return err
		}
		to, err := strconv.ParseUint(high, 16, 64)
		if err != nil {
			return err
		}
		if _, _, errno := unix.Syscall(unix.SYS_MADVISE, uintptr(from), uintptr(to-from), unix.MADV_DONTNEED); errno != 0 {
			return errno
		}
	}
	return nil
}
