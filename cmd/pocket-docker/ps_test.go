package main

import (
	"fmt"
	"testing"
	"time"

	"pocket/runtime/container"
	"pocket/runtime/network"
	"pocket/runtime/state"
)

func TestAgo(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second:                 "Less than a second",
		999 * time.Millisecond:       "Less than a second",
		time.Second:                  "1 second",
		59 * time.Second:             "59 seconds",
		time.Minute:                  "About a minute",
		2 * time.Minute:              "2 minutes",
		time.Hour + 59*time.Minute:   "About an hour",
		5 * time.Hour:                "5 hours",
		24 * time.Hour:               "1 day",
		10 * 24 * time.Hour:          "1 week",
		45 * 24 * time.Hour:          "1 month",
		3 * 365 * 24 * time.Hour:     "3 years",
		365*24*time.Hour + time.Hour: "1 year",
	} {
		if got := ago(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestChooseContainers(t *testing.T) {
	exit := func(code int) *state.Exit { return &state.Exit{Code: code} }
	rows := func() []psRow { // newest first
		return []psRow{
			{Container: state.Container{ID: "c3", Name: "web", Image: "alpine", Status: state.Running, Health: "healthy"},
				cfg: container.Config{Network: container.Networking{Mode: network.Mode{Kind: network.Host}}, Labels: map[string]string{"tier": "front"}}},
			{Container: state.Container{ID: "p4", Name: "idle", Image: "alpine", Status: state.Paused, Exit: exit(3)}},
			{Container: state.Container{ID: "r5", Name: "again", Image: "busy", ImageID: "sha256:abcdef0123", Status: state.Restarting, Exit: exit(1)}},
			{Container: state.Container{ID: "b2", Name: "web2", Image: "alpine", Status: state.Exited, Exit: exit(3)},
				cfg: container.Config{Volumes: []container.Volume{{Host: "/srv", Target: "/data"}}}},
			{Container: state.Container{ID: "a1", Name: "db", Image: "base", Status: state.Created},
				cfg: container.Config{Labels: map[string]string{"tier": "back", "empty": ""}}},
		}
	}
	for _, c := range []struct {
		o    psOptions
		want string
	}{
		{psOptions{}, "[c3 p4 r5]"},
		{psOptions{all: true}, "[c3 p4 r5 b2 a1]"},
		{psOptions{last: 4}, "[c3 p4 r5 b2]"},
		{psOptions{latest: true}, "[c3]"},
		{psOptions{filters: []string{"status=exited"}}, "[b2]"},
		{psOptions{filters: []string{"status=exited", "status=created"}}, "[b2 a1]"},
		{psOptions{filters: []string{"status=paused"}}, "[p4]"},
		{psOptions{filters: []string{"status=dead"}}, "[]"},
		{psOptions{all: true, filters: []string{"name=web"}}, "[c3 b2]"},
		{psOptions{all: true, filters: []string{"name=^web$"}}, "[c3]"},
		{psOptions{all: true, filters: []string{"name=/web2"}}, "[b2]"},
		{psOptions{all: true, filters: []string{"name=2$"}}, "[b2]"},
		{psOptions{filters: []string{"name=web"}}, "[c3]"},
		{psOptions{all: true, filters: []string{"name=web", "status=created"}}, "[]"},
		{psOptions{all: true, filters: []string{"id=a1"}}, "[a1]"},
		{psOptions{all: true, filters: []string{"exited=3"}}, "[b2]"},
		{psOptions{all: true, filters: []string{"exited=1"}}, "[r5]"},
		{psOptions{all: true, filters: []string{"label=tier"}}, "[c3 a1]"},
		{psOptions{all: true, filters: []string{"label=tier=back"}}, "[a1]"},
		{psOptions{all: true, filters: []string{"label=empty="}}, "[a1]"},
		{psOptions{all: true, filters: []string{"label=tie"}}, "[]"},
		{psOptions{all: true, filters: []string{"ancestor=alpine"}}, "[c3 p4 b2]"},
		{psOptions{all: true, filters: []string{"ancestor=abcdef0"}}, "[r5]"},
		{psOptions{all: true, filters: []string{"health=healthy"}}, "[c3]"},
		{psOptions{all: true, filters: []string{"health=none"}}, "[p4 r5 b2 a1]"},
		{psOptions{all: true, filters: []string{"volume=/data"}}, "[b2]"},
		{psOptions{all: true, filters: []string{"volume=/srv"}}, "[b2]"},
		{psOptions{all: true, filters: []string{"network=host"}}, "[c3]"},
	} {
		filters, err := parseFilters(c.o.filters)
		if err != nil {
			t.Errorf("%+v: %v", c.o, err)
			continue
		}
		chosen, err := filters.choose(nil, rows())
		if err != nil {
			t.Errorf("%+v: %v", c.o, err)
		}
		ids := []string{}
		for _, found := range c.o.choose(chosen) {
			ids = append(ids, found.ID)
		}
		if fmt.Sprint(ids) != c.want {
			t.Errorf("%+v: %v, want %s", c.o, ids, c.want)
		}
	}
}

func TestBadFilters(t *testing.T) {
	for _, f := range []string{"", "name", "name=", "colour=red", "status=sleeping", "health=ill", "exited=x", "exited=-1", "exited=256", "before="} {
		if _, err := parseFilters([]string{f}); err == nil {
			t.Errorf("%q was taken", f)
		}
	}
}

func TestStatusText(t *testing.T) {
	now := time.Unix(1000, 0)
	started := now.Add(-5 * time.Second)
	ended := func(code int, reason, fault string, oom state.OOM) *state.Exit {
		return &state.Exit{Code: code, Finished: now.Add(-2 * time.Second), OOM: oom, Reason: reason, Error: fault}
	}
	for want, c := range map[string]state.Container{
		"Created":                                        {Status: state.Created},
		"Up 5 seconds":                                   {Status: state.Running, Started: started},
		"Up 5 seconds (healthy)":                         {Status: state.Running, Started: started, Health: "healthy"},
		"Up 5 seconds (health: starting)":                {Status: state.Running, Started: started, Health: "starting"},
		"Up 5 seconds (Paused)":                          {Status: state.Paused, Started: started, Health: "healthy"},
		"Restarting (1) 2 seconds ago":                   {Status: state.Restarting, Exit: ended(1, "exited", "", state.OOMFalse)},
		"Exited (3) 2 seconds ago":                       {Status: state.Exited, Exit: ended(3, "exited", "", state.OOMUnknown)},
		"Exited (137) 2 seconds ago (timeout)":           {Status: state.Exited, Exit: ended(137, "wall", "", state.OOMFalse)},
		"Exited (137) 2 seconds ago (unhealthy)":         {Status: state.Exited, Exit: ended(137, "health", "", state.OOMFalse)},
		"Exited (137) 2 seconds ago (its monitor died)":  {Status: state.Exited, Exit: ended(137, state.Lost, "monitor died", "")},
		"Exited (127) 2 seconds ago (no such file)":      {Status: state.Exited, Exit: ended(127, "", "no such file", "")},
		"Exited (137) 2 seconds ago (out of memory)":     {Status: state.Exited, Exit: ended(137, "signal", "", state.OOMTrue)},
		"Restarting (137) 2 seconds ago (out of memory)": {Status: state.Restarting, Exit: ended(137, "oom", "", state.OOMTrue)},
	} {
		if got := statusText(c, now); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
