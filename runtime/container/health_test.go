package container

import (
	"strings"
	"testing"
	"time"
)

func TestHealthFollowsDockersStates(t *testing.T) {
	start := time.Unix(1000, 0)
	at := func(second, code int) Probe {
		return Probe{Start: start.Add(time.Duration(second) * time.Second), ExitCode: code}
	}
	for _, c := range []struct {
		name   string
		health Health
		probes []Probe
		want   string // the status after each probe
		streak int
	}{
		{"one success ends the start", Health{}, []Probe{at(30, 0)}, "healthy", 0},
		{"three failures by default", Health{}, []Probe{at(30, 1), at(60, 1), at(90, 1)}, "starting starting unhealthy", 3},
		{"a success in between begins anew", Health{Retries: 2}, []Probe{at(1, 1), at(2, 0), at(3, 1), at(4, 1)},
			"starting healthy healthy unhealthy", 2},
		{"recovers", Health{Retries: 1}, []Probe{at(1, -1), at(2, 0)}, "unhealthy healthy", 0},
		{"failures in the start period do not count", Health{Retries: 1, StartPeriod: 10 * time.Second},
			[]Probe{at(5, 1), at(9, 1), at(10, 1)}, "starting starting unhealthy", 1},
		{"the start period is over with the first success", Health{Retries: 1, StartPeriod: 10 * time.Second},
			[]Probe{at(1, 0), at(2, 1)}, "healthy unhealthy", 1},
	} {
		check := checkup{Health: c.health, started: start, log: HealthLog{Status: HealthStarting}}
		var got []string
		for _, p := range c.probes {
			before := check.log.Status
			if changed := check.add(p); changed != (before != check.log.Status) {
				t.Errorf("%s: changed %v from %s to %s", c.name, changed, before, check.log.Status)
			}
			got = append(got, check.log.Status)
		}
		if strings.Join(got, " ") != c.want || check.log.FailingStreak != c.streak {
			t.Errorf("%s: %v, streak %d", c.name, got, check.log.FailingStreak)
		}
	}
}

func TestOnlyTheLastResultsAreKept(t *testing.T) {
	check := checkup{log: HealthLog{Status: HealthStarting}}
	for code := range 9 {
		check.add(Probe{ExitCode: code})
	}
	if n := len(check.log.Log); n != keptProbes || check.log.Log[0].ExitCode != 4 || check.log.Log[n-1].ExitCode != 8 {
		t.Errorf("kept: %+v", check.log.Log)
	}
}

func TestTheIntervalIsAnotherInTheStartPeriod(t *testing.T) {
	start := time.Unix(1000, 0)
	c := checkup{Health: Health{StartPeriod: time.Minute}, started: start, log: HealthLog{Status: HealthStarting}}
	for _, w := range []struct {
		after  time.Duration
		status string
		want   time.Duration
	}{
		{0, HealthStarting, 5 * time.Second}, {59 * time.Second, HealthStarting, 5 * time.Second},
		{time.Minute, HealthStarting, 30 * time.Second}, {time.Second, HealthHealthy, 30 * time.Second},
	} {
		c.log.Status = w.status
		if got := c.interval(start.Add(w.after)); got != w.want {
			t.Errorf("%v after the start, %s: %v", w.after, w.status, got)
		}
	}
}

func TestOnlyTheFirstBytesOfACheckAreKept(t *testing.T) {
	f := &firstBytes{room: 5}
	for range 3 {
		if n, err := f.Write([]byte("abc")); n != 3 || err != nil {
			t.Errorf("wrote %d, %v", n, err)
		}
	}
	if string(f.text) != "abcab" {
		t.Errorf("kept %q", f.text)
	}
}
