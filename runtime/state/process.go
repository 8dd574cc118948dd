package state

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// Process names a process for ever: a PID alone comes again.
type Process struct {
	PID   int
	Start uint64 // clock ticks from boot to its start: field 22 of /proc/PID/stat (proc_pid_stat(5))
	Boot  string // /proc/sys/kernel/random/boot_id
}

// Self names this process.
func Self() (Process, error) { return Identify(os.Getpid()) }

// Identify names the process that has the PID now. The error wraps os.ErrNotExist when there is none.
func Identify(pid int) (Process, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if errors.Is(err, syscall.ESRCH) { // it was waited for between open(2) and read(2)
		err = os.ErrNotExist
	}
	if err != nil {
		return Process{}, fmt.Errorf("identify process %d: %w", pid, err)
	}
	start, _, err := parseStat(stat)
	if err != nil {
		return Process{}, fmt.Errorf("identify process %d: %w", pid, err)
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return Process{}, fmt.Errorf("identify process %d: %w", pid, err)
	}
	return Process{pid, start, strings.TrimSpace(string(boot))}, nil
}

// Alive tells whether this very process still runs; a zombie does not.
func (p Process) Alive() bool {
	if p.PID <= 0 {
		return false
	}
	now, err := Identify(p.PID)
	if err != nil || now != p {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.PID))
	if err != nil {
		return false
	}
	start, state, err := parseStat(stat)
	return err == nil && start == p.Start && state != 'Z' && state != 'X'
}

// parseStat reads the start time and the state from the text of /proc/PID/stat. The program's name in
// the second field is in parentheses and may hold any byte, parentheses, spaces and newlines too, so the
// fields are counted from the last closing one.
func parseStat(stat []byte) (start uint64, state byte, err error) {
	end := bytes.LastIndexByte(stat, ')')
	if end < 0 {
		return 0, 0, fmt.Errorf("stat %.40q has no program name", stat)
	}
	const first, state3, start22 = 3, 3, 22
	fields := bytes.Fields(stat[end+1:])
	if len(fields) <= start22-first || len(fields[state3-first]) != 1 {
		return 0, 0, fmt.Errorf("stat %.40q is too short", stat)
	}
	start, err = strconv.ParseUint(string(fields[start22-first]), 10, 64)
	if err != nil {
		return 0, 0, fmt.Errorf("stat: start time: %w", err)
	}
	return start, fields[state3-first][0], nil
}
