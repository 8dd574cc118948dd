package container

import (
	"context"
	"time"

	"pocket/runtime/internal/watch"
	"pocket/runtime/state"
)

// EventQuery chooses events by their time.
type EventQuery struct {
	Since time.Time // zero: only those that are still to come
	Until time.Time // zero: without end; the following ends then
}

// eventBatch is how many events are read at once.
const eventBatch = 500

// FollowEvents calls each for the events that q chooses, the oldest first, and goes on with those that
// happen until q.Until or until ctx has ended, whose cause is then returned. idle is called each time when
// all there are have been given. An error of either ends it.
func (e *Engine) FollowEvents(ctx context.Context, q EventQuery, each func(state.Event) error, idle func() error) error {
	// Changes come to the database's files in its folder; watched before the first look, so that none
	// happens unseen in between.
	w, err := watch.Open(e.Dir)
	if err != nil {
		return err
	}
	defer w.Close()
	began := time.Now()
	since := q.Since
	if since.IsZero() {
		since = began
	}
	last := int64(0)
	for {
		over := !q.Until.IsZero() && !time.Now().Before(q.Until)
		if last, err = e.eventsAfter(last, since, q.Until, each); err != nil {
			return err
		}
		if err := idle(); err != nil || over {
			return err
		}
		if err := w.Wait(ctx); err != nil {
			return err
		}
	}
}

// eventsAfter gives the events with an ID above last that happened in the given time, and returns the last ID
// seen.
func (e *Engine) eventsAfter(last int64, since, until time.Time, each func(state.Event) error) (int64, error) {
	for {
		list, err := e.DB.Events(last, eventBatch)
		if err != nil {
			return last, err
		}
		for _, event := range list {
			last = event.ID
			if event.Time.Before(since) || !until.IsZero() && event.Time.After(until) {
				continue
			}
			if err := each(event); err != nil {
				return last, err
			}
		}
		if len(list) < eventBatch {
			return last, nil
		}
	}
}
