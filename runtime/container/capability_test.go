package container

import (
	"fmt"
	"testing"

	"golang.org/x/sys/unix"
)

func TestCapabilities(t *testing.T) {
	if len(capabilities) != unix.CAP_LAST_CAP+1 {
		t.Errorf("%d names, want %d", len(capabilities), unix.CAP_LAST_CAP+1)
	}
	for _, c := range []struct{ add, drop, want string }{
		{"", "", "[0 1 3 4 5 6 7 8 10 13 18 27 29 31]"},
		{"", "all", "[]"},
		{"CAP_SYS_ADMIN", "ALL", "[21]"},
		{"bpf", "chown", "[1 3 4 5 6 7 8 10 13 18 27 29 31 39]"},
		{"nothing", "", `error: "nothing" is not a capability (see capabilities(7))`},
	} {
		set, err := Capabilities(names(c.add), names(c.drop))
		got := fmt.Sprint(set)
		if err != nil {
			got = "error: " + err.Error()
		}
		if got != c.want {
			t.Errorf("add %q drop %q: %s, want %s", c.add, c.drop, got, c.want)
		}
	}
}

func names(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}
