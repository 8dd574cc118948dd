package resource

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestParseUlimit(t *testing.T) {
	for s, want := range map[string]string{
		"nofile=9": "7 9 9", "nofile=1:2": "7 1 2", "core=-1": "4 unlimited unlimited", "cpu=3:unlimited": "0 3 unlimited",
		"stack=1m": "3 1048576 1048576", "memlock=64k:-1": "8 65536 unlimited", "rttime=0": "15 0 0", "nice=20:30": "13 20 30",
		"fsize=9223372036854775807": "1 9223372036854775807 9223372036854775807",
	} {
		u, err := ParseUlimit(s)
		if err != nil {
			t.Errorf("%s: %v", s, err)
			continue
		}
		if got := fmt.Sprint(u.Resource(), " ", limitText(u.Soft), " ", limitText(u.Hard)); got != want {
			t.Errorf("%s: %s, want %s", s, got, want)
		}
		if again, err := ParseUlimit(u.Name + "=" + u.Value()); err != nil || again != u {
			t.Errorf("%s: %+v, and read again %+v %v", s, u, again, err)
		}
	}
	for s, want := range map[string]string{
		"": "NAME=SOFT", "nofile": "NAME=SOFT", "nofile=": "NAME=SOFT", "as=1": "there are core, cpu,", "nofile=1m": "not a whole number",
		"nofile=2:1": "above the hard limit", "nofile=-1:1": "above the hard limit", "nofile=-2": "not a whole number",
		"nofile=1:": "not a whole number", "nofile=1:2:3": "not a whole number", "stack=lots": "not a size",
		"fsize=9223372036854775808": "too large",
	} {
		if u, err := ParseUlimit(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %+v %v, want %q", s, u, err, want)
		}
	}
	if u, _ := ParseUlimit("core=-1"); u.Rlimit() != (unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}) {
		t.Errorf("%+v", u.Rlimit())
	}
}

func FuzzParseUlimit(f *testing.F) {
	f.Add("nofile=1:2")
	f.Fuzz(func(t *testing.T, s string) {
		u, err := ParseUlimit(s)
		if err != nil {
			return
		}
		if r := u.Rlimit(); r.Cur > r.Max {
			t.Errorf("%q: %+v", s, r)
		}
	})
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		Limits
		want string
	}{
		{Limits{Memory: 2 * MiB, Swap: 2 * MiB, Reservation: MiB, CPUs: 1, CPUPeriod: time.Second}, ""},
		{Limits{Memory: MiB, Swap: Unlimited}, ""},
		{Limits{Swap: MiB}, "needs one on memory"},
		{Limits{Memory: 2 * MiB, Swap: MiB}, "more than memory and swap together"},
		{Limits{Memory: MiB, Reservation: 2 * MiB}, "more than the memory limit"},
		{Limits{CPUPeriod: time.Second}, "without a quota"},
	} {
		err := c.Check()
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%+v: %v, want %q", c.Limits, err, c.want)
		}
	}
}
