package container

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"pocket/runtime/state"
)

func eventEngine(t *testing.T) *Engine {
	t.Helper()
	dir := t.TempDir()
	db, err := state.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return &Engine{Dir: dir, DB: db}
}

func (e *Engine) happens(t *testing.T, action string, at time.Time) {
	t.Helper()
	if err := e.DB.AddEvent(state.Event{Action: action, Subject: "x", Time: at}); err != nil {
		t.Error(err)
	}
}

func TestEventsInATime(t *testing.T) {
	e := eventEngine(t)
	now := time.Now()
	for i := range 1200 { // more than are read at once
		e.happens(t, fmt.Sprint(i), now.Add(time.Duration(i-1200)*time.Minute))
	}
	got := []string{}
	q := EventQuery{Since: now.Add(-600*time.Minute - time.Second), Until: now.Add(-590 * time.Minute)}
	err := e.FollowEvents(t.Context(), q, func(v state.Event) error { got = append(got, v.Action); return nil }, nothing)
	if err != nil || fmt.Sprint(got) != "[600 601 602 603 604 605 606 607 608 609 610]" {
		t.Errorf("%v, %v", got, err)
	}
}

func TestEventsAreFollowed(t *testing.T) {
	e := eventEngine(t)
	e.happens(t, "old", time.Now().Add(-time.Hour))
	other, err := state.Open(e.Dir) // as another process has it
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	ready, got, done := make(chan bool, 100), make(chan string), make(chan error, 1)
	why := errors.New("why")
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		done <- e.FollowEvents(ctx, EventQuery{}, func(v state.Event) error { got <- v.Action; return nil },
			func() error { ready <- true; return nil })
	}()
	<-ready
	for _, action := range []string{"one", "two", "three"} {
		if err := other.AddEvent(state.Event{Action: action, Subject: "x"}); err != nil {
			t.Fatal(err)
		}
		if seen := <-got; seen != action {
			t.Errorf("%q, want %q", seen, action)
		}
	}
	cancel(why)
	if err := <-done; err != why {
		t.Errorf("%v", err)
	}
}

func TestEventsEndWithAnError(t *testing.T) {
	e := eventEngine(t)
	e.happens(t, "one", time.Now().Add(-time.Minute))
	stop := errors.New("stop")
	q := EventQuery{Since: time.Now().Add(-time.Hour)}
	if err := e.FollowEvents(t.Context(), q, func(state.Event) error { return stop }, nothing); err != stop {
		t.Error(err)
	}
	if err := e.FollowEvents(t.Context(), q, func(state.Event) error { return nil }, func() error { return stop }); err != stop {
		t.Error(err)
	}
}
