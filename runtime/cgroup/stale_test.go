package cgroup

import "testing"

func TestKilledIsWhatHasSIGKILLPending(t *testing.T) {
	const others = "Name:\tsleep\nSigBlk:\t0000000000000100\nSigIgn:\t0000000000000100\n"
	for _, test := range []struct {
		status string
		want   bool
	}{
		{others + "SigPnd:\t0000000000000100\nShdPnd:\t0000000000000000\n", true},
		{others + "SigPnd:\t0000000000000000\nShdPnd:\t0000000000004100\n", true},
		{others + "SigPnd:\t0000000000004000\nShdPnd:\t0000000000000001\n", false},
		{others + "SigPnd:\tgarbage\n", false},
		{"", false},
	} {
		if got := killed(test.status); got != test.want {
			t.Errorf("%q: %t", test.status, got)
		}
	}
}
