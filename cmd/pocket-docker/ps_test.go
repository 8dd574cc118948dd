package main

import (
	"fmt"
	"testing"
	"time"

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
	list := []state.Container{ // newest first
		{ID: "c3", Name: "web", Status: state.Running},
		{ID: "b2", Name: "web2", Status: state.Exited},
		{ID: "a1", Name: "db", Status: state.Created},
	}
	for _, c := range []struct {
		o    psOptions
		want string
	}{
		{psOptions{}, "[c3]"},
		{psOptions{all: true}, "[c3 b2 a1]"},
		{psOptions{last: 2}, "[c3 b2]"},
		{psOptions{latest: true}, "[c3]"},
		{psOptions{filters: []string{"status=exited"}}, "[b2]"},
		{psOptions{filters: []string{"status=exited", "status=created"}}, "[b2 a1]"},
		{psOptions{all: true, filters: []string{"name=web"}}, "[c3 b2]"},
		{psOptions{filters: []string{"name=web"}}, "[c3]"},
		{psOptions{all: true, filters: []string{"name=web", "status=created"}}, "[]"},
		{psOptions{all: true, filters: []string{"id=a1"}}, "[a1]"},
	} {
		keep, err := c.o.filter()
		if err != nil {
			t.Errorf("%+v: %v", c.o, err)
			continue
		}
		ids := []string{}
		for _, found := range c.o.choose(list, keep) {
			ids = append(ids, found.ID)
		}
		if fmt.Sprint(ids) != c.want {
			t.Errorf("%+v: %v, want %s", c.o, ids, c.want)
		}
	}
}

func TestStatusText(t *testing.T) {
	now := time.Unix(1000, 0)
	for want, c := range map[string]state.Container{
		"Created":      {Status: state.Created},
		"Up 5 seconds": {Status: state.Running, Started: now.Add(-5 * time.Second)},
		"Exited (3) 2 minutes ago": {Status: state.Exited, Exit: &state.Exit{
			Code: 3, Finished: now.Add(-2 * time.Minute), OOM: state.OOMUnknown}},
		"Exited (137) 1 second ago (out of memory)": {Status: state.Exited, Exit: &state.Exit{
			Code: 137, Finished: now.Add(-time.Second), OOM: state.OOMTrue}},
	} {
		if got := statusText(c, now); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
