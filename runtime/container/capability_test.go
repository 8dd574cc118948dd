package container

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestCapabilities(t *testing.T) {
	if n := len(AllCapabilities()); n != 41 {
		t.Errorf("%d capabilities", n)
	}
	for _, c := range []struct{ add, drop, want string }{
		{"", "", "[0 1 3 4 5 6 7 8 10 13 18 27 29 31]"},
		{"", "all", "[]"},
		{"CAP_SYS_ADMIN", "ALL", "[21]"},
		{"bpf", "chown", "[1 3 4 5 6 7 8 10 13 18 27 29 31 39]"},
		{"chown", "chown", "[0 1 3 4 5 6 7 8 10 13 18 27 29 31]"},
		{"chown bpf CHOWN", "ALL mknod", "[0 39]"},
		{"nothing", "", `error: "nothing" is not a capability (see capabilities(7))`},
		{"", "CAP_", `error: "CAP_" is not a capability (see capabilities(7))`},
	} {
		set, err := Capabilities(strings.Fields(c.add), strings.Fields(c.drop))
		got := fmt.Sprint(set)
		if err != nil {
			got = "error: " + err.Error()
		}
		if got != c.want {
			t.Errorf("add %q drop %q: %s, want %s", c.add, c.drop, got, c.want)
		}
	}
	set, err := Capabilities([]string{"All"}, []string{"sys_admin", "mknod"})
	if err != nil || len(set) != 39 || slices.Contains(set, 21) || slices.Contains(set, 27) {
		t.Errorf("all but two: %v %v", set, err)
	}
	if names := CapabilityNames([]int{0, 21, 40}); fmt.Sprint(names) != "[CAP_CHOWN CAP_SYS_ADMIN CAP_CHECKPOINT_RESTORE]" {
		t.Errorf("%v", names)
	}
}
