package main

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestSignalsAreRead(t *testing.T) {
	for text, want := range map[string]unix.Signal{
		"9": 9, "KILL": 9, "SIGKILL": 9, "sigterm": 15, "Hup": 1, "RTMIN": 34, "RTMIN+3": 37, "SIGRTMAX-1": 63, "rtmax": 64, "64": 64,
	} {
		if got, err := parseSignal(text); err != nil || got != want {
			t.Errorf("%q: %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "0", "65", "-1", "SIG", "KIL", "RTMIN-1", "RTMAX+1", "RTMIN+", "RTMIN+99", "SIGSIGKILL", "9 "} {
		if got, err := parseSignal(text); err == nil {
			t.Errorf("%q is read as %d", text, got)
		}
	}
}
