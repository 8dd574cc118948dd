package main

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// parseSignal reads a signal as kill(1) does: 9, KILL, SIGKILL, RTMIN+3, RTMAX-1; in any case.
func parseSignal(text string) (unix.Signal, error) {
	name := strings.TrimPrefix(strings.ToUpper(text), "SIG")
	if n, err := strconv.Atoi(name); err == nil && n >= 1 && n <= lastSignal {
		return unix.Signal(n), nil
	}
	if s := unix.SignalNum("SIG" + name); s != 0 {
		return s, nil
	}
	for prefix, base := range map[string]int{"RTMIN": firstRealTime, "RTMAX": lastSignal} {
		rest, found := strings.CutPrefix(name, prefix)
		if !found {
			continue
		}
		n, err := strconv.Atoi(rest)
		if rest == "" {
			n, err = 0, nil
		}
		if s := base + n; err == nil && s >= firstRealTime && s <= lastSignal {
			return unix.Signal(s), nil
		}
	}
	return 0, fmt.Errorf("%q is not a signal (write for example TERM, SIGUSR1, 9 or RTMIN+3)", text)
}

// The numbers of the real-time signals as programs see them (signal(7): glibc keeps the first two).
const (
	firstRealTime = 34
	lastSignal    = 64
)

func signalFlag(to *unix.Signal) *value {
	return &value{kind: "signal", set: func(text string) (err error) {
		*to, err = parseSignal(text)
		return err
	}}
}
